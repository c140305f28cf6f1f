"""Cosines of queries to the means of classes, as mean k-NN and its α-expansion need them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_finite
from relook.recognition.grouping import Groups

__all__ = ["expanded_similarities", "mean_similarities"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

NUMBERS = 1 << 23
"""Numbers in the largest temporary array, which bounds the memory."""


def mean_similarities(queries: Float32, database: Float32, rows: Int64, groups: Groups) -> Float64:
    """Cosine of each group's query to the mean of the group's vectors.

    Args:
        queries: ``(Q, D)``.
        database: ``(N, D)``.
        rows: ``(Q k,)`` neighbors, flattened.
        groups: of these neighbors.

    Returns:
        ``(G,)``; 0 where the mean or the query is zero.
    """
    out = np.empty(len(groups), np.float64)
    entries = max(1, NUMBERS // max(1, database.shape[1]))
    for start, stop in _runs(groups.stops, entries):
        first = groups.starts[start]
        vectors = database[rows[groups.entries[first : groups.stops[stop - 1]]]]
        check_finite("database", vectors)
        # The length of a mean does not matter to the cosine: the sum does.
        sums = np.add.reduceat(vectors, groups.starts[start:stop] - first, axis=0)
        out[start:stop] = _cosines(queries[groups.queries[start:stop]], sums)
    return out


def expanded_similarities(
    queries: Float32,
    database: Float32,
    classes: Int64,
    rows: Int64,
    groups: Groups,
    *,
    alpha: float,
) -> Float64:
    """Cosine of each group's query to the mean of its class's vectors within α of the group.

    What is near a database row does not depend on the query: it is found once for all queries.

    Args:
        queries: ``(Q, D)``.
        database: ``(N, D)``.
        classes: ``(N,)``.
        rows: ``(Q k,)`` neighbors, flattened.
        groups: of these neighbors.
        alpha: Euclidean distance between l2-normalized vectors.

    Returns:
        ``(G,)``; 0 where the mean or the query is zero.
    """
    out = np.empty(len(groups), np.float64)
    wanted, which, counts = np.unique(groups.classes, return_inverse=True, return_counts=True)
    by_class = np.split(np.argsort(which, kind="stable"), np.cumsum(counts)[:-1])
    members = _members(classes, wanted)
    alone = np.array([len(mine) == 1 for mine in members], bool)[which]
    single = np.flatnonzero(alone)  # nothing to expand by, and often most classes
    out[single] = mean_similarities(queries, database, rows, groups.chosen(single))
    for mine, theirs in zip(members, by_class, strict=False):
        if len(mine) > 1:
            chosen = groups.chosen(theirs)
            seeds = np.searchsorted(mine, rows[chosen.entries])
            sums = _expanded_sums(database[mine], seeds, chosen.starts, alpha=alpha)
            out[theirs] = _cosines(queries[chosen.queries], sums)
    return out


def _expanded_sums(vectors: Float32, seeds: Int64, starts: Int64, *, alpha: float) -> Float64:
    """Sums ``(G, D)`` of the vectors of one class within α of any seed of each group.

    Args:
        vectors: ``(m, D)``, all of the class.
        seeds: ``(V,)`` rows of these, group after group.
        starts: ``(G,)`` where each group begins.
        alpha: the distance.
    """
    check_finite("database", vectors)
    unit = vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("nd,nd->n", unit, unit))
    unit /= np.where(lengths > 0, lengths, 1)[:, None]
    squared = (lengths > 0).astype(np.float64)  # a zero vector stays zero
    distinct, which = np.unique(seeds, return_inverse=True)
    sums = np.zeros((len(starts), vectors.shape[1]), np.float64)
    width = max(1, NUMBERS // len(seeds))
    for start in range(0, len(vectors), width):
        part = slice(start, start + width)
        distances = (
            squared[distinct, None] + squared[None, part] - 2 * unit[distinct] @ unit[part].T
        )
        near = distances < alpha**2
        own = np.flatnonzero((distinct >= start) & (distinct < start + width))
        near[own, distinct[own] - start] = True  # whatever the rounding
        inside = np.logical_or.reduceat(near[which], starts, axis=0)
        sums += inside.astype(np.float32) @ vectors[part]
    return sums


def _members(classes: Int64, wanted: Int64) -> list[Int64]:
    """Rows of each wanted class, in increasing order."""
    if not len(wanted):
        return []
    rows = np.flatnonzero(np.isin(classes, wanted))
    order = rows[np.argsort(classes[rows], kind="stable")]
    return np.split(order, np.searchsorted(classes[order], wanted[1:]))


def _runs(stops: Int64, entries: int) -> Iterator[tuple[int, int]]:
    """Ranges of groups that have at most so many entries together, and at least one group."""
    start = 0
    while start < len(stops):
        before = stops[start - 1] if start else 0
        stop = int(np.searchsorted(stops, before + entries, side="right"))
        yield start, max(stop, start + 1)
        start = max(stop, start + 1)


def _cosines(queries: Float32, means: NDArray[np.floating]) -> Float64:
    products = np.einsum("gd,gd->g", queries, means, dtype=np.float64)
    lengths = np.sqrt(
        np.einsum("gd,gd->g", queries, queries, dtype=np.float64)
        * np.einsum("gd,gd->g", means, means, dtype=np.float64)
    )
    cosines: Float64 = products / np.where(lengths > 0, lengths, 1)
    return cosines.clip(-1, 1)
