"""How the global channel answers: search, expand the query, diffuse on the graph of neighbors."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.protocols import VectorIndex
from relook.core.records import Ranking
from relook.reranking import Affinity, AlphaQueryExpansion, Diffusion, NeighborGraph, Seeds
from relook.search.channels import GLOBAL
from relook.search.engine import Companion, Sources
from relook.search.plan import Plan

__all__ = ["GRAPH", "VectorSearch", "make_graph"]

GRAPH = "graph"
"""Name of the companion that holds the graph of neighbors."""


@dataclass(frozen=True, slots=True)
class VectorSearch:
    """Answers a query by the global channel alone.

    Attributes:
        plan: how.
    """

    plan: Plan

    def search(self, sources: Sources, query: NDArray[np.float32], *, top: int) -> Ranking:
        """The ``top`` best images for a query as the index takes it, ``(D,)`` or ``(R, D)``."""
        plan = self.plan
        depth = max(top, plan.diffuse.truncate) if plan.diffuse.neighbors else top
        return self.diffuse(sources, self.nearest(sources, query, top=depth)).top(top)

    def nearest(self, sources: Sources, query: NDArray[np.float32], *, top: int) -> Ranking:
        """The first stage, with the query expanded where the plan says so."""
        if not query.any():  # nothing was found to describe; all pictures would be alike
            return Ranking(np.zeros(0, np.int64), np.zeros(0, np.float32))
        index = _still(sources.index(GLOBAL))
        plan = self.plan
        if plan.expand.neighbors and query.ndim == 1:
            expansion = AlphaQueryExpansion(n=plan.expand.neighbors, alpha=plan.expand.alpha)
            return expansion.search(query, index, top=top)
        return index.search(query, top=top)

    def diffuse(
        self,
        sources: Sources,
        ranking: Ranking,
        *,
        seeds: Seeds | None = None,
        verified_first: bool = False,
    ) -> Ranking:
        """Reorder what the first stage found, where the plan says so."""
        settings = self.plan.diffuse
        if not settings.neighbors or not len(ranking):
            return ranking
        diffusion = Diffusion(
            k_query=settings.query_neighbors,
            truncate=settings.truncate,
            alpha=settings.alpha,
            gamma=settings.gamma,
            iterations=settings.iterations,
        )
        affinity = _affinity(sources.companion(GRAPH), settings.gamma)
        return diffusion.rerank(ranking, affinity, seeds=seeds, verified_first=verified_first)


def make_graph(plan: Plan, *, parameters: str) -> tuple[Companion, ...]:
    """The companion that diffusion needs; none where the plan does not diffuse."""
    neighbors = plan.diffuse.neighbors
    if not neighbors:
        return ()

    def follow(graph: NeighborGraph, index: Any) -> NeighborGraph:
        return graph.caught_up(_still(index), threads=plan.threads)

    return (
        Companion(
            name=GRAPH,
            channel=GLOBAL,
            parameters=parameters,
            make=lambda: NeighborGraph.empty(k=neighbors),
            load=NeighborGraph.load,
            follow=follow,
        ),
    )


def _still(index: VectorIndex) -> VectorIndex:
    """The index as it is now: what is read of it twice is the same while threads change it."""
    return copy.copy(index)


@lru_cache(maxsize=2)
def _affinity(graph: NeighborGraph, gamma: float) -> Affinity:
    """The matrix of a graph; graphs are never changed, so one is made once."""
    return Affinity.of(graph, gamma=gamma)
