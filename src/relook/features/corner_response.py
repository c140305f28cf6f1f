"""How much of a corner each pixel is, by Moravec, and by Harris and Stephens."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["gaussian", "harris_response", "moravec_response"]

Float32 = NDArray[np.float32]

DERIVATION = 0.7
"""σ of the derivatives, as a share of σ of the window that they are summed in."""
SHIFTS = ((1, 0), (0, 1), (1, 1), (1, -1))
"""(x, y); the opposite ones come of themselves."""


def harris_response(gray: Float32, *, sigma: float = 1.5, k: float = 0.04) -> Float32:
    """The measure det M - k (trace M)², M the second moments of the gradient in a Gaussian window.

    Args:
        gray: ``(H, W)`` levels.
        sigma: of the window, in pixels; derivatives are taken at 0.7 of it.
        k: how much an edge is held against a pixel, below ¼.

    Returns:
        ``(H, W)`` float32 in (gray levels per pixel)⁴: positive at corners, negative at edges.

    Source: Harris, Stephens, "A combined corner and edge detector", Alvey 1988.
    """
    smooth = gaussian(gray, DERIVATION * sigma)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1, scale=0.5)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=1, scale=0.5)
    xx = gaussian(across * across, sigma)
    yy = gaussian(down * down, sigma)
    xy = gaussian(across * down, sigma)
    response: Float32 = xx * yy - xy * xy - np.float32(k) * (xx + yy) ** 2
    return response


def moravec_response(gray: Float32, *, window: int = 5) -> Float32:
    """The least change of a window under a shift by one pixel, to any of its eight neighbors.

    The change is the sum of squared differences over the window. Moravec shifted to four sides;
    all eight make a corner lie where it does in the mirrored picture.

    Args:
        gray: ``(H, W)`` levels.
        window: side in pixels, odd.

    Returns:
        ``(H, W)`` float32 in squared gray levels, 0 where a shifted window leaves the picture.

    Source: Moravec, "Obstacle avoidance and navigation in the real world by a seeing robot rover",
    1980.
    """
    height, width = gray.shape
    margin = window // 2 + 1
    response = np.zeros((height, width), np.float32)
    if min(height, width) <= 2 * margin:
        return response
    inside = response[margin:-margin, margin:-margin]
    inside[:] = np.inf
    for x, y in SHIFTS:
        change = _change(gray, x, y, window)
        for a, b in ((0, 0), (x, y)):  # seen from a neighbor, the shift is the opposite one
            rows = change[margin - b : height - margin - b, margin - a : width - margin - a]
            np.minimum(inside, rows, out=inside)
    return response


def gaussian(gray: Float32, sigma: float) -> Float32:
    """Convolve with a Gaussian that is cut at 4 σ; the picture goes on mirrored."""
    kernel = cv2.getGaussianKernel(2 * int(np.ceil(4 * sigma)) + 1, sigma, cv2.CV_32F)
    out: Float32 = cv2.sepFilter2D(gray, cv2.CV_32F, kernel, kernel).astype(np.float32, copy=False)
    return out


def _change(gray: Float32, x: int, y: int, window: int) -> Float32:
    """Sum of squared differences between the window around each pixel and around (x, y) of it."""
    height, width = gray.shape
    away = np.zeros_like(gray)
    top, bottom, left, right = max(0, -y), height - max(0, y), max(0, -x), width - max(0, x)
    away[top:bottom, left:right] = (
        gray[top + y : bottom + y, left + x : right + x] - gray[top:bottom, left:right]
    )
    squares = away * away
    sums = cv2.boxFilter(squares, cv2.CV_32F, (window, window), normalize=False)
    return np.asarray(sums, np.float32)
