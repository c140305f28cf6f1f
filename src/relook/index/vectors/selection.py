"""The exact best from scores that are not: what an error bound cannot exclude is scored again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from relook.index.vectors.kernels import frozen, kth_largest

__all__ = ["Best", "best_exact", "best_of", "ranked"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Best = tuple[Int64, Float32]
"""Ids and scores, best first, equal scores in order of id."""


def best_of(scores: Float32, names: Int64, *, top: int) -> Best:
    """The ``top`` best by exact scores; -inf is left out."""
    least = kth_largest(frozen(scores), min(top, len(scores)))
    found = np.flatnonzero(scores >= max(least, np.finfo(np.float32).min))
    return ranked(names[found], scores[found], top=top)


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
    first = np.flatnonzero(rough >= kth_largest(frozen(rough), top))
    sure = kth_largest(frozen(rescore(first)), top)
    found = np.flatnonzero(rough + bound >= sure)
    return ranked(names[found], rescore(found), top=top)


def ranked(ids: Int64, scores: Float32, *, top: int) -> Best:
    """The first ``top``, sorted."""
    order = np.lexsort((ids, -scores))[:top]
    return ids[order], scores[order]
