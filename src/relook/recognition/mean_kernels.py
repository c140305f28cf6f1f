"""Hot loops over the vectors of classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled

__all__ = ["expanded_cosines", "mean_cosines"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

ANY_ORDER = frozenset({"reassoc", "contract"})
"""Lets a sum use SIMD, and keeps NaN what it is."""


@compiled(fastmath=ANY_ORDER)
def mean_cosines(
    queries: Float32,
    database: Float32,
    rows: Int64,
    starts: Int64,
    stops: Int64,
    owners: Int64,
    out: Float64,
) -> None:
    """Fill ``(G,)`` cosines of queries to the sums of ``rows[starts:stops]`` of the database."""
    total = np.empty(database.shape[1], np.float64)
    for group in range(len(starts)):
        total[:] = 0
        for entry in range(starts[group], stops[group]):
            _add(total, database[rows[entry]])
        out[group] = _cosine(queries[owners[group]], total)


@compiled(fastmath=ANY_ORDER)
def expanded_cosines(
    queries: Float32,
    database: Float32,
    members: Int64,
    scales: Float32,
    firsts: Int64,
    afters: Int64,
    seeds: Int64,
    starts: Int64,
    stops: Int64,
    owners: Int64,
    limit: float,
    out: Float64,
) -> None:
    """Fill ``(G,)`` cosines of queries to the sums of what is near a group in its class.

    Args:
        queries: ``(Q, D)``.
        database: ``(N, D)``.
        members: ``(M,)`` rows of the database, class after class.
        scales: ``(M,)`` that make them unit vectors.
        firsts: ``(G,)`` where the class of each group begins in ``members``.
        afters: ``(G,)`` where it ends.
        seeds: ``(V,)`` places in ``members``, group after group.
        starts: ``(G,)`` where each group begins in ``seeds``.
        stops: ``(G,)`` where it ends.
        owners: ``(G,)`` queries.
        limit: squared distance that is too far.
        out: what is filled.
    """
    total = np.empty(database.shape[1], np.float64)
    for group in range(len(starts)):
        total[:] = 0
        for place in range(firsts[group], afters[group]):
            row = database[members[place]]
            for entry in range(starts[group], stops[group]):
                seed = seeds[entry]
                if seed == place or (
                    _distance(row, database[members[seed]], scales[place], scales[seed]) < limit
                ):
                    _add(total, row)
                    break
        out[group] = _cosine(queries[owners[group]], total)


@compiled(fastmath=ANY_ORDER)
def _add(total: Float64, row: Float32) -> None:
    for axis in range(len(total)):
        total[axis] += row[axis]


@compiled(fastmath=ANY_ORDER)
def _distance(one: Float32, two: Float32, scale: np.float32, other: np.float32) -> np.float32:
    """Squared, of the differences, which is exact for copies as 2 - 2 x·y is not."""
    total = np.float32(0)
    for axis in range(len(one)):
        apart = one[axis] * scale - two[axis] * other
        total += apart * apart
    return total


@compiled(fastmath=ANY_ORDER)
def _cosine(query: Float32, total: Float64) -> float:
    product, one, two = 0.0, 0.0, 0.0
    for axis in range(len(total)):
        value = np.float64(query[axis])
        product += value * total[axis]
        one += value * value
        two += total[axis] * total[axis]
    if one == 0 or two == 0:
        return 0.0
    cosine: float = product / np.sqrt(one * two)
    return cosine
