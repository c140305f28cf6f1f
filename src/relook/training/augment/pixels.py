"""What views and single augmentations do to pixels, each the fastest way that OpenCV has."""

from __future__ import annotations

import math
from functools import cache
from typing import TypeVar

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

__all__ = ["add_noise", "blur", "compress", "shrink", "warp", "warp_onto"]

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Pixels = TypeVar("Pixels", UInt8, Float32)

_NOISE = 1 << 20


def shrink(pixels: UInt8, factor: float) -> UInt8:
    """Shrink to ``factor`` times each side, at least one pixel, without aliasing.

    Halved as often as possible, which is much faster than averaging areas at once; an odd row or
    column at the end is left out then.
    """
    while factor <= 0.5 and min(pixels.shape[:2]) > 1:
        height, width = (side // 2 for side in pixels.shape[:2])
        even = pixels[: 2 * height, : 2 * width]
        pixels = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
        factor *= 2
    if factor >= 1:
        return pixels
    size = [max(1, round(side * factor)) for side in pixels.shape[1::-1]]
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def blur(pixels: Pixels, sigma: float) -> Pixels:
    """Convolve with a Gaussian of ``sigma`` pixels, cut at three; mirrored beyond the edges."""
    kernel = cv2.getGaussianKernel(2 * math.ceil(3 * sigma) + 1, sigma, cv2.CV_32F)
    return np.asarray(cv2.sepFilter2D(pixels, -1, kernel, kernel), pixels.dtype)


def warp(pixels: UInt8, matrix: Float64, size: tuple[int, int]) -> UInt8:
    """Move (x, y) to ``matrix`` (x, y) in a picture of (width, height); mirrored beyond edges."""
    seen = _warped(pixels, matrix, size, cv2.BORDER_REFLECT_101)
    return np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB), np.uint8)


def warp_onto(pixels: UInt8, matrix: Float64, back: UInt8) -> UInt8:
    """Move (x, y) to ``matrix`` (x, y) in the picture ``back``, which is seen beyond the edges.

    Edges are blended, as a camera averages within a pixel.
    """
    seen = _warped(pixels, matrix, (back.shape[1], back.shape[0]), cv2.BORDER_CONSTANT)
    alpha = cv2.bitwise_not(cv2.extractChannel(seen, 3))
    beyond = cv2.multiply(back, cv2.merge((alpha, alpha, alpha)), scale=1 / 255)
    # Colors are already weighted: they were interpolated with the black of nothing.
    return np.asarray(cv2.add(cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB), beyond), np.uint8)


def _warped(pixels: UInt8, matrix: Float64, size: tuple[int, int], border: int) -> UInt8:
    # OpenCV warps four channels twice as fast as three.
    opaque = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
    seen = cv2.warpPerspective(opaque, matrix, size, flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(seen, np.uint8)


def add_noise(values: Float32, sigma: float, rng: np.random.Generator) -> Float32:
    """Add normal noise of standard deviation ``sigma`` to every value.

    Cut from one fixed field of noise at a random place with a random sign: drawing it anew would
    cost more than the rest of a view.
    """
    places = values.size
    start = int(rng.integers(max(1, _NOISE - places)))
    part = _noise()[start : start + places]
    if part.size < places:
        part = np.resize(part, places)
    signed = sigma * (1 if rng.random() < 0.5 else -1)
    added = cv2.scaleAdd(part, signed, np.ascontiguousarray(values).reshape(-1))
    return np.asarray(added, np.float32).reshape(values.shape)


def compress(pixels: UInt8, quality: int) -> UInt8:
    """Write as JPEG of this quality, with halved colors as cameras do, and read again."""
    content = simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, "RGB", "420")
    return np.asarray(simplejpeg.decode_jpeg(content, "RGB"), np.uint8)


@cache
def _noise() -> Float32:
    field = np.random.default_rng(0).standard_normal(_NOISE, np.float32)
    field.setflags(write=False)
    return field
