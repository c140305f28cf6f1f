"""A retrieval network: pixels in, one normalized vector per picture out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from relook.core.errors import FormatError, ShapeError, UsageError
from relook.networks import backbones
from relook.networks.backbones import Backbone
from relook.networks.pooling import affine, l2, make_pooling, widen
from relook.networks.spec import NetworkSpec
from relook.networks.tap import tap, tapped_channels

__all__ = ["RetrievalNetwork"]

State = Mapping[str, NDArray[Any] | Tensor]


class RetrievalNetwork(nn.Module):
    """Normalization, backbone, pooling, l2, and a whitening layer with another l2.

    The state has the keys ``backbone.…`` as torchvision names them, ``pool.…``, and
    ``whiten.weight`` and ``whiten.bias`` where the spec asks for whitening. Weights are random
    until a state is loaded; :meth:`from_state` does both.

    Args:
        spec: what the network is.
        backbone: used in place of the one that the spec names.

    Attributes:
        spec: the same.
        dims: D, the length of a vector; channels of the map where there is no pooling.
        is_regional: it gives ``(B, R, D)``.
        is_dynamic: an exported graph is right for pictures of every size.

    Raises:
        UsageError: no such backbone or pooling, or options that they do not have.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, spec: NetworkSpec, *, backbone: Backbone | None = None) -> None:
        super().__init__()
        if spec.whitening and not spec.pooling:
            raise UsageError("whitening needs a pooling: it is applied to vectors, not to the map")
        self.spec = spec
        self.backbone = backbone or backbones.make_backbone(spec.backbone, padding=spec.padding)
        self.pool = None
        self.dims = self.backbone.channels
        if spec.layer:
            self.dims = tapped_channels(self.backbone, spec.layer)
        self.is_regional, self.is_dynamic = False, True
        if spec.pooling:
            self.pool = make_pooling(spec.pooling, channels=self.dims, **(spec.options or {}))
            self.dims = self.pool.dims
            self.is_regional, self.is_dynamic = self.pool.is_regional, self.pool.is_dynamic
        self.whiten = None
        if spec.whitening:
            self.whiten = nn.Linear(self.dims, spec.whitening)
            self.dims = spec.whitening
        # (x / 255 − mean) / std as one multiplication; no part of the state, the spec has it.
        mean, std = torch.tensor(spec.mean), torch.tensor(spec.std)
        self.register_buffer("scale", (1 / (255 * std))[:, None, None], persistent=False)
        self.register_buffer("shift", (-mean / std)[:, None, None], persistent=False)

    @classmethod
    def from_state(cls, spec: NetworkSpec, state: State) -> Self:
        """The network with these weights, in evaluation mode.

        Raises:
            UsageError: as the constructor.
            FormatError: a tensor is missing, unexpected, of another shape or not finite.
        """
        network = cls(spec)
        parts = _by_part(state)
        backbones.load_state(network.backbone, parts["backbone"])
        for name, part in (("pool", network.pool), ("whiten", network.whiten)):
            _load(name, part or nn.Identity(), parts[name])
        return network.eval()

    def forward(self, images: Tensor) -> Tensor:
        """``(B, H, W, 3)`` uint8 RGB → ``(B, D)``, ``(B, R, D)``, or the ``(B, C, h, w)`` map.

        Vectors are l2-normalized; a zero vector stays zero.

        Raises:
            ShapeError: other pixels than that, or pictures that are too small for the backbone.
        """
        if not torch.compiler.is_compiling():
            _check_pixels(images)
        return self.pooled(self.mapped(images))

    def mapped(self, images: Tensor) -> Tensor:
        """``(B, H, W, 3)`` uint8 RGB → the ``(B, C, h, w)`` map that is pooled."""
        pictures = self.normalize(images)
        layer = self.spec.layer
        maps: Tensor = tap(self.backbone, layer, pictures) if layer else self.backbone(pictures)
        return maps

    def pooled(self, maps: Tensor) -> Tensor:
        """What follows the ``(B, C, h, w)`` map: pooling, l2, whitening."""
        if self.pool is None:
            return widen(maps)
        vectors = l2(self.pool(maps))
        return vectors if self.whiten is None else l2(affine(vectors, self.whiten))

    def normalize(self, images: Tensor) -> Tensor:
        """``(B, H, W, 3)`` uint8 RGB → ``(B, 3, H, W)`` as the backbone takes it."""
        return images.permute(0, 3, 1, 2).to(self.scale.dtype) * self.scale + self.shift


def _check_pixels(images: Tensor) -> None:
    if images.dtype != torch.uint8:
        raise ShapeError(f"images must be uint8 pixels from 0 to 255, not {images.dtype}")
    channels = images.shape[-1] if images.ndim == 4 else 0
    if not isinstance(channels, int):  # while torch traces a graph, lengths are tensors
        return
    if channels != 3:
        raise ShapeError(f"images must be (B, H, W, 3) RGB pixels, not {tuple(images.shape)}")


def _by_part(state: State) -> dict[str, dict[str, NDArray[Any] | Tensor]]:
    """The state of each part, its keys without the part's name."""
    parts: dict[str, dict[str, NDArray[Any] | Tensor]] = {"backbone": {}, "pool": {}, "whiten": {}}
    for key, value in state.items():
        part, _, rest = key.partition(".")
        if part not in parts:
            raise FormatError(
                f"{key} is no weight of a network; keys begin with {', '.join(parts)}"
            )
        parts[part][rest] = value
    return parts


def _load(name: str, module: nn.Module, state: State) -> None:
    """Load one part, all of it or nothing."""
    wanted = module.state_dict()
    missing = ", ".join(f"{name}.{key}" for key in wanted if key not in state)
    unexpected = ", ".join(f"{name}.{key}" for key in state if key not in wanted)
    if missing or unexpected:
        raise FormatError(
            f"the weights were made for another pooling or whitening (missing: {missing or 'none'};"
            f" unexpected: {unexpected or 'none'}); give theirs in the spec"
        )
    tensors = {key: torch.as_tensor(_own(value)) for key, value in state.items()}
    for key, tensor in tensors.items():
        if tensor.shape != wanted[key].shape:
            raise FormatError(
                f"{name}.{key} has shape {tuple(tensor.shape)}, not {tuple(wanted[key].shape)}; "
                "these are weights of another network"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise FormatError(f"{name}.{key} has values that are not finite: the file is damaged")
    module.load_state_dict(tensors)


def _own(value: NDArray[Any] | Tensor) -> NDArray[Any] | Tensor:
    """A copy of what may be mapped read-only, which torch warns of."""
    return value if isinstance(value, Tensor) else np.array(value)
