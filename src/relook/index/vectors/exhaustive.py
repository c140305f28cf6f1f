"""Compare one query, or many at once, with every vector of flat segments."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.index.vectors.flat_segment import FlatSegment
from relook.index.vectors.kernels import dots_int8, frozen
from relook.index.vectors.selection import Best, best_exact, best_of
from relook.index.vectors.threads import blas_threads, run_all
from relook.index.view import View

__all__ = ["search_many", "search_one"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

SCAN = 4096
"""Rows of one task of a thread."""

BLOCK = 4096
"""Rows of one matrix product."""

SCORES = 1 << 25
"""Scores that are kept at once: 128 MB."""

ROUNDING = 2.0**-24
"""Largest relative error of one float32 operation."""

SLACK = np.float32(1e-5)
"""For the few roundings between an exact integer sum and its bound, relative to the lengths."""


class _Task(NamedTuple):
    part: FlatSegment
    rows: slice
    out: Float32


def search_one(view: View[FlatSegment], query: Float32, *, top: int, threads: int) -> Best:
    """Ids and scores of the ``top`` best."""
    exact = query.astype(np.float64)
    scores = np.empty(view.starts[-1], np.float32)
    tasks = _tasks(view, scores)
    if view.segments[0].codes.shape[1]:
        rounded, unit, missing = _to_int16(query)

        def scan(task: _Task) -> None:
            codes, scales = task.part.codes[task.rows], task.part.scales[task.rows]
            dots_int8(rounded, frozen(codes), frozen(scales), task.out)

        run_all(scan, tasks, threads=threads)
        scores *= np.float32(unit)
        scores[view.dead] = -np.inf
        length = float(np.linalg.norm(exact))
        residuals = np.concatenate([part.residuals for part in view.segments])
        norms = np.concatenate([part.norms for part in view.segments])
        bound = residuals * np.float32(length * (1 + 1e-6))
        bound += (norms + residuals) * np.float32(missing + SLACK * length)
        return best_exact(
            scores, bound, view.names, top=top, rescore=lambda rows: _exact(view, exact, rows)
        )
    run_all(lambda task: task.part.score(exact, task.rows, task.out), tasks, threads=threads)
    scores[view.dead] = -np.inf
    return best_of(scores, view.names, top=top)


def search_many(
    view: View[FlatSegment], queries: Float32, ids: Int64, scores: Float32, *, threads: int
) -> None:
    """Fill ``(Q, k)`` ids and scores: matrix products find, exact scores decide."""
    total, top = int(view.starts[-1]), ids.shape[1]
    norms = np.concatenate([part.norms for part in view.segments])
    step = max(16, SCORES // total)
    rough = np.empty((min(step, len(queries)), total), np.float32)
    share = np.float32((queries.shape[1] + 8) * ROUNDING * 1.01)
    for start in range(0, len(queries), step):
        block = queries[start : start + step]
        found = rough[: len(block)]
        with blas_threads(threads):
            _multiply(view, block, found)
        found[:, view.dead] = -np.inf

        def decide(number: int, start: int = start, found: Float32 = found) -> None:
            exact = queries[start + number].astype(np.float64)
            bound = norms * np.float32(share * np.linalg.norm(exact))
            ids[start + number], scores[start + number] = best_exact(
                found[number],
                bound,
                view.names,
                top=top,
                rescore=lambda rows: _exact(view, exact, rows),
            )

        run_all(decide, range(len(block)), threads=threads)


def _tasks(view: View[FlatSegment], scores: Float32) -> list[_Task]:
    tasks = []
    for part, first in zip(view.segments, view.starts, strict=False):
        for start in range(0, len(part), SCAN):
            stop = min(start + SCAN, len(part))
            tasks.append(_Task(part, slice(start, stop), scores[first + start : first + stop]))
    return tasks


def _multiply(view: View[FlatSegment], queries: Float32, out: Float32) -> None:
    for part, first in zip(view.segments, view.starts, strict=False):
        for start in range(0, len(part), BLOCK):
            rows = part.floats(slice(start, start + BLOCK))
            out[:, first + start : first + start + len(rows)] = queries @ rows.T


def _exact(view: View[FlatSegment], query: NDArray[np.float64], places: Int64) -> Float32:
    """Exact scores of the rows at these increasing positions."""
    scores = np.empty(len(places), np.float32)
    cuts = np.searchsorted(places, view.starts)
    for number, part in enumerate(view.segments):
        mine = slice(cuts[number], cuts[number + 1])
        if mine.start < mine.stop:
            part.score(query, places[mine] - view.starts[number], scores[mine])
    return scores


def _to_int16(query: Float32) -> tuple[NDArray[np.int16], float, float]:
    """The query as integers whose sums with int8 fit 32 bits, their unit, and what is left out."""
    exact = query.astype(np.float64)
    most = float(np.abs(exact).max(initial=0))
    if most == 0:
        return np.zeros(len(query), np.int16), 0.0, 0.0
    # A rounded value is at most half a unit longer, which the 1 % leaves room for.
    largest = min(32767.0, 0.99 * 2**31 / 127 * most / float(np.abs(exact).sum()))
    unit = most / largest
    rounded = np.rint(exact / unit)
    return rounded.astype(np.int16), unit, float(np.linalg.norm(exact - rounded * unit))
