"""The exact best from scores that are not: what an error bound cannot exclude is scored again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Best", "best_exact", "best_of", "best_positions", "ranked"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Best = tuple[Int64, Float32]
"""Ids and scores, best first, equal scores in order of id."""


def best_of(scores: Float32, names: Int64, *, top: int) -> Best:
    """The ``top`` best by exact scores; -inf is left out."""
    found = best_positions(scores, top=min(top, len(scores)))
    return ranked(names[found], scores[found], top=top)


def best_positions(scores: Float32, *, top: int) -> Int64:
    """Increasing positions of the ``top`` best and of what equals the last; -inf is left out."""
    least = _kth_largest(scores, top)
    return np.flatnonzero(scores >= max(least, np.finfo(np.float32).min))


def best_exact(
    rough: Float32,
    bound: Float32,
    names: Int64,
    *,
    top: int,
    rescore: Callable[[Int64], Float32],
) -> Best:
    """The ``top`` best by exact scores that differ from ``rough`` by at most ``bound``.

    The best by rough scores are scored exactly; the worst of them is what others have to reach.

    Args:
        rough: ``(N,)`` float32, -inf at what is to be left out.
        bound: ``(N,)`` float32, largest error of each.
        names: ``(N,)`` ids.
        top: at most the number of finite scores.
        rescore: positions to exact scores.
    """
    first = np.flatnonzero(rough >= _kth_largest(rough, top))
    sure = _kth_largest(rescore(first), top)
    found = np.flatnonzero(rough + bound >= sure)
    return ranked(names[found], rescore(found), top=top)


def ranked(ids: Int64, scores: Float32, *, top: int) -> Best:
    """The first ``top``, sorted."""
    order = np.lexsort((ids, -scores))[:top]
    return ids[order], scores[order]


def _kth_largest(values: Float32, k: int) -> np.float32:
    place = len(values) - k
    found: np.float32 = np.partition(values, place)[place]
    return found
