"""Local maxima of a map, to a fraction of a pixel."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["find_peaks", "refine_peaks"]

Float32 = NDArray[np.float32]


def find_peaks(values: Float32, *, radius: int, threshold: float) -> NDArray[np.int64]:
    """Pixels that no other within a square exceeds; of equal ones the first in order of rows.

    Args:
        values: ``(H, W)``.
        radius: half the side of the square, at least 1.
        threshold: peaks lie above it.

    Returns:
        ``(N, 2)`` (x, y), none of them at the border of the map.
    """
    side = 2 * radius + 1
    whole = np.ones((side, side), np.uint8)
    before = whole.copy()
    before.reshape(-1)[side * side // 2 :] = 0
    peaks = values > threshold
    peaks &= values >= cv2.dilate(values, whole)
    peaks &= values > cv2.dilate(values, before)
    peaks[[0, -1]] = False
    peaks[:, [0, -1]] = False
    rows, columns = np.nonzero(peaks)
    return np.stack([columns, rows], axis=1)


def refine_peaks(values: Float32, peaks: NDArray[np.int64]) -> NDArray[np.float64]:
    """The top of the paraboloid through each peak and its neighbors, at most one pixel away.

    Args:
        values: ``(H, W)``.
        peaks: ``(N, 2)`` (x, y), none of them at the border.

    Returns:
        ``(N, 2)``; where the neighbors form no hill, the peak itself.
    """
    x, y = peaks.T
    around = {
        (i, j): values[y + j, x + i].astype(np.float64) for i in (-1, 0, 1) for j in (-1, 0, 1)
    }
    dx = (around[1, 0] - around[-1, 0]) / 2
    dy = (around[0, 1] - around[0, -1]) / 2
    dxx = around[1, 0] - 2 * around[0, 0] + around[-1, 0]
    dyy = around[0, 1] - 2 * around[0, 0] + around[0, -1]
    dxy = (around[1, 1] - around[1, -1] - around[-1, 1] + around[-1, -1]) / 4
    curvature = dxx * dyy - dxy * dxy
    hill = (curvature > 0) & (dxx < 0)
    scale = np.where(hill, curvature, 1.0)
    offset = np.stack([dxy * dy - dyy * dx, dxy * dx - dxx * dy], axis=1) / scale[:, None]
    near = hill & (np.abs(offset) <= 1).all(axis=1)
    return peaks.astype(np.float64) + np.where(near[:, None], offset, 0.0)
