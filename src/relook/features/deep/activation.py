"""From a feature map to local features: attention, smoothing, where each cell looks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.networks.spec import NetworkSpec

__all__ = ["attention", "centers", "first_center", "rows_of", "smooth"]

Float32 = NDArray[np.float32]


def attention(activations: Float32) -> Float32:
    """The l2 norm of each cell, ``(C, h, w)`` to ``(h, w)`` (Tolias, Jenicek, Chum 2020, 3.2)."""
    squares: Float32 = np.einsum("chw,chw->hw", activations, activations)
    return np.sqrt(squares)


def smooth(activations: Float32) -> Float32:
    """The average over 3 × 3 cells, those within the map only; ``(C, h, w)`` as it came."""
    return _averaged(_averaged(activations, axis=1), axis=2)


def rows_of(activations: Float32) -> Float32:
    """``(C, h, w)`` to ``(h w, C)``, row by row of the map."""
    channels = len(activations)
    return np.ascontiguousarray(activations.reshape(channels, -1).T)


def centers(size: tuple[int, int], *, stride: tuple[float, float], first: float) -> Float32:
    """``(h w, 2)`` (x, y) that the cells of a map of (w, h) look at, in pixels of its picture.

    Args:
        size: (w, h).
        stride: (x, y) pixels from one cell to the next.
        first: where the first cell looks, as a share of the way to the last pixel of its stride.
    """
    axes = [
        np.arange(count) * step + first * (step - 1)
        for count, step in zip(size, stride, strict=True)
    ]
    x, y = np.meshgrid(*axes)
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def first_center(spec: NetworkSpec) -> float:
    """Where the first cell's receptive field is centered, for :func:`centers`.

    Each halving by a 3 × 3 convolution that is padded on both sides keeps the first pixel; padded
    at the end only, as TensorFlow does for even sides, it takes the second; 2 × 2 pooling lies
    between, so that x' = (x + .5) stride − .5.
    """
    if spec.padding == "same" or spec.backbone == "alexnet":
        return 1.0
    if spec.backbone.startswith(_POOLED):
        return 0.5
    return 0.0


_POOLED = ("vgg", "densenet", "googlenet", "inception", "timm/")
"""Backbones that halve by pooling at least in part, and those that nothing is known of."""


def _averaged(values: Float32, *, axis: int) -> Float32:
    """The average of three neighbors along an axis; of two at the ends."""
    total = values.copy()
    ahead = [slice(None)] * values.ndim
    behind = list(ahead)
    ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
    total[tuple(behind)] += values[tuple(ahead)]
    total[tuple(ahead)] += values[tuple(behind)]
    count = np.full(values.shape[axis], 3, np.float32)
    count[0] -= 1
    count[-1] -= 1
    shape = [1] * values.ndim
    shape[axis] = -1
    averaged: Float32 = total / count.reshape(shape)
    return averaged
