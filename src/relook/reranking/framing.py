"""Pure geometry of transforms between pictures: what of one picture another one shows, how large.

A picture or a part of it is its outline, ``(4, 2)`` points, clockwise from left top.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.records import Box

__all__ = [
    "Framing",
    "carry_outline",
    "carry_points",
    "frame",
    "invert",
    "local_affine",
    "outline_of",
    "shared_area",
    "within",
]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Points = NDArray[np.floating]

_STEEPEST = 2.0
"""Where one corner is so many times farther from the camera than another, the perspective that a
few matches tell is no longer believed."""

_SQUEEZED = 4.0
"""A transform that stretches one direction so many times more than another has drifted."""


@dataclass(frozen=True, slots=True, eq=False)
class Framing:
    """How a picture frames a region of a query.

    Attributes:
        outline: ``(4, 2)`` float64, the border of the picture in the query.
        region: ``(4, 2)`` float64, the region of the query in the picture.
        magnification: how many times larger the region appears, both pictures drawn at one area.
        coverage: share of the region that the picture shows.
        inside: share of the picture that shows the region.
        shift: (x, y) from the middle of the region to that of the picture, in sides of the region.
    """

    outline: Float64
    region: Float64
    magnification: float
    coverage: float
    inside: float
    shift: tuple[float, float]


def frame(
    transform: Float64,
    *,
    region: Points,
    sizes: tuple[tuple[int, int], tuple[int, int]],
    at: Points,
) -> Framing | None:
    """What a picture shows of a region of the query; None where the transform says nothing sound.

    Args:
        transform: ``(3, 3)``, query to picture.
        region: ``(4, 2)`` outline in the query.
        sizes: (width, height) of query and picture.
        at: ``(2,)`` point of the query where the transform is known best; where it is too steep
            for a whole outline, its derivative there stands for it.
    """
    back = invert(transform)
    there = carry_points(transform, at[None])
    if back is None or not np.isfinite(there).all():
        return None
    zoom = _scale(transform, at)
    (width, height), (wide, high) = sizes
    border = outline_of(sizes[1])
    outline = carry_outline(back, border, at=there[0])
    mapped = carry_outline(transform, region, at=at)
    if not zoom > 0 or outline is None or mapped is None:
        return None
    away = outline.mean(axis=0) - region.mean(axis=0)
    shift = away / np.maximum(np.ptp(region, axis=0), 1e-9)
    return Framing(
        outline=outline,
        region=mapped,
        magnification=zoom * float(np.sqrt(width * height / (wide * high))),
        coverage=shared_area(outline, region) / _area(region),
        inside=shared_area(mapped, border) / _area(border),
        shift=(float(shift[0]), float(shift[1])),
    )


def outline_of(part: Box | tuple[int, int]) -> Float64:
    """``(4, 2)`` outer edges of a picture of this (width, height), or of a box in one."""
    x, y, width, height = part if isinstance(part, Box) else (0.0, 0.0, *part)
    left, top = x - 0.5, y - 0.5
    right, bottom = left + width, top + height
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)


def invert(transform: Float64) -> Float64 | None:
    """The way back, ``(3, 3)``; None where there is none."""
    if not np.isfinite(transform).all() or np.linalg.cond(transform) > 1e14:
        return None
    back = np.linalg.inv(transform)
    return np.asarray(back / back[2, 2] if abs(back[2, 2]) > 1e-12 else back, np.float64)


def carry_points(transform: Float64, points: Points) -> Float64:
    """Map ``(N, 2)`` points; NaN where they lie at or behind the horizon."""
    moved = np.c_[np.asarray(points, np.float64), np.ones(len(points))] @ transform.T
    depth = np.where(moved[:, 2:] > 1e-9, moved[:, 2:], np.nan)
    return np.asarray(moved[:, :2] / depth, np.float64)


def carry_outline(transform: Float64, outline: Points, *, at: Points) -> Float64 | None:
    """Map ``(4, 2)`` corners; by the derivative at a point where the perspective is too steep."""
    depth = np.c_[outline, np.ones(len(outline))] @ transform[2]
    if not depth.min() * _STEEPEST > depth.max():
        transform = local_affine(transform, at)
    carried = carry_points(transform, outline)
    sound = np.isfinite(carried).all() and _signed_area(carried) > 0
    return carried if sound else None


def local_affine(transform: Float64, at: Points) -> Float64:
    """``(3, 3)`` affine transform that equals ``transform`` at a ``(2,)`` point to first order."""
    point = carry_points(transform, at[None])[0]
    depth = transform[2, :2] @ at + transform[2, 2]
    slope = (transform[:2, :2] - np.outer(point, transform[2, :2])) / depth
    affine = np.eye(3)
    affine[:2, :2], affine[:2, 2] = slope, point - slope @ at
    return affine


def shared_area(one: Points, other: Points) -> float:
    """Area that two convex outlines share."""
    area, _ = cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))
    return float(area)


def within(points: Points, low: Points, high: Points) -> NDArray[np.bool_]:
    """Whether ``(N, 2)`` points lie in a rectangle; what is not a number does not."""
    return np.asarray(((points >= low) & (points <= high)).all(axis=1))


def _scale(transform: Float64, at: Points) -> float:
    """Magnification at a point; 0 where the transform mirrors or squeezes beyond belief."""
    slope = local_affine(transform, at)[:2, :2]
    area = float(np.linalg.det(slope))
    longest, shortest = np.linalg.svd(slope, compute_uv=False).tolist()
    return float(np.sqrt(area)) if area > 0 and longest < _SQUEEZED * shortest else 0.0


def _area(outline: Points) -> float:
    return max(abs(_signed_area(outline)), 1e-9)


def _signed_area(outline: Points) -> float:
    """Above 0 where it runs clockwise, y pointing down."""
    x, y = np.asarray(outline, np.float64).T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) / 2)
