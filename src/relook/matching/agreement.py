"""The compiled heart of fast spatial matching: propose, collect inliers, refine."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled
from relook.matching.models import (
    affine_of_frames,
    fit_affine,
    fit_homography,
    is_plausible,
    local_similarity,
    similarity_of_frames,
)

__all__ = ["Limits", "solve"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]

KEPT = 5
"""Proposals that are refined."""
AFFINE_STEPS = 4
"""Affine fits before a homography is tried; the first half of them with the rough distance."""


class Limits(NamedTuple):
    """What counts as agreement; see :class:`~relook.matching.verify.Tolerance`."""

    rough: float
    fine: float
    log_scale: float
    angle: float
    log_change: float
    extent: float
    proposals: int


class Problem(NamedTuple):
    """The matches between two images, each as one row of every array.

    Attributes:
        frames, others: ``(M, 4)`` float32 frames of the two features of each match.
        planes: ``(4, M)`` float32, their x, y, u, v as rows, so that one loop runs over all.
        shapes, other_shapes: ``(M, 2)`` float32 their affine shapes, or no rows for circles.
        log_scale, turn: ``(M,)`` float32 change of scale and angle; the angle of an affine change
            is that of the rotation nearest to it, as it is of a transform.
        pairs: ``(M, 2)`` int32 which features these are.
        features: how many features each image has.
        scores: ``(M,)`` float32.
        limits: what counts as agreement.
    """

    frames: Float32
    others: Float32
    planes: Float32
    shapes: Float32
    other_shapes: Float32
    log_scale: Float32
    turn: Float32
    pairs: Int32
    features: tuple[int, int]
    scores: Float32
    limits: Limits


class Marks(NamedTuple):
    """Which features are taken (by the number of the trial), and the rows that were chosen."""

    near: NDArray[np.bool_]
    taken: Int32
    others_taken: Int32
    chosen: Int32


@compiled()
def solve(
    frames: Float32,
    others: Float32,
    shapes: tuple[Float32, Float32],
    pairs: Int32,
    scores: Float32,
    limits: Limits,
) -> tuple[float, Float64, Int32]:
    """Strength, transform and inlier rows of the best transform; strength 0 for none.

    ``shapes`` are those of both sides, without rows where features are circles.
    """
    problem = _make_problem(frames, others, shapes, pairs, scores, limits)
    return _refine(problem, _propose(problem))


@compiled()
def _make_problem(
    frames: Float32,
    others: Float32,
    shapes: tuple[Float32, Float32],
    pairs: Int32,
    scores: Float32,
    limits: Limits,
) -> Problem:
    """Gather the frames of all matches."""
    count = len(pairs)
    mine, theirs = np.empty((count, 4), np.float32), np.empty((count, 4), np.float32)
    planes = np.empty((4, count), np.float32)
    for row in range(count):
        for column in range(4):
            mine[row, column] = frames[pairs[row, 0], column]
            theirs[row, column] = others[pairs[row, 1], column]
        planes[0, row], planes[1, row] = mine[row, 0], mine[row, 1]
        planes[2, row], planes[3, row] = theirs[row, 0], theirs[row, 1]
    log_scale = np.log(theirs[:, 2] / mine[:, 2])
    turn = theirs[:, 3] - mine[:, 3]
    mine_shapes, their_shapes = _gather(shapes[0], pairs[:, 0]), _gather(shapes[1], pairs[:, 1])
    model = np.empty((3, 3))
    for row in range(len(mine_shapes)):
        affine_of_frames(mine[row], mine_shapes[row], theirs[row], their_shapes[row], model)
        turn[row] = local_similarity(model, 0.0, 0.0)[1]
    return Problem(
        mine, theirs, planes, mine_shapes, their_shapes, log_scale, turn, pairs,
        (len(frames), len(others)), scores, limits,
    )  # fmt: skip


@compiled()
def _gather(shapes: Float32, rows: Int32) -> Float32:
    """The shapes of these features; none where features are circles."""
    if not len(shapes):
        return np.empty((0, 2), np.float32)
    return shapes[rows]


@compiled()
def _make_marks(problem: Problem) -> Marks:
    return Marks(
        np.empty(len(problem.pairs), np.bool_),
        np.zeros(problem.features[0], np.int32),
        np.zeros(problem.features[1], np.int32),
        np.empty(len(problem.pairs), np.int32),
    )


@compiled()
def _find_near(planes: Float32, model: Float64, distance: float, near: NDArray[np.bool_]) -> None:
    """Mark the matches whose mapped point lies within ``distance``. No branch: SIMD."""
    m = model.astype(np.float32)
    a, b, c, d, e, f = m[0, 0], m[0, 1], m[0, 2], m[1, 0], m[1, 1], m[1, 2]
    g, h, i = m[2, 0], m[2, 1], m[2, 2]
    limit = np.float32(distance * distance)
    x, y, u, v = planes[0], planes[1], planes[2], planes[3]
    for row in range(len(near)):
        w = g * x[row] + h * y[row] + i
        du = a * x[row] + b * y[row] + c - u[row] * w
        dv = d * x[row] + e * y[row] + f - v[row] * w
        near[row] = (du * du + dv * dv <= limit * w * w) & (w > np.float32(1e-6))


@compiled()
def _agree(
    problem: Problem, model: Float64, distance: float, marks: Marks, trial: int
) -> tuple[float, int]:
    """Collect one-to-one inliers, best first; their strength and number."""
    _find_near(problem.planes, model, distance, marks.near)
    limits = problem.limits
    total, found = 0.0, 0
    affine = model[2, 0] == 0.0 and model[2, 1] == 0.0
    scale, turn = 0.0, 0.0
    if affine:
        scale, turn = local_similarity(model, 0.0, 0.0)
    for row in range(len(problem.pairs)):
        if not marks.near[row]:
            continue
        i, j = problem.pairs[row, 0], problem.pairs[row, 1]
        if marks.taken[i] == trial or marks.others_taken[j] == trial:
            continue
        if not affine:
            scale, turn = local_similarity(model, problem.frames[row, 0], problem.frames[row, 1])
        if not abs(problem.log_scale[row] - scale) <= limits.log_scale:
            continue
        off = problem.turn[row] - turn
        if not abs(off - 2 * np.pi * np.round(off / (2 * np.pi))) <= limits.angle:
            continue
        marks.taken[i] = trial
        marks.others_taken[j] = trial
        marks.chosen[found] = row
        total += problem.scores[row]
        found += 1
    return total, found


@compiled()
def _propose(problem: Problem) -> Float64:
    """The best transforms that single matches propose, ``(up to 5, 3, 3)``."""
    marks = _make_marks(problem)
    kept, worth = np.zeros((KEPT, 3, 3)), np.zeros(KEPT)
    model = np.empty((3, 3))
    for row in range(min(len(problem.pairs), problem.limits.proposals)):
        if not abs(problem.log_scale[row]) <= problem.limits.log_change:
            continue
        if not _hypothesize(problem, row, model):
            continue
        total, found = _agree(problem, model, problem.limits.rough, marks, row + 1)
        place = np.argmin(worth)
        if found > 2 and total > worth[place]:
            worth[place] = total
            kept[place] = model
    return kept[worth > 0]


@compiled()
def _hypothesize(problem: Problem, row: int, model: Float64) -> bool:
    """The transform that one match proposes; False where it is squeezed beyond belief."""
    frame, other = problem.frames[row], problem.others[row]
    if not len(problem.shapes):
        similarity_of_frames(frame, other, model)
        return True
    affine_of_frames(frame, problem.shapes[row], other, problem.other_shapes[row], model)
    return is_plausible(model[0, 0], model[0, 1], model[1, 0], model[1, 1])


@compiled()
def _refine(problem: Problem, proposals: Float64) -> tuple[float, Float64, Int32]:
    """Refine each proposal; strength, transform and inlier rows of the best, 0 for none."""
    best, best_model, best_rows = 0.0, np.eye(3), np.empty(0, np.int32)
    for proposal in proposals:
        total, model, rows = _refine_one(problem, proposal)
        if len(rows) > 2 and total > best and not _is_flat(problem, rows):
            best, best_model, best_rows = total, model, rows
    return best, best_model, best_rows


@compiled()
def _refine_one(problem: Problem, proposal: Float64) -> tuple[float, Float64, Int32]:
    marks = _make_marks(problem)
    limits = problem.limits
    model, fitted = proposal.copy(), np.empty((3, 3))
    total, found = _agree(problem, model, limits.rough, marks, 1)
    rows = marks.chosen[:found].copy()
    plausible = False
    for step in range(AFFINE_STEPS):
        if not fit_affine(problem.frames[rows], problem.others[rows], fitted):
            continue
        plausible = True
        distance = limits.rough if step < AFFINE_STEPS // 2 else limits.fine
        total, found = _agree(problem, fitted, distance, marks, step + 2)
        model[:] = fitted
        rows = marks.chosen[:found].copy()
    if not plausible:  # mirrored, squeezed or on a line
        return 0.0, model, np.empty(0, np.int32)
    if fit_homography(problem.frames[rows], problem.others[rows], fitted):
        new_total, found = _agree(problem, fitted, limits.fine, marks, AFFINE_STEPS + 2)
        new_rows = marks.chosen[:found].copy()
        if new_total > total or (
            new_total >= total and _is_clearly_closer(problem, fitted, new_rows, model, rows)
        ):
            return new_total, fitted, new_rows
    return total, model, rows


@compiled()
def _spread(problem: Problem, model: Float64, rows: Int32) -> float:
    """Sum of the squared distances of inliers."""
    total = 0.0
    for row in rows:
        x, y = problem.frames[row, 0], problem.frames[row, 1]
        w = model[2, 0] * x + model[2, 1] * y + model[2, 2]
        u = (model[0, 0] * x + model[0, 1] * y + model[0, 2]) / w - problem.others[row, 0]
        v = (model[1, 0] * x + model[1, 1] * y + model[1, 2]) / w - problem.others[row, 1]
        total += u * u + v * v
    return total


@compiled()
def _is_clearly_closer(
    problem: Problem, model: Float64, rows: Int32, other: Float64, other_rows: Int32
) -> bool:
    """F-test of two more parameters, at about one in a thousand."""
    free = 2.0 * len(rows) - 8.0
    left = _spread(problem, model, rows)
    return bool((_spread(problem, other, other_rows) - left) / 2.0 > 9.0 * left / free)


@compiled()
def _is_flat(problem: Problem, rows: Int32) -> bool:
    """Whether the inliers lie on a line or in a point, in either image."""
    limit = problem.limits.extent
    return _extent(problem.frames[rows]) < limit or _extent(problem.others[rows]) < limit


@compiled()
def _extent(points: Float32) -> float:
    """Standard deviation across the main direction."""
    n = len(points)
    x = y = xx = xy = yy = 0.0
    for row in range(n):
        x += points[row, 0] / n
        y += points[row, 1] / n
    for row in range(n):
        dx, dy = points[row, 0] - x, points[row, 1] - y
        xx += dx * dx / n
        xy += dx * dy / n
        yy += dy * dy / n
    half = (xx + yy) / 2
    narrow = half - np.sqrt((xx - yy) ** 2 / 4 + xy * xy)
    return float(np.sqrt(max(narrow, 0.0)))
