"""The nearest of other classes, exactly, in one pass over everybody and without a full list.

An index answers with a list in which the own class stands first, and what is left of it is known
only after a look at the labels. Here labels are looked at on the way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled
from relook.index.vectors.threads import blas_threads, run_all
from relook.reranking.nearest import similarity

__all__ = ["Wanted", "choose", "nearest_others", "similarities"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

QUERIES = 128
COLUMNS = 4096
"""Similarities that are looked at together: 2 MB, which a cache holds."""

STEP = 64
"""Similarities that are looked at without a branch; hardly any is large enough."""

SLACK = np.float32(1e-5)
"""How far a float32 product of vectors of length 1 may be off."""


class Wanted(NamedTuple):
    """What is looked for.

    Attributes:
        queries: ``(Q,)`` rows.
        below: ``(Q,)`` float32; only those whose similarity is below that.
        one_per_class: at most one of each class.
    """

    queries: Int64
    below: Float32
    one_per_class: bool


def nearest_others(
    vectors: Float32, numbers: Int64, wanted: Wanted, *, count: int, threads: int
) -> Int64:
    """``(Q, count)`` rows of other classes, nearest first, equally near ones by row; then -1.

    Args:
        vectors: ``(M, D)`` of length 1.
        numbers: ``(M,)`` class of each.
        wanted: queries, and who may be found.
        count: of each query.
        threads: that many blocks of queries at a time.
    """
    found = np.full((len(wanted.queries), count), -1, np.int64)

    def search(start: int) -> None:
        span = slice(start, start + QUERIES)
        part = Wanted(wanted.queries[span], wanted.below[span], wanted.one_per_class)
        mine = vectors[part.queries]
        values = np.full((len(mine), count), -np.inf, np.float32)
        for first in range(0, len(vectors), COLUMNS):
            products = mine @ vectors[first : first + COLUMNS].T
            _enter(products, first, vectors, numbers, part, found[span], values)

    with blas_threads(1):
        run_all(search, range(0, len(wanted.queries), QUERIES), threads=threads)
    return found


@compiled()
def similarities(vectors: Float32, left: Int64, right: Int64) -> Float32:
    """``(n,)`` inner products of pairs of rows, the same whoever else is asked about."""
    values = np.empty(len(left), np.float32)
    for pair in range(len(left)):
        values[pair] = similarity(vectors[left[pair]], vectors[right[pair]])
    return values


@compiled()
def choose(
    ids: Int64, vectors: Float32, numbers: Int64, wanted: Wanted, found: Int64
) -> NDArray[np.bool_]:
    """Write the first of each sorted list that are allowed; whether as many as there is room."""
    full = np.zeros(len(ids), np.bool_)
    for row in range(len(ids)):
        have, query = 0, wanted.queries[row]
        for id_ in ids[row]:
            if numbers[id_] == numbers[query]:
                continue
            if not similarity(vectors[query], vectors[id_]) < wanted.below[row]:
                continue
            if wanted.one_per_class and _place_of(numbers, numbers[id_], found[row, :have]) >= 0:
                continue
            found[row, have] = id_
            have += 1
            if have == found.shape[1]:
                full[row] = True
                break
    return full


@compiled()
def _enter(
    products: Float32,
    first: int,
    vectors: Float32,
    numbers: Int64,
    wanted: Wanted,
    found: Int64,
    values: Float32,
) -> None:
    """Enter those columns that are near enough, allowed, and better than what was found."""
    last = values.shape[1] - 1
    for row in range(len(products)):
        query, edge = wanted.queries[row], wanted.below[row]
        least, most = values[row, last] - SLACK, edge + SLACK
        for start in range(0, products.shape[1], STEP):
            group = products[row, start : start + STEP]
            near = 0
            for value in group:
                near += (value >= least) & (value < most)
            if near == 0:
                continue
            for place in range(len(group)):
                if not least <= group[place] < most:
                    continue
                other = first + start + place
                if numbers[other] == numbers[query]:
                    continue
                exact = similarity(vectors[query], vectors[other])
                if exact < edge:
                    _insert(numbers, wanted.one_per_class, other, exact, found[row], values[row])
                    least = values[row, last] - SLACK


@compiled()
def _insert(
    numbers: Int64,
    one_per_class: bool,
    other: int,
    value: np.float32,
    found: Int64,
    values: Float32,
) -> None:
    """Rows come in their order, so that of equal values the one that is there stays ahead."""
    end = len(found) - 1
    if one_per_class:
        rival = _place_of(numbers, numbers[other], found)
        if rival >= 0:
            end = rival  # it makes room, or is better
    if not (value > values[end] or found[end] < 0):
        return
    place = end
    while place > 0 and (value > values[place - 1] or found[place - 1] < 0):
        found[place], values[place] = found[place - 1], values[place - 1]
        place -= 1
    found[place], values[place] = other, value


@compiled()
def _place_of(numbers: Int64, number: int, found: Int64) -> int:
    """Where a row of that class stands, or -1."""
    for place in range(len(found)):
        if found[place] >= 0 and numbers[found[place]] == number:
            return place
    return -1
