"""Affine shape: the ellipse in which a picture's gradients are alike in all directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled
from relook.features.affine.pyramid import Pyramid, level_of, sample

__all__ = ["adapt"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

SIDE = 21
"""Samples per side of the window."""
STEP = 0.35
"""Distance of samples, in units of the scale."""
WINDOW = 1.4
"""Standard deviation of the window's weight, in units of the scale."""
ELONGATED = 6.0
"""Largest ratio of the axes."""
ROUND = 0.95
"""Ratio of the axes from which on a normalized region is taken to be round."""


def adapt(pyramid: Pyramid, points: Float32, *, iterations: int) -> Float32:
    """The shapes of blobs or corners.

    The window is stretched by the inverse root of the second moment matrix of its gradients
    until that matrix is round.

    Args:
        pyramid: of the picture.
        points: ``(N, 3 or more)`` x, y, scale.
        iterations: at most so many; what is not round by then is given up.

    Returns:
        ``(N, 2)`` float32 a and b of :class:`~relook.core.records.LocalFeatures`; NaN where the
        region does not settle, or is longer than 6 times its width.

    Source: Baumberg, "Reliable feature matching across widely separated views", CVPR 2000;
    Mikolajczyk, Schmid, "Scale & affine invariant interest point detectors", IJCV 2004, section
    4; without scale selection anew: Perdoch, Chum, Matas, CVPR 2009.
    """
    shapes = np.empty((len(points), 2), np.float32)
    _adapt_all(pyramid, points, _weights(), iterations, shapes)
    return shapes


def _weights() -> Float32:
    """Gaussian weights of the gradients, ``(SIDE - 2, SIDE - 2)``."""
    away = (np.arange(SIDE - 2) - (SIDE - 3) / 2) * (STEP / WINDOW)
    line = np.exp(-0.5 * away**2)
    return np.outer(line, line).astype(np.float32)


@compiled()
def _adapt_all(
    pyramid: Pyramid, points: Float32, weights: Float32, iterations: int, out: Float32
) -> None:
    window = np.empty((SIDE, SIDE), np.float32)
    for row in range(len(points)):
        out[row, 0], out[row, 1] = _adapt(pyramid, points[row], weights, iterations, window)


@compiled()
def _adapt(
    pyramid: Pyramid, point: Float32, weights: Float32, iterations: int, window: Float32
) -> tuple[float, float]:
    xx, xy, yx, yy = 1.0, 0.0, 0.0, 1.0
    step = np.float64(point[2]) * STEP
    center = (np.float64(point[0]), np.float64(point[1]))
    # The same for all shapes, else regions between two levels would not settle.
    level = level_of(pyramid, step)
    for _ in range(iterations):
        sample(pyramid, level, center, (step * xx, step * xy, step * yx, step * yy), window)
        p, q, r = _second_moments(window, weights)
        # √M of M = [[p, q], [q, r]] is a multiple of M + √det M I; its inverse has area 1 here.
        det = p * r - q * q
        if not det > 1e-12 * (p + r) ** 2:
            return np.nan, np.nan
        half = 0.5 * (p + r)
        spread = np.sqrt(max(half * half - det, 0.0))
        ratio = np.sqrt((half - spread) / (half + spread))
        root = np.sqrt(det)
        u, v, w = r + root, -q, p + root
        scale = 1.0 / np.sqrt(u * w - v * v)
        u, v, w = u * scale, v * scale, w * scale
        xx, xy = xx * u + xy * v, xx * v + xy * w
        yx, yy = yx * u + yy * v, yx * v + yy * w
        trace = xx * xx + xy * xy + yx * yx + yy * yy
        if trace > ELONGATED + 1 / ELONGATED:
            return np.nan, np.nan
        if ratio >= ROUND:
            a = np.sqrt(xx * xx + xy * xy)
            return a, (xx * yx + xy * yy) / a
    return np.nan, np.nan


@compiled(fastmath=frozenset({"reassoc", "contract"}))
def _second_moments(window: Float32, weights: Float32) -> tuple[float, float, float]:
    """Weighted sums of gx², gx gy, gy²."""
    xx = xy = yy = np.float32(0)
    for row in range(1, SIDE - 1):
        for column in range(1, SIDE - 1):
            gx = window[row, column + 1] - window[row, column - 1]
            gy = window[row + 1, column] - window[row - 1, column]
            weight = weights[row - 1, column - 1]
            xx += weight * gx * gx
            xy += weight * gx * gy
            yy += weight * gy * gy
    return np.float64(xx), np.float64(xy), np.float64(yy)
