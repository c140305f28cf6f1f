"""Fixed variants of a picture: mirrored, cropped, turned, sheared, tilted.

Described one by one, they give an image several descriptors, as scales do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ImageError, UsageError

__all__ = ["VARIANTS", "make_variants"]

UInt8 = NDArray[np.uint8]
Float64 = NDArray[np.float64]
Variant = Callable[[UInt8], UInt8]

SHARE = 0.75
"""Of each side, in a crop."""
ANGLE = np.radians(15.0)
SHEAR = 0.2
"""By how much of its height (its width) a picture is pushed aside (up or down)."""
TILT = 0.25
"""By how much the side that is farther away is shorter."""


def make_variants(pixels: UInt8, names: Sequence[str]) -> list[UInt8]:
    """Variants of a picture, one for each name.

    Args:
        pixels: ``(H, W, 3)`` uint8 RGB.
        names: keys of :data:`VARIANTS`, in any order; the same name may come twice.

    Returns:
        ``(h, w, 3)`` uint8 each, of the picture's size but for crops. None shares memory with it.

    Raises:
        UsageError: no such variant; the message lists them.
        ShapeError: no ``(H, W, 3)`` uint8 pixels.
        ImageError: a picture without pixels.
    """
    check_array("pixels", pixels, shape=(None, None, 3), dtype=np.uint8)
    if not pixels.size:
        raise ImageError("a picture without pixels has no variants")
    for name in names:
        if name not in VARIANTS:
            raise UsageError(f"there is no variant {name!r}; choose from {', '.join(VARIANTS)}")
    return [VARIANTS[name](pixels) for name in names]


def _flip(pixels: UInt8) -> UInt8:
    return pixels[:, ::-1].copy()


def _crop(pixels: UInt8, *, x: float, y: float) -> UInt8:
    """A window whose place is given as a share of what it leaves: 0 is left or top, 1 the end."""
    height, width = pixels.shape[:2]
    tall, wide = max(1, round(SHARE * height)), max(1, round(SHARE * width))
    top, left = round(y * (height - tall)), round(x * (width - wide))
    return pixels[top : top + tall, left : left + wide].copy()


def _rotate(pixels: UInt8, *, angle: float) -> UInt8:
    """Turn around the center; a positive angle turns what is seen clockwise, as y points down."""
    sine, cosine = np.sin(angle), np.cos(angle)
    return _warp(pixels, np.array([(cosine, -sine, 0), (sine, cosine, 0), (0, 0, 1.0)]))


def _shear(pixels: UInt8, *, x: float = 0.0, y: float = 0.0) -> UInt8:
    """Push the lower edge to the right by ``x`` heights, or the right edge down by ``y`` widths."""
    return _warp(pixels, np.array([(1, x, 0), (y, 1, 0), (0, 0, 1.0)]))


def _tilt(pixels: UInt8, *, x: float = 0.0, y: float = 0.0) -> UInt8:
    """As seen at an angle: an edge gets shorter, the right one for positive x, the lower for y."""
    height, width = pixels.shape[:2]
    # Depth along the axis; at the far edge it is 1 / (1 - TILT) of what it is at the near one.
    slope = TILT / (2 - TILT)
    return _warp(
        pixels,
        np.array([(1, 0, 0), (0, 1, 0), (2 * slope * x / width, 2 * slope * y / height, 1.0)]),
    )


def _warp(pixels: UInt8, matrix: Float64) -> UInt8:
    """Move what is at p, from the center of the picture, to ``matrix`` p; mirrored beyond edges."""
    height, width = pixels.shape[:2]
    center = np.array([(1, 0, (width - 1) / 2), (0, 1, (height - 1) / 2), (0, 0, 1.0)])
    warped = cv2.warpPerspective(
        pixels,
        center @ matrix @ np.linalg.inv(center),
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(warped, np.uint8)


VARIANTS: dict[str, Variant] = {
    "original": lambda pixels: pixels.copy(),
    "flip": _flip,
    "crop-center": partial(_crop, x=0.5, y=0.5),
    "crop-left-top": partial(_crop, x=0, y=0),
    "crop-right-top": partial(_crop, x=1, y=0),
    "crop-left-bottom": partial(_crop, x=0, y=1),
    "crop-right-bottom": partial(_crop, x=1, y=1),
    "rotate+15": partial(_rotate, angle=ANGLE),
    "rotate-15": partial(_rotate, angle=-ANGLE),
    "shear+x": partial(_shear, x=SHEAR),
    "shear-x": partial(_shear, x=-SHEAR),
    "shear+y": partial(_shear, y=SHEAR),
    "shear-y": partial(_shear, y=-SHEAR),
    "tilt+x": partial(_tilt, x=1),
    "tilt-x": partial(_tilt, x=-1),
    "tilt+y": partial(_tilt, y=1),
    "tilt-y": partial(_tilt, y=-1),
}
"""Variants by name."""
