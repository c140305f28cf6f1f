"""Answers by the global channel, alone or together with the local one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from relook.core.records import Image, LocalCodes, Ranking
from relook.reranking import Seeds
from relook.reranking.fusion import Fusion
from relook.search.channels import GLOBAL, LOCAL
from relook.search.engine import Sources
from relook.search.local import LocalParts
from relook.search.plan import Plan
from relook.search.vector import VectorParts
from relook.search.vector_search import VectorSearch

__all__ = ["HybridAnswer", "VectorAnswer"]

Answer = tuple[Ranking, Mapping[str, float]]
Codes = Mapping[str, Any]

DEPTH = 1000
"""Images of each channel that are fused: matches, and strangers to tell them from."""


@dataclass(frozen=True, slots=True)
class VectorAnswer:
    """Answers by one vector per picture."""

    vector: VectorParts
    plan: Plan

    def describe(self, image: Image) -> Codes:
        """The codes of a query."""
        return {GLOBAL: self.vector.describer.describe_query(image)}

    def find(self, sources: Sources, codes: Codes, top: int) -> Answer:
        """Rank the collection for what was described."""
        start = perf_counter()
        query = self.vector.query(codes[GLOBAL])
        ranking = VectorSearch(self.plan).search(sources, query, top=top)
        return ranking, {"search": 1e3 * (perf_counter() - start), "verify": 0.0}


@dataclass(frozen=True, slots=True)
class HybridAnswer:
    """Answers by both: candidates of each, verified by geometry, fused; diffused if wanted."""

    local: LocalParts
    vector: VectorParts
    plan: Plan

    def describe(self, image: Image) -> Codes:
        """The codes of a query, by channel."""
        return {
            LOCAL: self.local.describer.describe_query(image),
            GLOBAL: self.vector.describer.describe_query(image),
        }

    def find(self, sources: Sources, codes: Codes, top: int) -> Answer:
        """Rank the collection for what was described."""
        start = perf_counter()
        local, query = codes[LOCAL], self.vector.query(codes[GLOBAL])
        depth = max(top, DEPTH)
        by_words = sources.index(LOCAL).search(local.aggregate, top=depth)
        by_vector = VectorSearch(self.plan).nearest(sources, query, top=depth)
        searched = perf_counter()
        fused = self._fuse(sources, local, by_words, by_vector)
        return fused, {
            "search": 1e3 * (searched - start),
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
