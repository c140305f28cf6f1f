"""Exact nearest neighbors of many vectors among many, a tile of similarities at a time.

A matrix product finds who may be a neighbor; what is kept is a sum in double precision that is
the same whatever the tiles were. So lists that were changed step by step equal lists built anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from relook.core.checks import check_finite
from relook.core.numba_cache import compiled

__all__ = ["Lists", "Rows", "VectorSource", "empty_lists", "offer"]

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

COLUMNS = 16_384
ROWS = 512
"""Similarities that are looked at together: 32 MB per thread."""

STEP = 64
"""Similarities that are looked at without a branch; hardly any is large enough."""

SLACK = 1e-5
"""How far a float32 product may be off, in units of the squared length of the vectors."""


class VectorSource(Protocol):
    """Where vectors are found by id; every ``VectorIndex`` is one."""

    def vectors(self, ids: Sequence[int]) -> Float32:
        """``(N, D)`` vectors of these images."""
        ...


class Rows:
    """Vectors in memory as a :class:`VectorSource`.

    Args:
        ids: ``(N,)`` int64, increasing.
        vectors: ``(N, D)`` float32.
    """

    def __init__(self, ids: Int64, vectors: Float32) -> None:
        self._ids, self._vectors = ids, vectors

    def vectors(self, ids: Sequence[int]) -> Float32:
        """``(N, D)`` vectors of these images."""
        return self._vectors[np.searchsorted(self._ids, ids)]


class Lists(NamedTuple):
    """Neighbors of each row, best first, equal ones by row; free places are -1 and -inf.

    ``neighbors`` is ``(N, k)`` int32 rows, ``similarities`` is ``(N, k)`` float32.
    """

    neighbors: Int32
    similarities: Float32


def empty_lists(rows: int, k: int) -> Lists:
    """Lists of ``k`` free places each."""
    return Lists(np.full((rows, k), -1, np.int32), np.full((rows, k), -np.inf, np.float32))


class Offer(NamedTuple):
    """Whose lists are offered whom: ids and rows of both sides."""

    ids: Int64
    rows: Int64
    others: Int64
    columns: Int64


def offer(
    lists: Lists,
    offered: Offer,
    source: VectorSource,
    *,
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Enter ``offered.others`` into the lists of ``offered.rows`` where they are near enough.

    Changes ``lists``, which are the caller's own; nobody may be offered to one row twice.

    Args:
        lists: of all rows.
        offered: who is offered whom.
        source: their vectors.
        threads: that many blocks of rows at a time.
        progress: called with the number of rows that are done, and of all.

    Raises:
        ShapeError: a vector is not finite.
    """
    if not len(offered.rows) or not len(offered.columns):
        return
    step = ROWS * threads * 8
    # Our threads are many enough; those of the matrix product would fight with them.
    with _pools().limit(limits=1, user_api="blas"), ThreadPoolExecutor(threads) as pool:
        for first in range(0, len(offered.rows), step):
            span = slice(first, first + step)
            _offer_to(lists, offered.rows[span], offered.ids[span], (offered, source, pool))
            if progress is not None:
                progress(min(first + step, len(offered.rows)), len(offered.rows))


def _offer_to(
    lists: Lists, rows: Int64, ids: Int64, work: tuple[Offer, VectorSource, ThreadPoolExecutor]
) -> None:
    offered, source, pool = work
    mine = _fetch(source, ids)
    for first in range(0, len(offered.columns), COLUMNS):
        columns = offered.columns[first : first + COLUMNS]
        theirs = _fetch(source, offered.others[first : first + COLUMNS])
        slack = np.float32(SLACK * _longest(mine) * _longest(theirs))

        def enter(start: int, theirs: Float32 = theirs, columns: Int64 = columns) -> None:
            span = slice(start, start + ROWS)
            products = mine[span] @ theirs.T
            _enter(lists, rows[span], columns, products, mine[span], theirs, slack)  # noqa: B023

        list(pool.map(enter, range(0, len(rows), ROWS)))


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()  # looking for the libraries takes milliseconds


def _fetch(source: VectorSource, ids: Int64) -> Float32:
    vectors = np.ascontiguousarray(source.vectors(ids.tolist()), np.float32)
    check_finite("vectors", vectors)
    return vectors


def _longest(vectors: Float32) -> float:
    return float(np.sqrt(np.einsum("nd,nd->n", vectors, vectors).max(initial=0)))


@compiled(fastmath=frozenset({"reassoc", "contract"}))
def similarity(left: Float32, right: Float32) -> np.float32:
    """Inner product; the same for (left, right) and (right, left)."""
    total = 0.0
    for i in range(len(left)):
        total += np.float64(left[i]) * np.float64(right[i])
    return np.float32(total)


@compiled()
def _enter(
    lists: Lists,
    rows: Int64,
    columns: Int64,
    products: Float32,
    mine: Float32,
    theirs: Float32,
    slack: np.float32,
) -> None:
    k = lists.neighbors.shape[1]
    for i in range(len(rows)):
        neighbors, similarities = lists.neighbors[rows[i]], lists.similarities[rows[i]]
        found = products[i]
        least = similarities[k - 1] - slack
        for start in range(0, len(found), STEP):
            group = found[start : start + STEP]
            near = 0
            for value in group:
                near += value >= least
            if near == 0:
                continue
            for j in range(start, start + len(group)):
                if found[j] >= least and columns[j] != rows[i]:
                    _insert(neighbors, similarities, columns[j], similarity(mine[i], theirs[j]))
                    least = similarities[k - 1] - slack


@compiled()
def _insert(neighbors: Int32, similarities: Float32, column: int, value: np.float32) -> None:
    place = len(neighbors)
    while place > 0 and (
        value > similarities[place - 1]
        or neighbors[place - 1] < 0
        or (value == similarities[place - 1] and column < neighbors[place - 1])
    ):
        place -= 1
    for at in range(len(neighbors) - 1, place, -1):
        neighbors[at] = neighbors[at - 1]
        similarities[at] = similarities[at - 1]
    if place < len(neighbors):
        neighbors[place] = column
        similarities[place] = value
