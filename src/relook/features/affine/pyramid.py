"""The picture at halved sizes, as sharp at each as the camera gave it, to sample patches from."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled

__all__ = ["CAMERA_BLUR", "Pyramid", "blur", "level_of", "make_pyramid", "sample"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

CAMERA_BLUR = 0.5
"""Standard deviation in pixels of the blur that a picture is taken to have already."""
SMALLEST = 8
"""Pixels of the shorter side at which halving ends."""


class Pyramid(NamedTuple):
    """Levels one after another in one flat array; level i is halved i times.

    The pixel (x, y) of level i lies at (2^i x, 2^i y) of the picture.

    Attributes:
        pixels: float32 levels, rows of all of them in order.
        starts: ``(levels,)`` where each begins.
        widths: ``(levels,)``.
        heights: ``(levels,)``.
    """

    pixels: Float32
    starts: Int64
    widths: Int64
    heights: Int64


def blur(picture: Float32, sigma: float) -> Float32:
    """Gaussian blur, the kernel cut at three standard deviations and more."""
    side = 2 * int(np.ceil(3 * sigma)) + 1
    blurred = cv2.GaussianBlur(picture, (side, side), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, np.float32)


def make_pyramid(gray: Float32) -> Pyramid:
    """Halve ``(H, W)`` levels until they are small; each has the camera's blur again."""
    levels = [np.ascontiguousarray(gray)]
    rest = np.sqrt((2 * CAMERA_BLUR) ** 2 - CAMERA_BLUR**2)
    while min(levels[-1].shape) >= 2 * SMALLEST:
        levels.append(np.ascontiguousarray(blur(levels[-1], rest)[::2, ::2]))
    sizes = np.array([level.size for level in levels], np.int64)
    return Pyramid(
        np.concatenate([level.ravel() for level in levels]),
        np.cumsum(sizes) - sizes,
        np.array([level.shape[1] for level in levels], np.int64),
        np.array([level.shape[0] for level in levels], np.int64),
    )


@compiled()
def level_of(pyramid: Pyramid, step: float) -> int:
    """The level at which a step is one to two pixels long.

    Sharper than the step, because its blur is round where a region is not.
    """
    level = int(np.floor(np.log2(max(step, 1e-9))))
    return min(max(level, 0), len(pyramid.starts) - 1)


@compiled()
def sample(
    pyramid: Pyramid,
    level: int,
    center: tuple[float, float],
    step: tuple[float, float, float, float],
    out: Float32,
) -> None:
    """Fill a square ``out`` around ``center``: columns step along (xx, yx), rows along (xy, yy).

    Bilinear; what lies outside of the picture continues its edge.

    Args:
        pyramid: of the picture.
        level: the one to read.
        center: (x, y) in pixels of the picture.
        step: xx, xy, yx, yy, the matrix from steps of ``out`` to pixels of the picture.
        out: ``(n, n)`` with n odd.
    """
    xx, xy, yx, yy = step
    shrink = 0.5**level
    width, height = pyramid.widths[level], pyramid.heights[level]
    start = pyramid.starts[level]
    pixels = pyramid.pixels[start : start + width * height]
    middle = len(out) // 2
    dx, dy = np.float32(xx * shrink), np.float32(yx * shrink)
    right, bottom = np.float32(width - 1), np.float32(height - 1)
    zero, last = np.float32(0), len(pixels) - 1
    for row in range(len(out)):
        x0 = np.float32(center[0] * shrink + (row - middle) * xy * shrink) - middle * dx
        y0 = np.float32(center[1] * shrink + (row - middle) * yy * shrink) - middle * dy
        for column in range(len(out)):
            x = min(max(x0 + np.float32(column) * dx, zero), right)
            y = min(max(y0 + np.float32(column) * dy, zero), bottom)
            i, j = np.int32(x), np.int32(y)
            u, v = x - np.float32(i), y - np.float32(j)
            at = j * width + i
            next_row = min(at + width, last)
            upper = pixels[at] + u * (pixels[min(at + 1, last)] - pixels[at])
            lower = pixels[next_row] + u * (pixels[min(next_row + 1, last)] - pixels[next_row])
            out[row, column] = upper + v * (lower - upper)
