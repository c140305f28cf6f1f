"""What two images of a neighbor graph are worth to each other: the matrix of diffusion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.numba_cache import compiled
from relook.reranking.expansion import expansion_weights
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
        mutual = similarities > 0
        rows, columns = np.nonzero(mutual)[0], neighbors[mutual]
        order = np.lexsort((columns, rows))
        values = expansion_weights(similarities[mutual], alpha=gamma)
        offsets = np.concatenate([[0], np.cumsum(mutual.sum(axis=1))])
        return cls(np.asarray(graph.ids), Csr(offsets, columns[order], values[order]))

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
            if other >= 0:
                for j in range(k):
                    if neighbors[other, j] == row:
                        mutual[row, i] = 0.5 * (similarities[row, i] + similarities[other, j])
    return mutual
