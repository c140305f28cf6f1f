"""Corners of the Harris measure at the scales at which the Laplacian is strongest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled
from relook.features.affine.pyramid import blur
from relook.features.affine.scale_space import LEVELS, Octave, octaves

__all__ = ["find_corners"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

TRACE = np.float32(0.04)
"""Harris's constant: how much an edge counts against a corner."""
INTEGRATION = 2.0**0.5
"""Blur of the second moments, in that of the gradients."""


def find_corners(gray: Float32, *, contrast: float) -> Float32:
    """Maxima of det M - 0.04 tr² M within a level that have a peak of σ² |∇²L| over levels.

    Args:
        gray: ``(H, W)`` from 0 to 1.
        contrast: smallest response, the fourth root of the measure.

    Returns:
        ``(N, 4)`` float32: x, y and scale in pixels, response.

    Source: Harris, Stephens, "A combined corner and edge detector", AVC 1988; Mikolajczyk,
    Schmid, IJCV 2004, section 3 (the quick variant: no search along the scale).
    """
    found = [np.zeros((0, 4), np.float32)]
    for octave in octaves(gray):
        laplacians = np.zeros_like(octave.levels)
        for level, sigma in enumerate(octave.sigmas):
            _laplacian(octave.levels[level], np.float32(sigma**2), laplacians[level])
        for level in range(1, len(octave.levels) - 1):
            measure = _measure(octave, level)
            points = _find_peaks(measure, laplacians[level - 1 : level + 2], contrast**4)
            points[:, :2] *= octave.step
            points[:, 2] = octave.sigmas[level] * 2 ** (points[:, 2] / LEVELS) * octave.step
            points[:, 3] **= 0.25
            found.append(points.astype(np.float32))
    return np.concatenate(found)


def _measure(octave: Octave, level: int) -> Float32:
    """The corner measure of a level, of gradients that are normalized by the scale."""
    sigma = float(octave.sigmas[level])
    products = np.zeros((3, *octave.levels[level].shape), np.float32)
    _multiply(octave.levels[level], np.float32(0.25 * sigma**2), products)
    xx, xy, yy = (blur(product, INTEGRATION * sigma) for product in products)
    trace = xx + yy
    return np.asarray(xx * yy - xy * xy - TRACE * trace * trace, np.float32)


@compiled(fastmath=frozenset({"contract"}))
def _multiply(picture: Float32, factor: np.float32, out: Float32) -> None:
    """gx², gx gy, gy² of the inside."""
    for row in range(1, picture.shape[0] - 1):
        up, here, down = picture[row - 1], picture[row], picture[row + 1]
        for column in range(1, picture.shape[1] - 1):
            gx, gy = here[column + 1] - here[column - 1], down[column] - up[column]
            out[0, row, column] = factor * gx * gx
            out[1, row, column] = factor * gx * gy
            out[2, row, column] = factor * gy * gy


@compiled(fastmath=frozenset({"contract"}))
def _laplacian(picture: Float32, factor: np.float32, out: Float32) -> None:
    """σ² |∇²L| of the inside."""
    four = np.float32(4)
    for row in range(1, picture.shape[0] - 1):
        up, here, down = picture[row - 1], picture[row], picture[row + 1]
        for column in range(1, picture.shape[1] - 1):
            around = here[column - 1] + here[column + 1] + up[column] + down[column]
            out[row, column] = factor * abs(around - four * here[column])


@compiled()
def _find_peaks(measure: Float32, laplacians: Float32, least: float) -> Float64:
    """x, y, level from that of the middle, and measure, ``(N, 4)``."""
    height, width = measure.shape
    found = np.empty((1024, 4))
    count = 0
    for row in range(2, height - 2):
        for column in range(2, width - 2):
            value = measure[row, column]
            if not value > least or not _is_peak(measure, row, column):
                continue
            below, here, above = laplacians[:, row, column]
            if not (here > below and here >= above):
                continue
            if count == len(found):
                found = np.concatenate((found, np.empty_like(found)))
            found[count, 0], found[count, 1] = _vertex(measure, row, column)
            found[count, 2] = 0.5 * (below - above) / (below - 2 * here + above)
            found[count, 3] = value
            count += 1
    return found[:count]


@compiled()
def _is_peak(measure: Float32, row: int, column: int) -> bool:
    """Above the 4 neighbors before it and not below the 4 after it."""
    value = measure[row, column]
    before = True
    for j in range(row - 1, row + 2):
        for k in range(column - 1, column + 2):
            if j == row and k == column:
                before = False
                continue
            if measure[j, k] > value or (before and measure[j, k] == value):
                return False
    return True


@compiled()
def _vertex(measure: Float32, row: int, column: int) -> tuple[float, float]:
    """Vertex (x, y) of the paraboloid around a peak, at most a pixel away."""
    m = measure[row - 1 : row + 2, column - 1 : column + 2]
    gx, gy = 0.5 * (m[1, 2] - m[1, 0]), 0.5 * (m[2, 1] - m[0, 1])
    xx, yy = m[1, 2] - 2 * m[1, 1] + m[1, 0], m[2, 1] - 2 * m[1, 1] + m[0, 1]
    xy = 0.25 * (m[2, 2] - m[2, 0] - m[0, 2] + m[0, 0])
    area = np.float64(xx) * yy - np.float64(xy) * xy
    if not area > 0:
        return float(column), float(row)
    dx, dy = (xy * gy - yy * gx) / area, (xy * gx - xx * gy) / area
    return column + min(max(dx, -1.0), 1.0), row + min(max(dy, -1.0), 1.0)
