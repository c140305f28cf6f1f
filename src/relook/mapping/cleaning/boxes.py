"""Boxes around what a class shows: where verified pairs matched, then agreed upon by all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Box
from relook.mapping.cleaning.pairs import Pair
from relook.mapping.median import geometric_median
from relook.reranking.framing import invert, local_affine

__all__ = ["find_boxes"]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_TENTH = 0.1
_STEP = 0.1
"""Share of the way that a box goes to where its partners want it, each time."""
_SETTLED = 2e-4
"""Share of the longer side of its picture that no box moves any more."""
_SMALLEST = 4.0
"""Pixels of the sides of a box."""


@dataclass(frozen=True, slots=True, eq=False)
class _Ways:
    """Affine maps from picture to picture, of all pairs, both ways.

    Attributes:
        sources: ``(P,)`` rows of pictures.
        targets: ``(P,)`` rows of pictures.
        slopes: ``(P, 2, 2)``.
        shifts: ``(P, 2)``.
    """

    sources: Int64
    targets: Int64
    slopes: Float64
    shifts: Float64


def find_boxes(
    pairs: Sequence[Pair], sizes: Mapping[int, tuple[int, int]], *, rounds: int = 300
) -> dict[int, Box]:
    """The box of the common thing in each picture that a pair connects.

    The first box of a picture reaches as far as the matches of its pairs, but for the farthest
    tenth. It grows once to what the boxes of its partners, carried into it, reach, again but for
    a tenth: what one pair did not match another did. Then, as in the paper, each pair carries the
    box of one picture into the other, whose box goes a small step that way; several such wishes
    are merged by their geometric median, which a few bad transforms do not move. That is repeated
    until the boxes agree.

    Differs from the paper: its first boxes are medians, which cut the borders of things, where few
    features lie (``python -m reproduce cleaning`` measures both). The upright rectangle of a turned
    box is shrunk to the area of that box, or boxes would grow with every step. Boxes may reach
    beyond their pictures until the end, so that a detail does not make others smaller.

    Args:
        pairs: verified, with affine parts that turn no side round.
        sizes: (width, height) of the pictures.
        rounds: steps at most; 0 gives the boxes before they agree.

    Source: Gordo, Almazán, Revaud, Larlus, "End-to-end learning of deep visual representations for
    image retrieval", IJCV 2017 (bounding boxes from the matching graph).
    """
    ids = sorted({id_ for pair in pairs for id_ in pair.ids})
    if not ids:
        return {}
    row_of = {id_: row for row, id_ in enumerate(ids)}
    ends = np.array([[row_of[id_] for id_ in pair.ids] for pair in pairs], np.int64)
    longest = np.array([max(sizes[id_]) for id_ in ids], np.float64)
    seen = np.concatenate([[pair.boxes[side] for pair in pairs] for side in (0, 1)])
    boxes = _reach(seen, ends.T.ravel())
    ways = _ways(pairs, ends)
    carried = _carry(boxes[ways.sources], ways.slopes, ways.shifts)
    boxes = _reach(
        np.concatenate([boxes, carried]), np.concatenate([np.arange(len(ids)), ways.targets])
    )
    boxes = _agree(boxes, longest, ways, rounds=rounds)
    return {id_: _clip(box, sizes[id_]) for id_, box in zip(ids, boxes.tolist(), strict=True)}


def _agree(boxes: Float64, longest: Float64, ways: _Ways, *, rounds: int) -> Float64:
    """Boxes ``(N, 4)`` as (left, top, right, bottom), moved until no wish moves them."""
    sources, targets = ways.sources, ways.targets
    if not len(targets):
        return boxes
    count = len(boxes)
    asked = np.bincount(targets, minlength=count) > 0
    rows = np.cumsum(asked) - 1  # geometric medians are taken of pictures that a way leads to
    unit = longest[targets, None]
    for _ in range(rounds):
        wishes = _carry(boxes[sources], ways.slopes, ways.shifts)
        steps = ((1 - _STEP) * boxes[targets] + _STEP * wishes) / unit
        moved = boxes.copy()
        median = geometric_median(steps, rows[targets], count=int(asked.sum()))
        moved[asked] = median * longest[asked, None]
        change = float(np.max(np.abs(moved - boxes) / longest[:, None]))
        boxes = moved
        if change < _SETTLED:
            break
    return boxes


def _reach(boxes: Float64, groups: Int64) -> Float64:
    """``(N, 4)`` how far the boxes of each group reach, but for the farthest tenth on each side."""
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order])) + 1
    sides = [
        np.concatenate(
            [np.quantile(part[:, :2], _TENTH, axis=0), np.quantile(part[:, 2:], 1 - _TENTH, axis=0)]
        )
        for part in np.split(boxes[order], starts)
    ]
    return np.asarray(sides, np.float64)


def _carry(boxes: Float64, slopes: Float64, shifts: Float64) -> Float64:
    """``(P, 4)`` boxes through affine maps: upright, and of the area of what they are mapped to."""
    low, high = boxes[:, :2], boxes[:, 2:]
    middle = np.einsum("pij,pj->pi", slopes, (low + high) / 2) + shifts
    half = (high - low) / 2
    reach = np.einsum("pij,pj->pi", np.abs(slopes), half)
    area = np.abs(np.linalg.det(slopes)) * half.prod(axis=1)
    reach *= np.sqrt(area / np.maximum(reach.prod(axis=1), 1e-12))[:, None]
    return np.concatenate([middle - reach, middle + reach], axis=1)


def _ways(pairs: Sequence[Pair], ends: Int64) -> _Ways:
    found = []
    for pair, (one, other) in zip(pairs, ends.tolist(), strict=True):
        affine = local_affine(pair.transform, pair.centers[0])
        back = invert(affine)
        if back is not None and np.linalg.det(affine[:2, :2]) > 0:
            found += [(one, other, affine), (other, one, back)]
    matrices = np.array([matrix for _, _, matrix in found], np.float64).reshape(-1, 3, 3)
    between = np.array([way[:2] for way in found], np.int64).reshape(-1, 2)
    return _Ways(between[:, 0], between[:, 1], matrices[:, :2, :2], matrices[:, :2, 2])


def _clip(box: Sequence[float], size: tuple[int, int]) -> Box:
    left, top = (min(max(low, -0.5), side - 0.5) for low, side in zip(box[:2], size, strict=True))
    right, bottom = (
        min(max(high, -0.5), side - 0.5) for high, side in zip(box[2:], size, strict=True)
    )
    width, height = right - left, bottom - top
    if min(width, height) < _SMALLEST:
        return Box(-0.5, -0.5, *size)
    return Box(left, top, width, height)
