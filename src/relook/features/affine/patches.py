"""Affine regions → normalized patches → descriptors, in one compiled pass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled
from relook.features.affine.pyramid import Pyramid, level_of, sample
from relook.features.affine.sift_patch import (
    DIMENSIONS,
    PEAKS,
    SIDE,
    WIDTH,
    describe_patch,
    find_directions,
)

__all__ = ["REGION", "describe", "find_angles"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

REGION = 3 * 3**0.5
"""Half the side of the measurement region, in scales of the feature."""
BLUR = 2.0
"""Blur of a patch, in samples; an ellipse in the picture, as the region is."""


def _kernel() -> Float32:
    away = np.arange(-int(np.ceil(2.5 * BLUR)), int(np.ceil(2.5 * BLUR)) + 1)
    values = np.exp(-0.5 * (away / BLUR) ** 2)
    return np.asarray(values / values.sum(), np.float32)


KERNEL = _kernel()


def find_angles(pyramid: Pyramid, frames: Float32, shapes: Float32) -> tuple[Int64, Float32]:
    """The dominant directions of features: the row of each, ``(M,)``, and its angle.

    Args:
        pyramid: of the picture.
        frames: ``(N, 4)`` in pixels of the picture; their angle is not looked at.
        shapes: ``(N, 2)``.
    """
    rows = np.empty(PEAKS * len(frames), np.int64)
    angles = np.empty(PEAKS * len(frames), np.float32)
    count = _find_angles(pyramid, frames, shapes, rows, angles)
    return rows[:count], angles[:count]


def describe(
    pyramid: Pyramid, frames: Float32, shapes: Float32, *, regions: tuple[float, ...]
) -> Float32:
    """SIFT histograms, ``(N, len(regions) · 128)``, side by side for each measurement region.

    Args:
        pyramid: of the picture.
        frames: ``(N, 4)`` in pixels of the picture.
        shapes: ``(N, 2)``.
        regions: measurement regions relative to 3√3 scales.
    """
    out = np.empty((len(frames), len(regions), DIMENSIONS), np.float32)
    _describe(pyramid, frames, shapes, np.array(regions), out)
    return out.reshape(len(frames), len(regions) * DIMENSIONS)


@compiled()
def _longest(a: float, b: float) -> float:
    """The longer axis of a shape; the other is its inverse."""
    half = 0.5 * (a * a + b * b + 1 / (a * a))
    return float(np.sqrt(half + np.sqrt(max(half * half - 1.0, 0.0))))


@compiled()
def _take(
    pyramid: Pyramid, frame: Float32, shape: Float32, angle: float, region: float, out: Float32,
    room: Float32,
) -> None:  # fmt: skip
    """A blurred ``(SIDE, SIDE)`` patch of a feature."""
    step = np.float64(frame[2]) * region * (2 * REGION / WIDTH)
    a, b = np.float64(shape[0]), np.float64(shape[1])
    c, s = np.cos(angle), np.sin(angle)
    xx, xy = step * a * c, -step * a * s
    yx, yy = step * (b * c + s / a), step * (-b * s + c / a)
    level = level_of(pyramid, step * _longest(a, b))
    center = (np.float64(frame[0]), np.float64(frame[1]))
    sample(pyramid, level, center, (xx, xy, yx, yy), out)
    _blur(out, room)


@compiled(fastmath=frozenset({"contract"}))
def _blur(patch: Float32, room: Float32) -> None:
    """Gaussian blur in place; the edge continues."""
    reach = len(KERNEL) // 2
    for row in range(SIDE):
        line = room[row]
        line[:] = 0
        for k in range(len(KERNEL)):
            weight = KERNEL[k]
            source = patch[min(max(row + k - reach, 0), SIDE - 1)]
            for column in range(SIDE):
                line[column] += weight * source[column]
    for row in range(SIDE):
        line, source = patch[row], room[row]
        for column in range(reach):
            line[column] = line[SIDE - 1 - column] = 0
            for k in range(len(KERNEL)):
                line[column] += KERNEL[k] * source[max(column + k - reach, 0)]
                right = min(SIDE - 1 - column + k - reach, SIDE - 1)
                line[SIDE - 1 - column] += KERNEL[k] * source[right]
        line[reach : SIDE - reach] = 0
        for k in range(len(KERNEL)):
            weight = KERNEL[k]
            for column in range(reach, SIDE - reach):
                line[column] += weight * source[column + k - reach]


@compiled()
def _find_angles(
    pyramid: Pyramid, frames: Float32, shapes: Float32, rows: Int64, angles: Float32
) -> int:
    patch, room = np.empty((SIDE, SIDE), np.float32), np.empty((SIDE, SIDE), np.float32)
    size = np.empty((SIDE - 2, SIDE - 2), np.float32)
    turn, peaks = np.empty_like(size), np.empty(PEAKS, np.float32)
    count = 0
    for row in range(len(frames)):
        _take(pyramid, frames[row], shapes[row], 0.0, 1.0, patch, room)
        for peak in range(find_directions(patch, size, turn, peaks)):
            rows[count], angles[count] = row, peaks[peak]
            count += 1
    return count


@compiled()
def _describe(
    pyramid: Pyramid, frames: Float32, shapes: Float32, regions: Float32, out: Float32
) -> None:
    patch, room = np.empty((SIDE, SIDE), np.float32), np.empty((SIDE, SIDE), np.float32)
    size = np.empty((SIDE - 2, SIDE - 2), np.float32)
    turn = np.empty_like(size)
    for row in range(len(frames)):
        angle = np.float64(frames[row, 3])
        for place in range(len(regions)):
            _take(pyramid, frames[row], shapes[row], angle, regions[place], patch, room)
            describe_patch(patch, size, turn, out[row, place])
