"""The pictures that tuples are mined from: their vectors, classes, and who is near whom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError
from relook.core.numba_cache import compiled
from relook.index.vectors import make_vector_index
from relook.index.vectors.kernels import dots, frozen
from relook.training.mining.classes import Classes

__all__ = ["Pool", "check_queries", "check_vectors"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

DEEPER = 4
"""Where a list held too few that are allowed, the next one is that many times as long."""

ENTRIES = 1 << 22
"""Neighbors that are looked at together: 48 MB."""


class Pool:
    """Vectors that can be asked for the nearest of another class.

    Args:
        vectors: ``(M, D)`` float32 of length 1.
        labels: ``(M,)`` int64.
        engine: kind of the index, as ``make_vector_index`` takes it; ``flat`` is exact.
        threads: of one search.

    Raises:
        ShapeError: an argument has another shape or type, or vectors are not of length 1.
        UsageError: all labels are equal, or there is no such index.
    """

    def __init__(
        self, vectors: Float32, labels: Int64, *, engine: str = "flat", threads: int = 1
    ) -> None:
        check_vectors(vectors)
        check_array("labels", labels, shape=(len(vectors),), dtype=np.int64)
        self.vectors = np.ascontiguousarray(vectors)
        self.classes = Classes.of(labels)
        if self.classes.count < 2:
            raise UsageError(
                "all pictures carry the same label, so that none can be a negative; "
                "give pictures of at least two classes, or label every picture by itself"
            )
        self._index = make_vector_index(vectors.shape[1], kind=engine, threads=threads)
        self._filled = False

    def similarities(self, query: int, rows: Int64) -> Float32:
        """``(n,)`` inner products with a row, summed as the exact index does."""
        scores = np.empty(len(rows), np.float32)
        dots(self.vectors[query].astype(np.float64), frozen(self.vectors[rows]), scores)
        return scores

    def nearest_others(
        self,
        queries: Int64,
        *,
        count: int,
        one_per_class: bool = False,
        below: Float32 | None = None,
    ) -> Int64:
        """The nearest rows of other classes than that of the query.

        Args:
            queries: ``(Q,)`` rows.
            count: at most so many for each.
            one_per_class: at most one of each class.
            below: ``(Q,)`` only those whose similarity is below that; None takes all.

        Returns:
            ``(Q, count)`` rows, nearest first, equally near ones in order of row; -1 where there
            are no more.
        """
        if not self._filled:
            self._index.add(np.arange(len(self.vectors)), self.vectors)
            self._index.compact()
            self._filled = True
        if below is None:
            below = np.full(len(queries), np.inf, np.float32)
        found = np.full((len(queries), count), -1, np.int64)
        left, top = np.arange(len(queries)), DEEPER * count + 16
        while len(left):
            # Nothing is left out: what is asked for at last is the whole collection.
            top = min(top, len(self.vectors))
            full = np.zeros(len(left), bool)
            step = max(1, ENTRIES // top)
            for first in range(0, len(left), step):
                some = left[first : first + step]
                rows = queries[some]
                ids, scores = self._index.search_batch(self.vectors[rows], top=top)
                part = np.full((len(some), count), -1, np.int64)
                full[first : first + step] = _choose(
                    ids, scores, self.classes.numbers, rows, below[some], one_per_class, part
                )
                found[some] = part
            if top == len(self.vectors):
                break
            left, top = left[~full], top * DEEPER
        return found


def check_vectors(vectors: Float32) -> None:
    """Raise :class:`ShapeError` unless these are ``(M, D)`` float32 of length 1."""
    check_array("vectors", vectors, shape=(None, None), dtype=np.float32)
    check_finite("vectors", vectors)
    lengths = np.sqrt(np.einsum("md,md->m", vectors, vectors))
    wrong = np.flatnonzero(np.abs(lengths - 1) > 0.01)
    if len(wrong):
        raise ShapeError(
            f"vectors must have length 1, and row {wrong[0]} has {lengths[wrong[0]]:.3g}; "
            "l2-normalize them"
        )


def check_queries(queries: Int64, count: int) -> None:
    """Raise unless ``queries`` are rows of ``count``."""
    check_array("queries", queries, shape=(None,), dtype=np.int64)
    if len(queries) and not (queries.min() >= 0 and queries.max() < count):
        raise UsageError(f"queries must be rows from 0 to {count - 1}")


@compiled()
def _choose(
    ids: Int64,
    scores: Float32,
    numbers: Int64,
    queries: Int64,
    below: Float32,
    one_per_class: bool,
    found: Int64,
) -> NDArray[np.bool_]:
    """Write the first of each list that are allowed; whether they are as many as asked for."""
    full = np.zeros(len(queries), np.bool_)
    for row in range(len(queries)):
        have = 0
        for place in range(ids.shape[1]):
            id_ = ids[row, place]
            allowed = numbers[id_] != numbers[queries[row]] and (
                -np.inf < scores[row, place] < below[row]
            )
            for i in range(have):
                same = numbers[found[row, i]] == numbers[id_]
                allowed = allowed and not (one_per_class and same)
            if allowed:
                found[row, have] = id_
                have += 1
                if have == found.shape[1]:
                    full[row] = True
                    break
    return full
