"""Answers by the global channel, alone or together with the local one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
Int64 = NDArray[np.int64]
Float64 = NDArray[np.float64]

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

    def compare(self, sources: Sources, codes: Codes, ids: Int64) -> Float64:
        """``(N,)`` similarities of images to the query, 0 to 1; see :func:`cosines`."""
        return cosines(self.vector, sources, codes, ids)


@dataclass(frozen=True, slots=True)
class HybridAnswer:
    """Answers by both: candidates of each, verified by geometry, fused; diffused if wanted.

    Attributes:
        local: the channel of local features.
        vector: the channel of vectors.
        plan: how a query is answered.
        exponent: α of the match kernel, 1 for another one.
    """

    local: LocalParts
    vector: VectorParts
    plan: Plan
    exponent: float = 1.0

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

    def compare(self, sources: Sources, codes: Codes, ids: Int64) -> Float64:
        """``(N,)`` similarities of images to the query, 0 to 1, without geometry.

        A fused score has no bound, and is comparable within one ranking only. Both channels have a
        similarity that is neither: the cosine of the vectors, and the α-th root of the normalized
        match kernel, the power mean of what the words of both pictures share, which compares to a
        cosine. Either is enough for two pictures to be alike, so it is the larger one. Both are of
        the two pictures alone, whichever channel found the image: a copy has 1, and what is
        alike in nothing has 0.
        """
        words = roots(self.local, sources, codes, ids, exponent=self.exponent)
        return np.maximum(words, cosines(self.vector, sources, codes, ids))

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


def cosines(parts: VectorParts, sources: Sources, codes: Codes, ids: Int64) -> Float64:
    """``(N,)`` cosines of images with the query, 0 where they are negative.

    Of several vectors per picture it is that of the two most alike. An image without a description,
    or with that of another network, has 0.
    """
    described = codes[GLOBAL]
    query = np.atleast_2d(parts.query(described)).astype(np.float64)
    stored = sources.store(GLOBAL).codes(ids.tolist())
    found = {key: rows for key, rows in stored.items() if rows.shape[1] == described.shape[1]}
    entries = parts.entries(list(found.values()))
    alike = [float((np.atleast_2d(entry) @ query.T).max()) for entry in entries]
    return _in_order(ids, list(found), np.array(alike))


def roots(
    parts: LocalParts, sources: Sources, codes: Codes, ids: Int64, *, exponent: float
) -> Float64:
    """``(N,)`` normalized kernels of images with the query, the roots of them.

    An image without a description has 0.
    """
    found = sources.store(LOCAL).codes(ids.tolist())
    index = parts.make_index()
    index.add(np.array(list(found), np.int64), parts.channel.entries(list(found.values())))
    known, kernels = index.scores(codes[LOCAL].aggregate)
    return _in_order(
        ids, known.tolist(), np.maximum(kernels.astype(np.float64), 0) ** (1 / exponent)
    )


def _in_order(ids: Int64, known: Sequence[int], values: Float64) -> Float64:
    """What is known, from 0 to 1, in the order of ``ids``."""
    by_id = dict(zip(known, np.clip(values, 0.0, 1.0).tolist(), strict=True))
    return np.array([by_id.get(key, 0.0) for key in ids.tolist()], np.float64)
