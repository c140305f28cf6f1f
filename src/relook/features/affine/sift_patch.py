"""SIFT of a normalized patch: its dominant directions and its histograms of gradients.

The layout is that of OpenCV's SIFT, so that words learned from it serve here too: 4 × 4 cells by
row and column, in each 8 directions counted counterclockwise as one sees them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled

__all__ = ["CELL", "DIMENSIONS", "PEAKS", "SIDE", "WIDTH", "describe_patch", "find_directions"]

Float32 = NDArray[np.float32]

CELL = 8
"""Samples per side of a cell."""
SIDE = 5 * CELL + 1
"""Samples per side of a patch: the cells, half a cell around them, and a margin for gradients."""
WIDTH = 4 * CELL
"""Samples across the measurement region."""
DIMENSIONS = 128
CLIP = np.float32(0.2)
"""Largest value of a component of length one, so that no single edge decides."""
BINS = 36
"""Of the histogram of directions."""
PEAKS = 4
"""Directions that a patch may have."""
PEAK = np.float32(0.8)
"""Share of the highest peak that another must have."""
SPREAD = 1.5 * WIDTH / (2 * 3 * 3**0.5)
"""Weight of gradients for the direction: 1.5 scales, in samples of the region of 3√3 scales."""


def _gauss(sigma: float) -> Float32:
    line = np.exp(-0.5 * ((np.arange(SIDE - 2) - (SIDE - 3) / 2) / sigma) ** 2)
    return np.outer(line, line).astype(np.float32)


GRADIENT_WEIGHTS = _gauss(WIDTH / 2)
DIRECTION_WEIGHTS = _gauss(SPREAD)


@compiled()
def _polar(patch: Float32, weights: Float32, per_turn: int, size: Float32, turn: Float32) -> None:
    """Weighted length of the gradients, and their angle in ``per_turn``, clockwise from x.

    The angle is a polynomial of the smaller by the larger component, to 1e-4 of a turn.
    """
    one, half, tiny = np.float32(1), np.float32(0.5), np.float32(1e-20)
    a, b = np.float32(0.1591549 * 0.9997878), np.float32(0.1591549 * -0.3258083)
    c, d = np.float32(0.1591549 * 0.1555786), np.float32(0.1591549 * -0.0443273)
    quarter, whole = np.float32(0.25), np.float32(per_turn)
    for row in range(SIDE - 2):
        above, here, below = patch[row], patch[row + 1], patch[row + 2]
        for column in range(SIDE - 2):
            gx = here[column + 2] - here[column]
            gy = below[column + 1] - above[column + 1]
            size[row, column] = weights[row, column] * np.sqrt(gx * gx + gy * gy)
            x, y = abs(gx), abs(gy)
            t = min(x, y) / (max(x, y) + tiny)
            s = t * t
            angle = (((d * s + c) * s + b) * s + a) * t
            angle = quarter - angle if y > x else angle
            angle = half - angle if gx < 0 else angle
            angle = one - angle if gy < 0 else angle
            turn[row, column] = angle * whole


@compiled()
def describe_patch(patch: Float32, size: Float32, turn: Float32, out: Float32) -> None:
    """128 histogram values of a ``(SIDE, SIDE)`` patch, not normalized to a length.

    Args:
        patch: samples of the region, its measurement region ``WIDTH`` of them across.
        size: ``(SIDE - 2, SIDE - 2)`` room to work in.
        turn: the same.
        out: ``(128,)``; 0 where the patch is plain.

    Source: Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004, 6.1.
    """
    _polar(patch, GRADIENT_WEIGHTS, 8, size, turn)
    cells = np.zeros((6, 6, 8), np.float32)
    line = np.empty((6, 8), np.float32)
    one = np.float32(1)
    for row in range(SIDE - 2):
        line[:] = 0
        for column in range(SIDE - 2):
            weight, angle = size[row, column], turn[row, column]
            low = np.int32(angle)
            part = weight * (angle - np.float32(low))
            low &= 7
            high = (low + 1) & 7
            # A cell and a half before the first center: 0 there is the cell outside.
            i = (column + 1) // CELL
            share = np.float32((column + 1) % CELL) / np.float32(CELL)
            rest = weight - part
            line[i, low] += (one - share) * rest
            line[i, high] += (one - share) * part
            line[i + 1, low] += share * rest
            line[i + 1, high] += share * part
        j = (row + 1) // CELL
        share = np.float32((row + 1) % CELL) / np.float32(CELL)
        for i in range(1, 5):
            for k in range(8):
                cells[j, i, k] += (one - share) * line[i, k]
                cells[j + 1, i, k] += share * line[i, k]
    for j in range(4):
        for i in range(4):
            for k in range(8):  # from clockwise to counterclockwise
                out[(j * 4 + i) * 8 + k] = cells[j + 1, i + 1, (8 - k) & 7]
    _clip(out)


@compiled()
def _clip(out: Float32) -> None:
    """Cut components above a fifth of the length, so that no single edge decides."""
    total = np.float32(0)
    for value in out:
        total += value * value
    most = CLIP * np.sqrt(total)
    for place in range(len(out)):
        out[place] = min(out[place], most)


@compiled()
def find_directions(patch: Float32, size: Float32, turn: Float32, out: Float32) -> int:
    """Fill ``(PEAKS,)`` dominant directions, radians, strongest first; how many there are.

    A plain patch has one, 0.

    Source: Lowe, IJCV 2004, section 5.
    """
    _polar(patch, DIRECTION_WEIGHTS, BINS, size, turn)
    raw = np.zeros(BINS, np.float32)
    for row in range(SIDE - 2):
        for column in range(SIDE - 2):
            raw[np.int32(turn[row, column] + np.float32(0.5)) % BINS] += size[row, column]
    bins = np.empty(BINS, np.float32)
    for k in range(BINS):
        sides = raw[k - 1] + raw[(k + 1) % BINS]
        bins[k] = (raw[k - 2] + raw[(k + 2) % BINS] + 4 * sides + 6 * raw[k]) / 16
    least = PEAK * bins.max()
    heights = np.zeros(PEAKS, np.float32)
    found = 0
    out[0] = 0.0
    for k in range(BINS):
        left, here, right = bins[k - 1], bins[k], bins[(k + 1) % BINS]
        if not (here > 0 and here >= least and here > left and here >= right):
            continue
        place = min(found, PEAKS - 1)
        if found == PEAKS and here <= heights[place]:
            continue
        while place > 0 and heights[place - 1] < here:
            heights[place], out[place] = heights[place - 1], out[place - 1]
            place -= 1
        vertex = k + 0.5 * (left - right) / (left - 2 * here + right)
        heights[place], out[place] = here, (vertex % BINS) * (2 * np.pi / BINS)
        found = min(found + 1, PEAKS)
    return max(found, 1)
