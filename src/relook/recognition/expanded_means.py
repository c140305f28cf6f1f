"""Cosines of queries to the means of what is near their neighbors, within each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_finite
from relook.index.vectors.kernels import frozen
from relook.recognition.grouping import Groups
from relook.recognition.mean_kernels import expanded_cosines, mean_cosines
from relook.recognition.means import sound

__all__ = ["expanded_similarities"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

NUMBERS = 1 << 23
"""Numbers in the largest temporary array, which bounds the memory."""
LARGE = 1024
"""A class of so many images is compared by matrix products, once for all queries."""


@dataclass(frozen=True, slots=True, eq=False)
class _Members:
    """The images of the classes that occur among the neighbors.

    Attributes:
        rows: ``(M,)`` of the database, class after class, increasing within each.
        bounds: ``(C + 1,)`` where each class begins.
        which: ``(G,)`` the class of each group, from 0 to C - 1.
    """

    rows: Int64
    bounds: Int64
    which: Int64

    @classmethod
    def of(cls, classes: Int64, groups: Groups) -> Self:
        wanted, which = np.unique(groups.classes, return_inverse=True)
        found = np.flatnonzero(np.isin(classes, wanted))
        rows = found[np.argsort(classes[found], kind="stable")]
        starts = np.searchsorted(classes[rows], wanted)
        return cls(rows, np.append(starts, len(rows)), which)

    @property
    def sizes(self) -> Int64:
        """``(C,)`` images of each class."""
        return np.diff(self.bounds)


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

    Args:
        queries: ``(Q, D)``.
        database: ``(N, D)``.
        classes: ``(N,)``.
        rows: ``(Q k,)`` neighbors, flattened.
        groups: of these neighbors.
        alpha: Euclidean distance between l2-normalized vectors.

    Returns:
        ``(G,)``; 0 where the mean or the query is zero.

    Raises:
        ShapeError: a vector that is needed is not finite.
    """
    members = _Members.of(classes, groups)
    out = np.empty(len(groups), np.float64)
    small = np.flatnonzero(members.sizes[members.which] < LARGE)
    out[small] = _by_loops(queries, database, members, rows, groups, small, alpha=alpha)
    for number in np.flatnonzero(members.sizes >= LARGE):
        theirs = np.flatnonzero(members.which == number)
        chosen = groups.chosen(theirs)
        mine = members.rows[members.bounds[number] : members.bounds[number + 1]]
        seeds = np.searchsorted(mine, rows[chosen.entries])
        sums = _sums(database[mine], seeds, chosen.starts, alpha=alpha)
        out[theirs] = _cosines(queries, sums, chosen.queries)
    return sound(out)


def _by_loops(
    queries: Float32,
    database: Float32,
    members: _Members,
    rows: Int64,
    groups: Groups,
    small: Int64,
    *,
    alpha: float,
) -> Float64:
    """The cosines of these groups, whose classes are small."""
    chosen, which = groups.chosen(small), members.which[small]
    order = np.argsort(members.rows)
    seeds = order[np.searchsorted(members.rows, rows[chosen.entries], sorter=order)]
    out = np.empty(len(small), np.float64)
    expanded_cosines(
        frozen(queries),
        frozen(database),
        members.rows,
        _scales(database, members.rows),
        members.bounds[which],
        members.bounds[which + 1],
        seeds,
        chosen.starts,
        chosen.stops,
        chosen.queries,
        alpha**2,
        out,
    )
    return out


def _scales(database: Float32, rows: Int64) -> Float32:
    """1 / length of these vectors; 0 of a zero vector."""
    lengths = np.empty(len(rows), np.float64)
    step = max(1, NUMBERS // max(1, database.shape[1]))
    for start in range(0, len(rows), step):
        part = database[rows[start : start + step]]
        lengths[start : start + step] = np.einsum("nd,nd->n", part, part, dtype=np.float64)
    check_finite("database", lengths)
    return (1 / np.sqrt(np.where(lengths > 0, lengths, np.inf))).astype(np.float32)


def _sums(vectors: Float32, seeds: Int64, starts: Int64, *, alpha: float) -> Float32:
    """Sums ``(G, D)`` of the vectors of one class within α of any seed of each group.

    What is near a seed is found once, whichever queries have it.

    Args:
        vectors: ``(m, D)``, all of the class.
        seeds: ``(V,)`` rows of these, group after group.
        starts: ``(G,)`` where each group begins.
        alpha: the distance.
    """
    scales = _scales(vectors, np.arange(len(vectors)))
    unit = vectors.astype(np.float64) * scales[:, None]
    squared = np.einsum("nd,nd->n", unit, unit)
    distinct, which = np.unique(seeds, return_inverse=True)
    sums = np.zeros((len(starts), vectors.shape[1]), np.float32)
    width = max(1, NUMBERS // len(seeds))
    for start in range(0, len(vectors), width):
        part = slice(start, start + width)
        products = unit[distinct] @ unit[part].T
        near = squared[distinct, None] + squared[part] - 2 * products < alpha**2
        own = np.flatnonzero((distinct >= start) & (distinct < start + width))
        near[own, distinct[own] - start] = True  # whatever the rounding
        inside = np.logical_or.reduceat(near[which], starts, axis=0)
        sums += inside.astype(np.float32) @ vectors[part]
    return sums


def _cosines(queries: Float32, sums: Float32, owners: Int64) -> Float64:
    each = np.arange(len(sums))
    out = np.empty(len(sums), np.float64)
    mean_cosines(frozen(queries), frozen(sums), each, each, each + 1, owners, out)
    return out
