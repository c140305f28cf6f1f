"""Query expansion: search, add what was found to the query, search again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import UsageError
from relook.core.protocols import VectorIndex
from relook.core.records import Ranking

__all__ = ["AlphaQueryExpansion", "expand", "expansion_weights"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def expansion_weights(similarities: NDArray[np.floating], *, alpha: float) -> Float64:
    """max(s, 0)^α of similarities of any shape; 1 everywhere at α = 0."""
    if not 0 <= alpha < np.inf:
        raise UsageError(f"alpha must be 0 or more, not {alpha}")
    weights: Float64 = np.maximum(similarities, 0).astype(np.float64) ** alpha
    return weights


def expand(
    query: Float32, neighbors: Float32, similarities: Float32, *, alpha: float = 3.0
) -> Float32:
    """The direction of q + Σ_i max(s_i, 0)^α x_i; α = 0 is average query expansion (AQE).

    Args:
        query: ``(D,)``, counts with weight 1.
        neighbors: ``(n, D)`` vectors of the best images.
        similarities: ``(n,)`` of these to the query.
        alpha: exponent α ≥ 0.

    Raises:
        ShapeError: another shape or type, or values that are not finite.
        UsageError: a negative α.

    Source: Radenović, Tolias, Chum, "Fine-tuning CNN image retrieval with no human annotation",
    TPAMI 2019.
    """
    check_array("query", query, shape=(None,), dtype=np.float32)
    check_array("neighbors", neighbors, shape=(None, len(query)), dtype=np.float32)
    check_array("similarities", similarities, shape=(len(neighbors),), dtype=np.float32)
    for name, array in (("query", query), ("similarities", similarities)):
        check_finite(name, array)
    summed = query + expansion_weights(similarities, alpha=alpha) @ neighbors
    length = np.sqrt(summed @ summed)
    return (summed / (length if length > 0 else 1.0)).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlphaQueryExpansion:
    """α-weighted query expansion (αQE) with an index that is given at each search.

    Attributes:
        n: images that are added to the query; 50 in the paper.
        alpha: exponent of their similarities; 0 is AQE.
        rounds: how often the query is expanded; every round costs one more search.
    """

    n: int = 50
    alpha: float = 3.0
    rounds: int = 1

    def __post_init__(self) -> None:
        for name in ("n", "rounds"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")
        expansion_weights(np.zeros(0), alpha=self.alpha)

    def search(self, query: Float32, index: VectorIndex, *, top: int) -> Ranking:
        """The ``top`` best images for a ``(D,)`` query after its expansion."""
        return self.search_from(query, index.search(query, top=self.n), index, top=top)

    def search_from(
        self, query: Float32, ranking: Ranking, index: VectorIndex, *, top: int
    ) -> Ranking:
        """The same where the first search was done already, and gave ``ranking``."""
        for number in range(self.rounds):
            query = self.expand(query, ranking, index)
            last = number == self.rounds - 1
            ranking = index.search(query, top=top if last else self.n)
        return ranking

    def expand(self, query: Float32, ranking: Ranking, index: VectorIndex) -> Float32:
        """The ``(D,)`` query with the first ``n`` of ``ranking`` added."""
        best = ranking.top(self.n)
        neighbors = index.vectors(best.ids.tolist()) if len(best) else np.zeros((0, len(query)))
        return expand(query, neighbors.astype(np.float32), best.scores, alpha=self.alpha)
