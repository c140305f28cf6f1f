"""Planar transforms: from one pair of frames, and by least squares from many.

A transform is a ``(3, 3)`` float64 matrix that maps homogeneous query points to points of the
other image. The functions are compiled, fill ``out`` and say whether they found a transform.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled

__all__ = [
    "affine_of_frames",
    "fit_affine",
    "fit_homography",
    "is_plausible",
    "local_similarity",
    "similarity_of_frames",
]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]


@compiled()
def similarity_of_frames(frame: Float32, other: Float32, out: Float64) -> None:
    """The similarity that carries one (x, y, scale, angle) frame onto another."""
    turn = np.float64(other[3]) - np.float64(frame[3])
    ratio = np.float64(other[2]) / np.float64(frame[2])
    a, b = ratio * np.cos(turn), ratio * np.sin(turn)
    out[0, 0], out[0, 1], out[1, 0], out[1, 1] = a, -b, b, a
    out[0, 2] = other[0] - a * frame[0] + b * frame[1]
    out[1, 2] = other[1] - b * frame[0] - a * frame[1]
    out[2, 0], out[2, 1], out[2, 2] = 0.0, 0.0, 1.0


@compiled()
def _matrix_of_frame(frame: Float32, shape: Float32) -> tuple[float, float, float, float]:
    """The 2 × 2 matrix scale · [[a, 0], [b, 1/a]] · R(angle) row by row."""
    scale, a, b = np.float64(frame[2]), np.float64(shape[0]), np.float64(shape[1])
    c, s = scale * np.cos(np.float64(frame[3])), scale * np.sin(np.float64(frame[3]))
    return a * c, -a * s, b * c + s / a, c / a - b * s


@compiled()
def affine_of_frames(
    frame: Float32, shape: Float32, other: Float32, other_shape: Float32, out: Float64
) -> None:
    """The affine transform that carries one frame with its shape onto another."""
    p, q, r, s = _matrix_of_frame(frame, shape)
    e, f, g, h = _matrix_of_frame(other, other_shape)
    area = p * s - q * r
    a, b = (e * s - f * r) / area, (f * p - e * q) / area
    c, d = (g * s - h * r) / area, (h * p - g * q) / area
    out[0, 0], out[0, 1], out[1, 0], out[1, 1] = a, b, c, d
    out[0, 2] = other[0] - a * frame[0] - b * frame[1]
    out[1, 2] = other[1] - c * frame[0] - d * frame[1]
    out[2, 0], out[2, 1], out[2, 2] = 0.0, 0.0, 1.0


@compiled()
def local_similarity(model: Float64, x: float, y: float) -> tuple[float, float]:
    """Log scale and angle of the transform's derivative at a point; NaN where it mirrors."""
    w = model[2, 0] * x + model[2, 1] * y + model[2, 2]
    u = (model[0, 0] * x + model[0, 1] * y + model[0, 2]) / w
    v = (model[1, 0] * x + model[1, 1] * y + model[1, 2]) / w
    a, b = (model[0, 0] - u * model[2, 0]) / w, (model[0, 1] - u * model[2, 1]) / w
    c, d = (model[1, 0] - v * model[2, 0]) / w, (model[1, 1] - v * model[2, 1]) / w
    area = a * d - b * c
    if not area > 0:
        return np.nan, np.nan
    return 0.5 * np.log(area), np.arctan2(c - b, a + d)


@compiled()
def _centered(points: Float32) -> tuple[float, float, float]:
    """Mean, and mean distance from it."""
    n = len(points)
    x = y = reach = 0.0
    for row in range(n):
        x += points[row, 0] / n
        y += points[row, 1] / n
    for row in range(n):
        reach += np.hypot(points[row, 0] - x, points[row, 1] - y) / n
    return x, y, max(reach, 1e-9)


@compiled()
def fit_affine(frames: Float32, others: Float32, out: Float64) -> bool:
    """Least squares affine transform of three or more pairs of rows, around their centers."""
    if len(frames) < 3:
        return False
    x0, y0, _ = _centered(frames)
    u0, v0, _ = _centered(others)
    xx = xy = yy = xu = yu = xv = yv = 0.0
    for row in range(len(frames)):
        x, y = frames[row, 0] - x0, frames[row, 1] - y0
        u, v = others[row, 0] - u0, others[row, 1] - v0
        xx += x * x
        xy += x * y
        yy += y * y
        xu += x * u
        yu += y * u
        xv += x * v
        yv += y * v
    area = xx * yy - xy * xy
    if not area > 1e-5 * (xx + yy) ** 2:  # all on one line
        return False
    a, b = (xu * yy - yu * xy) / area, (yu * xx - xu * xy) / area
    c, d = (xv * yy - yv * xy) / area, (yv * xx - xv * xy) / area
    out[0, 0], out[0, 1], out[1, 0], out[1, 1] = a, b, c, d
    out[0, 2], out[1, 2] = u0 - a * x0 - b * y0, v0 - c * x0 - d * y0
    out[2, 0], out[2, 1], out[2, 2] = 0.0, 0.0, 1.0
    return is_plausible(a, b, c, d)


@compiled()
def is_plausible(a: float, b: float, c: float, d: float) -> bool:
    """Not mirrored, and no direction squeezed 6 times more than another."""
    area = a * d - b * c
    if not area > 0:
        return False
    half = (a * a + b * b + c * c + d * d) / 2
    spread = np.sqrt(max(half * half - area * area, 0.0))
    return bool(half + spread <= 36.0 * (half - spread))


@compiled()
def fit_homography(frames: Float32, others: Float32, out: Float64) -> bool:
    """Least squares homography of eight or more pairs of rows (normalized direct linear transform).

    Source: Hartley, Zisserman, "Multiple View Geometry", algorithm 4.2, with h33 = 1.
    """
    if len(frames) < 8:
        return False
    x0, y0, reach = _centered(frames)
    u0, v0, other_reach = _centered(others)
    normal = np.zeros((8, 8))
    right = np.zeros(8)
    row_u, row_v = np.zeros(8), np.zeros(8)
    for row in range(len(frames)):
        x = (frames[row, 0] - x0) / reach
        y = (frames[row, 1] - y0) / reach
        u = (others[row, 0] - u0) / other_reach
        v = (others[row, 1] - v0) / other_reach
        row_u[0], row_u[1], row_u[2], row_u[6], row_u[7] = x, y, 1.0, -u * x, -u * y
        row_v[3], row_v[4], row_v[5], row_v[6], row_v[7] = x, y, 1.0, -v * x, -v * y
        for i in range(8):
            for j in range(8):
                normal[i, j] += row_u[i] * row_u[j] + row_v[i] * row_v[j]
            right[i] += row_u[i] * u + row_v[i] * v
    for i in range(8):
        normal[i, i] += 1e-9 * len(frames)
    h = np.linalg.solve(normal, right)
    # Undo the normalization: T' ^-1 H T.
    for j in range(3):
        top = h[j] if j < 3 else 0.0
        middle = h[3 + j]
        bottom = h[6 + j] if j < 2 else 1.0
        out[0, j] = other_reach * top + u0 * bottom
        out[1, j] = other_reach * middle + v0 * bottom
        out[2, j] = bottom
    for i in range(3):
        first, second = out[i, 0] / reach, out[i, 1] / reach
        out[i, 2] = out[i, 2] - first * x0 - second * y0
        out[i, 0], out[i, 1] = first, second
    if not abs(out[2, 2]) > 1e-9:
        return False
    out /= out[2, 2]
    return True
