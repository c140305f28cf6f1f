"""What learning classes needs of a network: class maps, locations, early layers that stay.

Losses on these are in :mod:`relook.training.losses.locations`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from relook.core.errors import UsageError
from relook.networks.classifier import FcnClassifier
from relook.networks.pooling import TopK, affine, l2
from relook.networks.pooling.top_k import Located
from relook.networks.retrieval import RetrievalNetwork

__all__ = ["class_maps", "class_scores", "layers_before", "locate", "photo_map", "rescaled"]


def rescaled(pixels: Tensor, scale: float, *, least: int = 1) -> Tensor:
    """``(B, H, W, 3)`` uint8 at another scale, averaged where it shrinks.

    Args:
        pixels: of the pictures.
        scale: what both sides are multiplied by.
        least: pixels that the shorter side keeps, so that a network can take it; the pictures keep
            their proportions.

    Raises:
        UsageError: the scale is not above 0.
    """
    if not (scale > 0 and math.isfinite(scale)):
        raise UsageError(f"a scale must be above 0, not {scale}")
    height, width = pixels.shape[1:3]
    scale = max(scale, least / min(height, width))
    size = (max(least, round(height * scale)), max(least, round(width * scale)))
    if size == (height, width):
        return pixels
    resized = interpolate(pixels.permute(0, 3, 1, 2).float(), size, mode="bilinear", antialias=True)
    return resized.round().clamp(0, 255).to(pixels.dtype).permute(0, 2, 3, 1)


def class_scores(network: RetrievalNetwork, maps: Tensor) -> Tensor:
    """The ``(B, K, h, w)`` class map that a network with classes makes of its ``(B, C, h, w)`` map.

    Raises:
        UsageError: the network has no classes.
    """
    if isinstance(network, FcnClassifier):
        return network.pooled(maps)
    if isinstance(network.pool, TopK):
        return network.pool.scores(maps)
    raise UsageError('this network has no classes; give it the pooling "top_k"')


def class_maps(
    network: RetrievalNetwork, pixels: Tensor, *, scales: Sequence[float] = (1.0,)
) -> tuple[Tensor, ...]:
    """The class maps of pictures at several scales: one ``(B, K, h, w)`` for each.

    Args:
        network: with classes, an :class:`FcnClassifier` or one with the pooling ``top_k``.
        pixels: ``(B, H, W, 3)`` uint8.
        scales: of the pixels.

    Raises:
        UsageError: the network has no classes, or a scale is not above 0.
    """
    least = int(getattr(network, "smallest", network.backbone.smallest))
    return tuple(
        class_scores(network, network.mapped(rescaled(pixels, scale, least=least)))
        for scale in scales
    )


def photo_map(
    network: FcnClassifier, pixels: NDArray[np.uint8], *, side: int = 448, longest: int = 2048
) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """What a classifier says of one photo, ``(K, h, w)``, and the width and height it saw.

    Args:
        network: in evaluation mode.
        pixels: ``(H, W, 3)`` RGB.
        side: of the shorter side in pixels; several locations each way for networks of stride 32.
        longest: most pixels of the longer side.
    """
    scale = min(side / min(pixels.shape[:2]), longest / max(pixels.shape[:2]))
    with torch.inference_mode():
        batch = rescaled(torch.from_numpy(pixels.copy())[None], scale, least=network.smallest)
        scores = network(batch)[0].float().numpy()
    return scores, (batch.shape[2], batch.shape[1])


def locate(network: RetrievalNetwork, maps: Tensor) -> Located:
    """The most active locations of ``(B, C, h, w)`` maps, and the finished vectors.

    Raises:
        UsageError: the network has another pooling than ``top_k``.
    """
    if not isinstance(network.pool, TopK):
        raise UsageError('locations are those of the pooling "top_k"')
    found = network.pool.locate(maps)
    vectors = l2(found.vectors)
    if network.whiten is not None:
        vectors = l2(affine(vectors, network.whiten))
    return found._replace(vectors=vectors)


def layers_before(network: nn.Module, layer: str) -> tuple[str, ...]:
    """The layers that come before one, in the order in which they are defined: what to freeze.

    Each is the shortest name that holds none of the rest. Early layers see edges and textures,
    which other pictures have too (Yosinski et al. 2014); museum guides are trained from the last
    convolution (AlexNet) or the last three blocks (ResNets) on.

    Args:
        network: whose layers.
        layer: dotted name of the first layer that is to learn; ``backbone.`` may be left out.

    Raises:
        UsageError: there is no such layer.
    """
    names = [name for name, _ in network.named_modules() if name]
    first = next((name for name in (layer, f"backbone.{layer}") if name in names), None)
    if first is None:
        near = ", ".join(names[:8])
        raise UsageError(f"there is no layer {layer!r}; it has {near}, …")
    found: list[str] = []
    for name in names:
        if name == first:
            break
        holds = first.startswith(f"{name}.")
        held = any(name.startswith(f"{other}.") for other in found)
        if not holds and not held and any(True for _ in network.get_submodule(name).parameters()):
            found.append(name)
    return tuple(found)
