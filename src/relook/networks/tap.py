"""Feature maps of an inner layer: earlier ones see finer detail than the last."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from relook.core.errors import ShapeError, UsageError
from relook.networks.backbones import Backbone

__all__ = ["tap", "tapped_channels"]


def tap(backbone: Backbone, layer: str, pictures: Tensor) -> Tensor:
    """The ``(B, C, h, w)`` output of ``layer`` for ``(B, 3, H, W)`` normalized pictures.

    Args:
        backbone: whose layer it is.
        layer: dotted name of a module as in the state's keys, such as ``features.14.conv.0``.
        pictures: what the backbone takes.

    Raises:
        UsageError: the backbone has no such layer.
        ShapeError: the pictures are too small, or the layer gives no map.
    """
    module = _layer(backbone, layer)
    kept: list[Tensor] = []
    handle = module.register_forward_hook(lambda _, __, output: kept.append(output))
    try:
        backbone(pictures)
    finally:
        handle.remove()
    if not kept or kept[-1].ndim != 4:
        raise ShapeError(f"{layer} of {backbone.name} gives no feature map; take another layer")
    # Networks with SAME padding work on the picture turned by 180°.
    return kept[-1].flip(2, 3) if backbone.padding == "same" else kept[-1]


def tapped_channels(backbone: Backbone, layer: str) -> int:
    """Channels of a layer's map.

    Raises:
        UsageError: the backbone has no such layer.
    """
    training = backbone.training
    side = backbone.smallest
    try:
        with torch.no_grad():
            channels = tap(backbone.eval(), layer, torch.zeros(1, 3, side, side)).shape[1]
    finally:
        backbone.train(training)
    return int(channels)


def _layer(backbone: Backbone, layer: str) -> nn.Module:
    try:
        return backbone.get_submodule(layer)
    except AttributeError as error:
        begin = layer.rpartition(".")[0]
        names = [name for name, _ in backbone.named_modules() if name]
        near = [name for name in names if name.startswith(begin)] or names
        raise UsageError(
            f"{backbone.name} has no layer {layer!r}; it has {', '.join(near[:8])}, …"
        ) from error
