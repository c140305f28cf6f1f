"""Database-side augmentation: every image is expanded by its own neighbors, once, offline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import UsageError
from relook.reranking.expansion import expansion_weights
from relook.reranking.graph import NeighborGraph
from relook.vectors import l2_normalize

__all__ = ["augment"]

Float32 = NDArray[np.float32]

BLOCK = 1 << 24
"""Numbers that are gathered at once: 64 MB."""


def augment(vectors: Float32, graph: NeighborGraph, *, n: int = 10, alpha: float = 3.0) -> Float32:
    """The direction of x + Σ_i max(s_i, 0)^α x_i over the first ``n`` neighbors of each image.

    Args:
        vectors: ``(N, D)``, of ``graph.ids`` in their order; may be mapped.
        graph: neighbors of each image, at least ``n`` of them.
        n: neighbors that are added.
        alpha: exponent of their similarities; 0 is their average.

    Returns:
        ``(N, D)`` float32.

    Raises:
        ShapeError: another shape or type.
        UsageError: n is not from 1 to the graph's k, or α is negative.

    Source: Arandjelović, Zisserman, "Three things everyone should know to improve object
    retrieval", CVPR 2012; weighted as αQE.
    """
    check_array("vectors", vectors, shape=(len(graph), None), dtype=np.float32)
    if not 1 <= n <= graph.k:
        raise UsageError(f"n must be from 1 to the {graph.k} neighbors of the graph, not {n}")
    augmented = np.empty(vectors.shape, np.float32)
    step = max(1, BLOCK // (n * max(1, vectors.shape[1])))
    for first in range(0, len(graph), step):
        span = slice(first, first + step)
        neighbors = graph.neighbors[span, :n]
        weights = expansion_weights(graph.similarities[span, :n], alpha=alpha)
        weights[neighbors < 0] = 0
        added = weights.astype(np.float32)[:, None] @ vectors[neighbors]
        augmented[span] = l2_normalize(vectors[span] + added[:, 0])
    return augmented
