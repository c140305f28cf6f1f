"""Which way features point: the peaks of the histogram of gradients around each."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.features.corner_response import gaussian

__all__ = ["dominant_angles"]

Float32 = NDArray[np.float32]

BINS = 36
SPREAD = 1.5
"""σ of the window, times the scale."""
SHARE = 0.8
"""Peaks of at least this share of the highest count."""


def dominant_angles(
    gray: Float32, points: NDArray[np.floating], *, sigma: float
) -> tuple[NDArray[np.int64], Float32]:
    """The dominant directions of gradients around points of one scale.

    Args:
        gray: ``(H, W)`` levels.
        points: ``(N, 2)`` (x, y).
        sigma: the scale, in pixels.

    Returns:
        ``(M,)`` rows of ``points``, not decreasing and each at least once, and ``(M,)`` radians
        from 0 to 2π: the x axis is 0, the y axis, which is down, π/2.

    Source: Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004, section 5.
    """
    histograms = _smooth(_histograms(gaussian(gray, sigma), points, sigma=sigma))
    before, after = np.roll(histograms, 1, axis=1), np.roll(histograms, -1, axis=1)
    highest = histograms.max(axis=1, keepdims=True)
    # Equal neighbors count once, so that every point has a peak.
    peaks = (histograms >= before) & (histograms > after) & (histograms >= SHARE * highest)
    peaks[~peaks.any(axis=1), 0] = True
    rows, bins = np.nonzero(peaks)
    left, here, right = before[rows, bins], histograms[rows, bins], after[rows, bins]
    bend = left - 2 * here + right
    offset = np.where(bend < 0, 0.5 * (left - right) / np.where(bend < 0, bend, 1), 0.0)
    angles = ((bins + offset) * (2 * np.pi / BINS)) % (2 * np.pi)
    return rows, angles.astype(np.float32)


def _histograms(
    smooth: Float32, points: NDArray[np.floating], *, sigma: float
) -> NDArray[np.float64]:
    """``(N, BINS)``, each gradient by its magnitude and its nearness."""
    height, width = smooth.shape
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=1)
    step = max(1, int(sigma / 1.5))
    reach = int(np.ceil(3 * SPREAD * sigma / step))
    steps = step * np.arange(-reach, reach + 1)
    away = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    center = np.rint(points).astype(np.int64)
    x, y = np.moveaxis(center[:, None] + away, -1, 0)
    inside = (x > 0) & (x < width - 1) & (y > 0) & (y < height - 1)
    row, _ = np.nonzero(inside)
    x, y = x[inside], y[inside]
    gx, gy = across[y, x], down[y, x]
    squared = (x - points[row, 0]) ** 2 + (y - points[row, 1]) ** 2
    weight = np.hypot(gx, gy) * np.exp(-squared / (2 * (SPREAD * sigma) ** 2))
    place = np.rint(np.arctan2(gy, gx) * (BINS / (2 * np.pi))).astype(np.int64) % BINS
    counts = np.bincount(row * BINS + place, weight, minlength=len(points) * BINS)
    return counts.astype(np.float64).reshape(-1, BINS)


def _smooth(histograms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted by 1, 4, 6, 4, 1 around the circle."""
    near = np.roll(histograms, 1, axis=1) + np.roll(histograms, -1, axis=1)
    far = np.roll(histograms, 2, axis=1) + np.roll(histograms, -2, axis=1)
    smooth: NDArray[np.float64] = (6 * histograms + 4 * near + far) / 16
    return smooth
