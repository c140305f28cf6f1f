"""Blobs and saddles: extrema of the determinant of the Hessian over position and scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled
from relook.features.affine.scale_space import LEVELS, octaves

__all__ = ["find_blobs", "refine"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

MOVES = 5
"""Steps of one pixel or level before an extremum that moves away is given up."""


def find_blobs(gray: Float32, *, contrast: float, edge: float) -> Float32:
    """Extrema of σ⁴ det H, refined to fractions of a pixel and of a level.

    Args:
        gray: ``(H, W)`` from 0 to 1.
        contrast: smallest response √|σ⁴ det H|; a Gaussian blob has a quarter of its height.
        edge: largest ratio of the two curvatures.

    Returns:
        ``(N, 4)`` float32: x, y and scale in pixels, response.

    Source: Lindeberg, "Feature detection with automatic scale selection", IJCV 1998; the
    refinement: Brown, Lowe, "Invariant features from interest point groups", BMVC 2002.
    """
    found = [np.zeros((0, 4), np.float32)]
    for octave in octaves(gray):
        responses = np.empty_like(octave.levels)
        for level, sigma in enumerate(octave.sigmas):
            _determinant(octave.levels[level], np.float32(sigma**4), responses[level])
        points = _find_extrema(responses, octave.levels, np.float32(contrast**2), edge)
        points[:, :2] *= octave.step
        points[:, 2] = octave.sigmas[0] * 2 ** (points[:, 2] / LEVELS) * octave.step
        found.append(points.astype(np.float32))
    return np.concatenate(found)


@compiled(fastmath=frozenset({"contract"}))
def _determinant(picture: Float32, factor: np.float32, out: Float32) -> None:
    """σ⁴ det H of the inside; the outermost pixels are 0."""
    out[0], out[-1] = 0.0, 0.0
    two, quarter = np.float32(2), np.float32(0.25)
    for row in range(1, picture.shape[0] - 1):
        up, here, down = picture[row - 1], picture[row], picture[row + 1]
        out[row, 0] = out[row, -1] = 0.0
        for column in range(1, picture.shape[1] - 1):
            middle = two * here[column]
            xx = here[column - 1] - middle + here[column + 1]
            yy = up[column] - middle + down[column]
            xy = up[column - 1] - up[column + 1] - down[column - 1] + down[column + 1]
            xy *= quarter
            out[row, column] = factor * (xx * yy - xy * xy)


@compiled()
def _find_extrema(responses: Float32, levels: Float32, least: np.float32, edge: float) -> Float64:
    """x, y, level, and √|response| of the refined extrema, ``(N, 4)``."""
    _, height, width = responses.shape
    found = np.empty((1024, 4))
    count = 0
    for level in range(1, len(responses) - 1):
        for row in range(2, height - 2):
            here = responses[level, row]
            for column in range(2, width - 2):
                value = here[column]
                # Blobs only: maxima of the determinant.
                if value <= least or value <= here[column - 1] or value < here[column + 1]:
                    continue
                if not _is_maximum(responses, level, row, column):
                    continue
                point = refine(responses, level, row, column)
                if not point[3] > least or not _is_round(levels, point, edge):
                    continue
                if count == len(found):
                    found = np.concatenate((found, np.empty_like(found)))
                found[count, 0], found[count, 1], found[count, 2] = point[0], point[1], point[2]
                found[count, 3] = np.sqrt(point[3])
                count += 1
    return found[:count]


@compiled()
def _is_maximum(responses: Float32, level: int, row: int, column: int) -> bool:
    """Above the 13 neighbors before it and not below the 13 after it, so that ties give one."""
    value = responses[level, row, column]
    before = True
    for i in range(level - 1, level + 2):
        for j in range(row - 1, row + 2):
            for k in range(column - 1, column + 2):
                if i == level and j == row and k == column:
                    before = False
                    continue
                other = responses[i, j, k]
                if other > value or (before and other == value):
                    return False
    return True


@compiled()
def refine(
    responses: Float32, level: int, row: int, column: int
) -> tuple[float, float, float, float]:
    """x, y, level and height of the peak; height -1 where there is none."""
    count, height, width = responses.shape
    for _ in range(MOVES):
        r = responses[level - 1 : level + 2, row - 1 : row + 2, column - 1 : column + 2]
        value = np.float64(r[1, 1, 1])
        gx, gy = 0.5 * (r[1, 1, 2] - r[1, 1, 0]), 0.5 * (r[1, 2, 1] - r[1, 0, 1])
        gs = 0.5 * (r[2, 1, 1] - r[0, 1, 1])
        xx, yy = r[1, 1, 2] + r[1, 1, 0] - 2 * value, r[1, 2, 1] + r[1, 0, 1] - 2 * value
        ss = r[2, 1, 1] + r[0, 1, 1] - 2 * value
        xy = 0.25 * (r[1, 2, 2] - r[1, 2, 0] - r[1, 0, 2] + r[1, 0, 0])
        xs = 0.25 * (r[2, 1, 2] - r[2, 1, 0] - r[0, 1, 2] + r[0, 1, 0])
        ys = 0.25 * (r[2, 2, 1] - r[2, 0, 1] - r[0, 2, 1] + r[0, 0, 1])
        det = xx * (yy * ss - ys * ys) - xy * (xy * ss - ys * xs) + xs * (xy * ys - yy * xs)
        if det == 0:
            break
        dx = -((yy * ss - ys * ys) * gx + (xs * ys - xy * ss) * gy + (xy * ys - xs * yy) * gs) / det
        dy = -((xs * ys - xy * ss) * gx + (xx * ss - xs * xs) * gy + (xy * xs - xx * ys) * gs) / det
        ds = -((xy * ys - xs * yy) * gx + (xy * xs - xx * ys) * gy + (xx * yy - xy * xy) * gs) / det
        if abs(dx) <= 0.6 and abs(dy) <= 0.6 and abs(ds) <= 0.6:
            peak = value + 0.5 * (gx * dx + gy * dy + gs * ds)
            return column + dx, row + dy, level + ds, peak
        if not (abs(dx) < 3 and abs(dy) < 3 and abs(ds) < 3):
            break
        column += int(dx > 0.6) - int(dx < -0.6)
        row += int(dy > 0.6) - int(dy < -0.6)
        level += int(ds > 0.6) - int(ds < -0.6)
        inside = 1 <= level < count - 1 and 2 <= row < height - 2 and 2 <= column < width - 2
        if not inside:
            break
    return 0.0, 0.0, 0.0, -1.0


@compiled()
def _is_round(levels: Float32, point: tuple[float, float, float, float], edge: float) -> bool:
    """Whether the curvatures differ by a factor of at most ``edge``."""
    column, row, level = int(point[0] + 0.5), int(point[1] + 0.5), int(point[2] + 0.5)
    p = levels[level, row - 1 : row + 2, column - 1 : column + 2]
    xx = p[1, 0] - 2 * p[1, 1] + p[1, 2]
    yy = p[0, 1] - 2 * p[1, 1] + p[2, 1]
    xy = 0.25 * (p[2, 2] - p[2, 0] - p[0, 2] + p[0, 0])
    return bool((xx + yy) ** 2 * edge <= (edge + 1) ** 2 * (xx * yy - xy * xy))
