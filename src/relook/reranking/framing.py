"""Pure geometry of transforms between pictures: where points and rectangles go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["carry_points", "invert", "within"]

Float64 = NDArray[np.float64]


def invert(transform: Float64) -> Float64 | None:
    """The way back, ``(3, 3)``; None where there is none."""
    if not np.isfinite(transform).all() or np.linalg.cond(transform) > 1e14:
        return None
    back = np.linalg.inv(transform)
    return np.asarray(back / back[2, 2] if abs(back[2, 2]) > 1e-12 else back, np.float64)


def carry_points(transform: Float64, points: NDArray[np.floating]) -> Float64:
    """Map ``(N, 2)`` points; NaN where they lie at or behind the horizon."""
    moved = np.c_[np.asarray(points, np.float64), np.ones(len(points))] @ transform.T
    depth = moved[:, 2:]
    depth = np.where(depth > 1e-9, depth, np.nan)
    return np.asarray(moved[:, :2] / depth, np.float64)


def within(
    points: NDArray[np.floating], low: NDArray[np.floating], high: NDArray[np.floating]
) -> NDArray[np.bool_]:
    """Whether ``(N, 2)`` points lie in a rectangle; what is not a number does not."""
    return np.asarray(((points >= low) & (points <= high)).all(axis=1))
