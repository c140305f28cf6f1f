"""The pictures that tuples are mined from: their vectors, classes, and who is near whom."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError
from relook.core.protocols import VectorIndex
from relook.index.vectors import make_vector_index
from relook.index.vectors.choose import INDEXES
from relook.training.mining.classes import Classes
from relook.training.mining.exact import Wanted, choose, nearest_others, similarities

__all__ = ["ENGINES", "Pool", "check_queries", "check_vectors"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

ENGINES = ("exact", "auto", *INDEXES)
"""What finds the nearest: a look at all, or an index of vectors."""

DEEPER = 4
"""Where a list held too few that are allowed, the next one is that many times as long."""

ENTRIES = 1 << 22
"""Neighbors that are looked at together: 48 MB."""


class Pool:
    """Vectors that can be asked for the nearest of another class.

    Args:
        vectors: ``(M, D)`` float32 of length 1.
        labels: ``(M,)`` int64.
        engine: one of :data:`ENGINES`.
        threads: of one search.

    Raises:
        ShapeError: an argument has another shape or type, or vectors are not of length 1.
        UsageError: all labels are equal.
    """

    def __init__(
        self, vectors: Float32, labels: Int64, *, engine: str = "exact", threads: int = 1
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
        self._engine, self._threads = engine, threads

    @cached_property
    def _index(self) -> VectorIndex:
        index = make_vector_index(self.vectors.shape[1], kind=self._engine, threads=self._threads)
        index.add(np.arange(len(self.vectors)), self.vectors)
        index.compact()
        return index

    def similarities(self, queries: Int64, rows: Int64) -> Float32:
        """``(n,)`` inner products of pairs of rows."""
        return similarities(self.vectors, queries, rows)

    def near(self, query: int, rows: Int64) -> Float32:
        """``(n,)`` inner products of one row with others."""
        return self.similarities(np.full(len(rows), query), rows)

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
        if below is None:
            below = np.full(len(queries), np.inf, np.float32)
        wanted, numbers = Wanted(queries, below, one_per_class), self.classes.numbers
        if self._engine == "exact":
            return nearest_others(self.vectors, numbers, wanted, count=count, threads=self._threads)
        return self._by_index(wanted, count)

    def _by_index(self, wanted: Wanted, count: int) -> Int64:
        """Longer and longer lists, until they hold enough that are allowed, or all there are."""
        found = np.full((len(wanted.queries), count), -1, np.int64)
        left, top = np.arange(len(found)), DEEPER * count + 16
        while len(left):
            top = min(top, len(self.vectors))
            step = max(1, ENTRIES // top)
            parts = [left[first : first + step] for first in range(0, len(left), step)]
            full = np.concatenate([self._listed(wanted, part, top, found) for part in parts])
            if top == len(self.vectors):
                break
            left, top = left[~full], top * DEEPER
        return found

    def _listed(self, wanted: Wanted, places: Int64, top: int, found: Int64) -> NDArray[np.bool_]:
        some = Wanted(wanted.queries[places], wanted.below[places], wanted.one_per_class)
        ids, _ = self._index.search_batch(self.vectors[some.queries], top=top)
        part = np.full((len(places), found.shape[1]), -1, np.int64)
        full: NDArray[np.bool_] = choose(ids, self.vectors, self.classes.numbers, some, part)
        found[places] = part
        return full


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
