"""What two images of a neighbor graph are worth to each other: the matrix of diffusion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.numba_cache import compiled
from relook.reranking.graph import NeighborGraph
from relook.reranking.sparse import Csr

__all__ = ["Affinity", "normalize"]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Affinity:
    """The mutual k-NN graph: s = max(xᵀz, 0)^γ where each is a neighbor of the other, else 0.

    Attributes:
        ids: ``(N,)`` int64, increasing, the nodes.
        weights: symmetric, not negative, zero diagonal.
    """

    ids: Int64
    weights: Csr

    @classmethod
    def of(cls, graph: NeighborGraph, *, k: int | None = None, gamma: float = 3.0) -> Affinity:
        """The affinity of a graph.

        Args:
            graph: the k-NN lists.
            k: use only that many neighbors of each; None uses all.
            gamma: exponent γ > 0.

        Raises:
            UsageError: k is below 1 or beyond the lists, or γ is out of its range.
        """
        k = graph.k if k is None else k
        if not 1 <= k <= graph.k:
            raise UsageError(f"k must be from 1 to the {graph.k} of the graph, not {k}")
        if not 0 < gamma < np.inf:
            raise UsageError(f"gamma must be above 0, not {gamma}")
        neighbors = np.ascontiguousarray(graph.neighbors[:, :k])
        similarities = _mutual(neighbors, np.ascontiguousarray(graph.similarities[:, :k]))
        return cls(np.asarray(graph.ids), _compressed(neighbors, similarities, float(gamma)))

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def normalized(self) -> Csr:
        """𝒲 = D^-½ W D^-½."""
        return normalize(self.weights)

    def rows(self, ids: Int64) -> Int64:
        """``(n,)`` rows of ids; -1 of those that are no nodes."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        places = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[places] == ids, places, -1)


def normalize(weights: Csr) -> Csr:
    """D^-½ W D^-½ with the row sums D; rows without entries stay so."""
    rows = np.repeat(np.arange(weights.rows), np.diff(weights.offsets))
    degrees = np.bincount(rows, weights.weights, weights.rows)
    scale = np.zeros(weights.rows)
    np.divide(1.0, np.sqrt(degrees), out=scale, where=degrees > 0)
    return weights._replace(weights=weights.weights * (scale[rows] * scale[weights.columns]))


@compiled()
def _mutual(neighbors: NDArray[np.int32], similarities: NDArray[np.float32]) -> Float64:
    """Similarity of each row to its neighbors that have it among theirs, else 0.

    Where the two lists disagree, as those of an asymmetric similarity do, it is the mean.
    """
    rows, k = neighbors.shape
    mutual = np.zeros((rows, k))
    for row in range(rows):
        for i in range(k):
            other = neighbors[row, i]
            if other < 0:
                continue
            place = -1  # without a branch, as most are not mutual
            for j in range(k):
                place = max(place, j if neighbors[other, j] == row else -1)
            if place >= 0:
                mutual[row, i] = 0.5 * (similarities[row, i] + similarities[other, place])
    return mutual


@compiled()
def _compressed(neighbors: NDArray[np.int32], similarities: Float64, gamma: float) -> Csr:
    """The positive similarities to the power of γ, which are symmetric, in compressed rows."""
    rows, k = neighbors.shape
    offsets = np.zeros(rows + 1, np.int64)
    for row in range(rows):
        count = 0
        for i in range(k):
            count += similarities[row, i] > 0
        offsets[row + 1] = offsets[row] + count
    ends = offsets[:-1].copy()
    columns, weights = np.empty(offsets[-1], np.int32), np.empty(offsets[-1])
    # What row by row is entered into the rows of others arrives there in order.
    for row in range(rows):
        for i in range(k):
            if similarities[row, i] > 0:
                other = neighbors[row, i]
                columns[ends[other]] = row
                weights[ends[other]] = similarities[row, i] ** gamma
                ends[other] += 1
    return Csr(offsets, columns, weights)
