"""One picture at several sizes, the smaller ones made from one another."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["pyramid", "resample"]

UInt8 = NDArray[np.uint8]
Size = tuple[int, int]

_ALIASING = 0.8
"""Above this factor interpolation between neighbors is as good as averaging, and much faster."""


def pyramid(pixels: UInt8, sizes: Sequence[Size]) -> tuple[UInt8, ...]:
    """Bring ``(H, W, 3)`` pixels to each (width, height); no level is made from an enlarged one.

    Returns:
        In the order of ``sizes``.
    """
    levels: dict[Size, UInt8] = {}
    for size in sorted(set(sizes), reverse=True, key=lambda size: size[0] * size[1]):
        levels[size] = resample(pixels, size)
        height, width = pixels.shape[:2]
        if size[0] <= width and size[1] <= height:
            pixels = levels[size]
    return tuple(levels[size] for size in sizes)


def resample(pixels: UInt8, size: Size) -> UInt8:
    """Resize ``(H, W, 3)`` pixels to (width, height) with x' = (x + .5) s - .5.

    A side that gets shorter is averaged, one that gets longer is interpolated linearly.
    """
    height, width = pixels.shape[:2]
    smaller = (min(width, size[0]), min(height, size[1]))
    if smaller != (width, height):
        # OpenCV averages only where both sides shrink: where one grows, it comes second.
        mild = smaller[0] > _ALIASING * width and smaller[1] > _ALIASING * height
        method = cv2.INTER_LINEAR if mild else cv2.INTER_AREA
        pixels = np.asarray(cv2.resize(pixels, smaller, interpolation=method), np.uint8)
    if smaller != size:
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return pixels
