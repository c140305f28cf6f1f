"""Pictures of flat things at known places: a photo laid, tilted, before other photos."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.records import Box
from relook.images import read

__all__ = ["SIZE", "overlap_over_union", "render"]

UInt8 = NDArray[np.uint8]

SIZE = (640, 480)
"""(width, height) in pixels of a rendered picture."""


def render(
    thing: Path, background: Path, rng: np.random.Generator, *, turn: float
) -> tuple[UInt8, Box]:
    """Lay a thing before a background, and say where it is.

    Args:
        thing: file of what is laid.
        background: file of what is around it.
        rng: decides size, place, tilt and light.
        turn: degrees that it is turned by at most, either way.

    Returns:
        ``(480, 640, 3)`` uint8 RGB, and the upright box around what is seen of the thing.
    """
    behind = cv2.resize(read(background, longest=900).pixels, SIZE, interpolation=cv2.INTER_AREA)
    front = read(thing, longest=700).pixels
    corners = _corners(front.shape[:2], rng, turn)
    height, width = front.shape[:2]
    own = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    matrix = cv2.getPerspectiveTransform(own, corners.astype(np.float32))
    laid = cv2.warpPerspective(front, matrix, SIZE, flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones((height, width), np.uint8), matrix, SIZE)
    pixels = np.where(mask[..., None] > 0, laid, behind)
    light = 255 * (pixels / 255.0) ** rng.uniform(0.7, 1.4) * rng.uniform(0.8, 1.0)
    rows, columns = np.nonzero(mask)
    left, top = float(columns.min()) - 0.5, float(rows.min()) - 0.5
    box = Box(left, top, float(np.ptp(columns)) + 1, float(np.ptp(rows)) + 1)
    return np.asarray(np.rint(light), np.uint8), box


def overlap_over_union(one: Sequence[float], other: Sequence[float]) -> float:
    """Of two boxes as (x, y, width, height)."""
    shared = 1.0
    for axis in (0, 1):
        low = max(one[axis], other[axis])
        high = min(one[axis] + one[axis + 2], other[axis] + other[axis + 2])
        shared *= max(0.0, high - low)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def _corners(shape: tuple[int, int], rng: np.random.Generator, turn: float) -> NDArray[np.float64]:
    """``(4, 2)`` where the corners of a thing of this (height, width) lie; mostly inside."""
    height, width = shape
    side = rng.uniform(0.4, 0.75) * SIZE[1]
    half = np.array((width, height)) / max(shape) * side / 2
    square = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half
    square *= 1 + rng.uniform(-0.12, 0.12, (4, 2))
    angle = np.radians(rng.uniform(-turn, turn))
    turned = square @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    room = np.array(SIZE) / 2 - 0.4 * side
    return np.asarray(turned + np.array(SIZE) / 2 + rng.uniform(-1, 1, 2) * room)
