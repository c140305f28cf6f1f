"""A network that gives maps of several layers at once, as one row per picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from relook.core.errors import UsageError
from relook.networks.backbones import Backbone
from relook.networks.retrieval import RetrievalNetwork
from relook.networks.tap import tap

__all__ = ["Taps", "stride_of"]


class Taps(nn.Module):
    """``(B, H, W, 3)`` uint8 → ``(B, N)``: the maps of layers, flattened, then the vector.

    Args:
        network: whose layers they are.
        layers: in the order of the rows; empty for the last map.
        vector: the layer that the network's own vector comes from; None: there is none.
    """

    def __init__(
        self, network: RetrievalNetwork, layers: Sequence[str], *, vector: str | None
    ) -> None:
        super().__init__()
        self.network = network
        self.backbone = network.backbone
        self._layers, self._vector = tuple(layers), vector
        for layer in filter(None, {*layers, vector or ""}):
            _find(self.backbone, layer)

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        wanted = {*self._layers, self._vector or ""} - {""}
        kept: dict[str, Tensor] = {}
        # For this call alone: an export copies modules, but not what their hooks write to.
        handles = [
            _find(self.backbone, layer).register_forward_hook(_keeper(kept, layer))
            for layer in wanted
        ]
        try:
            kept[""] = self.backbone(self.network.normalize(images))
        finally:
            for handle in handles:
                handle.remove()
        if self.backbone.padding == "same":  # such networks work on the picture turned by 180°
            kept |= {layer: kept[layer].flip(2, 3) for layer in wanted}
        rows = [kept[layer].flatten(1) for layer in self._layers]
        if self._vector is not None:
            rows.append(self.network.pooled(kept[self._vector]))
        return torch.cat(rows, 1)


def _find(backbone: Backbone, layer: str) -> nn.Module:
    try:
        return backbone.get_submodule(layer)
    except AttributeError as error:
        raise UsageError(f"{backbone.name} has no layer {layer}") from error


def _keeper(kept: dict[str, Tensor], layer: str) -> Callable[[nn.Module, Any, Tensor], None]:
    def keep(module: nn.Module, given: Any, output: Tensor) -> None:
        del module, given
        kept[layer] = output

    return keep


def stride_of(backbone: Backbone, layer: str) -> int:
    """Pixels of the picture from one cell of a layer's map to the next."""
    if not layer:
        return backbone.stride
    side = max(256, 2 * backbone.smallest)
    with torch.no_grad():
        height = tap(backbone, layer, torch.zeros(1, 3, side, side)).shape[2]
    return max(1, round(side / height))
