"""Searches by local features: the first stage, geometry, and the query that grows by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter

from relook.core.protocols import DescriptionStore, Index
from relook.core.records import LocalCodes, Ranking
from relook.reranking import HammingExpansion, SpatialReRanker
from relook.reranking.hamming_expansion import keep_evidence

__all__ = ["LocalSearch"]


@dataclass(frozen=True, slots=True)
class LocalSearch:
    """Finds, verifies, expands.

    Attributes:
        reranker: verifies; nothing where it has no candidates.
        expansion: of the query by what was found; None for none.
    """

    reranker: SpatialReRanker
    expansion: HammingExpansion | None = None

    def find(
        self, query: LocalCodes, index: Index, store: DescriptionStore, *, top: int
    ) -> tuple[Ranking, Mapping[str, float]]:
        """At least ``top`` images, and the milliseconds of ``search`` and ``verify``."""
        top = max(top, self.reranker.candidates)
        start = perf_counter()
        ranking = index.search(query.aggregate, top=top)
        if self.expansion is not None and not self.expansion.verified:
            ranking = self._enlarged(query, ranking, index, store, top) or ranking
        searched = perf_counter()
        if self.reranker.candidates:
            ranking = self._verified(query, ranking, index, store)
        return ranking, {
            "search": 1e3 * (searched - start),
            "verify": 1e3 * (perf_counter() - searched),
        }

    def _verified(
        self, query: LocalCodes, first: Ranking, index: Index, store: DescriptionStore
    ) -> Ranking:
        """By geometry; where that makes images reliable, with the words of these once more."""
        reranker = self.reranker
        verified = reranker.rerank(query, first, store)
        if self.expansion is None or not self.expansion.verified:
            return verified
        enlarged = self._enlarged(query, verified, index, store, len(first))
        if enlarged is None:
            return verified
        proofs = dict(zip(verified.ids.tolist(), verified.evidence, strict=True))
        known = {id_: proofs[id_] for id_ in first.ids[: reranker.candidates].tolist()}
        new = [id_ for id_ in enlarged.ids[: reranker.candidates].tolist() if id_ not in known]
        known.update(zip(new, reranker.examine(query, new, store), strict=True))
        return keep_evidence(enlarged, known)

    def _enlarged(
        self, query: LocalCodes, ranking: Ranking, index: Index, store: DescriptionStore, top: int
    ) -> Ranking | None:
        """The ranking of the enlarged query; None where nothing is reliable."""
        if self.expansion is None:
            return None
        reliable = self.expansion.reliable(query, ranking, store)
        if not reliable:
            return None
        return index.search(self.expansion.enlarge(query.aggregate, reliable), top=top)
