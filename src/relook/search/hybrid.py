"""Answers by the global channel, alone or together with the local one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from relook.core.records import Image, LocalCodes, Ranking
from relook.reranking import Seeds
from relook.reranking.fusion import Fusion
from relook.search.channels import LOCAL
from relook.search.engine import Sources
from relook.search.local import LocalParts
from relook.search.plan import Plan
from relook.search.vector import VectorParts
from relook.search.vector_search import VectorSearch

__all__ = ["HybridAnswer", "VectorAnswer"]

Answer = tuple[Ranking, Mapping[str, float]]

DEPTH = 1000
"""Images of each channel that are fused: matches, and strangers to tell them from."""


@dataclass(frozen=True, slots=True)
class VectorAnswer:
    """Answers by one vector per picture."""

    vector: VectorParts
    plan: Plan

    def search(self, sources: Sources, image: Image, top: int) -> Answer:
        """Rank the collection for a query."""
        start = perf_counter()
        query = self.vector.query(self.vector.describer.describe_query(image))
        described = perf_counter()
        ranking = VectorSearch(self.plan).search(sources, query, top=top)
        return ranking, {
            "describe": 1e3 * (described - start),
            "search": 1e3 * (perf_counter() - described),
            "verify": 0.0,
        }


@dataclass(frozen=True, slots=True)
class HybridAnswer:
    """Answers by both: candidates of each, verified by geometry, fused; diffused if wanted."""

    local: LocalParts
    vector: VectorParts
    plan: Plan

    def search(self, sources: Sources, image: Image, top: int) -> Answer:
        """Rank the collection for a query."""
        start = perf_counter()
        codes = self.local.describer.describe_query(image)
        query = self.vector.query(self.vector.describer.describe_query(image))
        described = perf_counter()
        depth = max(top, DEPTH)
        by_words = sources.index(LOCAL).search(codes.aggregate, top=depth)
        by_vector = VectorSearch(self.plan).nearest(sources, query, top=depth)
        searched = perf_counter()
        fused = self._fuse(sources, codes, by_words, by_vector)
        return fused, {
            "describe": 1e3 * (described - start),
            "search": 1e3 * (searched - described),
            "verify": 1e3 * (perf_counter() - searched),
        }

    def _fuse(
        self, sources: Sources, codes: LocalCodes, by_words: Ranking, by_vector: Ranking
    ) -> Ranking:
        plan, settings = self.plan, self.plan.fuse
        fusion = Fusion(
            local=settings.local,
            weight=settings.weight,
            background=settings.background,
            depth=DEPTH,
        )
        best = (by_words.ids[: plan.candidates], by_vector.ids[: settings.candidates])
        ids = np.union1d(*best).tolist() if plan.candidates else []
        found = self.local.reranker.examine(codes, ids, sources.store(LOCAL))
        fused = fusion.fuse(by_words, by_vector, dict(zip(ids, found, strict=True)))
        if not plan.diffuse.neighbors:
            return fused
        return self._diffuse(sources, fused, by_vector)

    def _diffuse(self, sources: Sources, fused: Ranking, by_vector: Ranking) -> Ranking:
        """Spread from verified images to what is near them; they themselves stay in front.

        Source: Radenović, Iscen, Tolias, Avrithis, Chum, "Revisiting Oxford and Paris", CVPR 2018.
        """
        settings = self.plan.diffuse
        verified = Seeds.verified(fused, k=settings.query_neighbors)
        nearest = Seeds.nearest(by_vector, k=settings.query_neighbors, gamma=settings.gamma)
        seeds = verified if len(verified) else nearest
        return VectorSearch(self.plan).diffuse(sources, fused, seeds=seeds, verified_first=True)
