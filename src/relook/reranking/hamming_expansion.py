"""Hamming query expansion: local features of reliable results join the query, word by word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.protocols import DescriptionStore
from relook.core.records import Aggregate, Evidence, LocalCodes, Ranking
from relook.matching import match_codes
from relook.reranking.framing import carry_points, invert, within

__all__ = ["HammingExpansion", "Reliable", "aggregate_words", "keep_evidence"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
UInt64 = NDArray[np.uint64]

LOOKED_AT = 5
"""Images that are held against the query, without geometry, for each that may be added."""


@dataclass(frozen=True, slots=True, eq=False)
class Reliable:
    """A result that is believed to show what the query shows, and the part of it that does.

    Attributes:
        codes: all codes of the image.
        rows: ``(M,)`` bool, the rows of its codes that show what the query shows.
        evidence: its geometry, where it was verified.
    """

    codes: LocalCodes
    rows: NDArray[np.bool_]
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HammingExpansion:
    """Hamming query expansion (HQE) of binary codes, with and without geometry.

    The first results that are reliable join the query: per visual word their signatures and those
    of the query are summed as ±1, component by component, and the signs are the query's new
    signature of that word; where a sum is 0 the query decides. Words that the query lacks come in
    where several of the reliable images have them, those of most images first.

    With geometry a result is reliable where it is verified, and only its features count that lie
    in what the query shows. Without, a result is reliable that has ``min_matches`` one-to-one
    correspondences within ``max_distance`` bits, of features that have no other such match on
    either side, and all of it counts.

    Attributes:
        neighbors: at most so many reliable images are added.
        verified: with geometry.
        max_distance: Hamming distance in bits of a correspondence that makes reliable, stricter
            than that of search.
        min_matches: correspondences that make reliable; coarse words and several assignments make
            some by chance.
        min_images: a word that the query lacks must be in so many of the reliable images.
        growth: at most so many words are added, as a share of those that the query has.

    Source: Tolias, Jégou, "Visual query expansion with or without geometry: refining local
    descriptors by feature aggregation", Pattern Recognition 2014.
    """

    neighbors: int = 10
    verified: bool = True
    max_distance: int = 28
    min_matches: int = 20
    min_images: int = 2
    growth: float = 0.5

    def __post_init__(self) -> None:
        if min(self.neighbors, self.min_matches, self.min_images) < 1:
            raise UsageError("neighbors, min_matches and min_images must be 1 or more")
        if self.max_distance < 0 or not 0 <= self.growth < np.inf:
            raise UsageError("max_distance and growth must be 0 or more")

    def reliable(
        self, query: LocalCodes, ranking: Ranking, store: DescriptionStore
    ) -> list[Reliable]:
        """The first images of ``ranking`` that are reliable; verified ones need its evidence."""
        if self.verified:
            return self._verified(query, ranking, store)
        ids = ranking.ids[: LOOKED_AT * self.neighbors].tolist()
        codes = store.codes(ids)
        others = (codes[id_] for id_ in ids if id_ in codes)
        similar = (other for other in others if self._is_similar(query, other))
        return [
            Reliable(other, np.ones(len(other.words), np.bool_))
            for other in islice(similar, self.neighbors)
        ]

    def _verified(
        self, query: LocalCodes, ranking: Ranking, store: DescriptionStore
    ) -> list[Reliable]:
        sure: Mapping[int, Evidence] = {
            id_: proof
            for id_, proof in zip(ranking.ids.tolist(), ranking.evidence, strict=False)
            if proof is not None and proof.verified
        }
        ids = list(sure)[: self.neighbors]
        codes = store.codes(ids)
        return [_seen(query, codes[id_], sure[id_]) for id_ in ids if id_ in codes]

    def _is_similar(self, query: LocalCodes, other: LocalCodes) -> bool:
        pairs = match_codes(query, other, max_distance=self.max_distance).pairs
        alone = [np.bincount(side, minlength=1)[side] == 1 for side in pairs.T]
        return int(np.sum(alone[0] & alone[1])) >= self.min_matches

    def enlarge(self, query: Aggregate, reliable: Sequence[Reliable]) -> Aggregate:
        """The query with the words of reliable images: each word once, sorted.

        Raises:
            UsageError: the vectors are no binary signatures.
        """
        if query.vectors.dtype != np.uint64:
            raise UsageError("Hamming query expansion adds up binary signatures; these are none")
        words = [query.words, *(one.codes.words[one.rows] for one in reliable)]
        own_vectors = query.vectors.view(np.uint64)
        vectors = [own_vectors, *(one.codes.signatures[one.rows] for one in reliable)]
        new = self._new_words(np.unique(query.words), words[1:])
        every, rows = np.concatenate(words), np.concatenate(vectors)
        keep = np.isin(every, np.union1d(query.words, new))
        keep[: len(query.words)] = True
        own = np.arange(len(every)) < len(query.words)
        return aggregate_words(every[keep], rows[keep], own[keep])

    def _new_words(
        self, mine: NDArray[np.int32], theirs: Sequence[NDArray[np.int32]]
    ) -> NDArray[np.int32]:
        if not theirs:
            return mine[:0]
        words, images = np.unique(
            np.concatenate([np.unique(w) for w in theirs]), return_counts=True
        )
        fresh = (images >= self.min_images) & ~np.isin(words, mine)
        words, images = words[fresh], images[fresh]
        order = np.lexsort((words, -images))[: int(self.growth * len(mine))]
        return np.sort(words[order])


def _seen(query: LocalCodes, other: LocalCodes, evidence: Evidence) -> Reliable:
    """The rows of a verified image that lie in what the query shows."""
    back = invert(evidence.transform)
    if back is None or not len(query.frames):
        return Reliable(other, np.zeros(len(other.words), np.bool_), evidence)
    points = query.frames[:, :2]
    inside = within(carry_points(back, other.frames[:, :2]), points.min(axis=0), points.max(axis=0))
    return Reliable(other, inside[other.features], evidence)


def aggregate_words(
    words: NDArray[np.int32], signatures: UInt64, own: NDArray[np.bool_]
) -> Aggregate:
    """Majority of the bits of each word; the rows that are ``own`` decide where there is none.

    Args:
        words: ``(M,)`` int32.
        signatures: ``(M, bits / 64)`` uint64.
        own: ``(M,)`` bool.
    """
    order = np.argsort(words, kind="stable")
    words, signatures, own = words[order], signatures[order], own[order]
    if not len(words):
        return Aggregate(words, signatures)
    starts = np.flatnonzero(np.r_[True, words[1:] != words[:-1]])
    ends = np.r_[starts[1:], len(words)]
    merged = signatures[starts].copy()
    several = ends - starts > 1
    if several.any():
        inside = np.repeat(several, ends - starts)
        firsts = np.cumsum((ends - starts)[several]) - (ends - starts)[several]
        merged[several] = _majority(signatures[inside], own[inside], firsts)
    return Aggregate(words[starts], merged)


def _majority(signatures: UInt64, own: NDArray[np.bool_], starts: NDArray[np.int64]) -> UInt64:
    """Signs of the sums of ±1 of each run of rows."""
    content = np.ascontiguousarray(signatures).astype("<u8", copy=False).view(np.uint8)
    signs = 2 * np.unpackbits(content, axis=1, bitorder="little").astype(np.int16) - 1
    total = np.add.reduceat(signs, starts, axis=0)
    mine = np.add.reduceat(signs * own[:, None], starts, axis=0)
    bits = np.where(total != 0, total, mine) > 0
    packed = np.packbits(bits, axis=1, bitorder="little")
    return packed.view("<u8").astype(np.uint64, copy=False)


def keep_evidence(ranking: Ranking, known: Mapping[int, Evidence | None]) -> Ranking:
    """The ranking of an enlarged query, with what the query as it was asked has of its images.

    Scores are those of the enlarged query times 1 + strength of the evidence, as
    :class:`~relook.reranking.SpatialReRanker` has it. An image that only the enlarged query finds
    has no evidence and keeps its score. One with evidence that the enlarged query does not find
    comes in with the last of its scores.

    Args:
        ranking: of the enlarged query.
        known: what the query shows of images, by id.
    """
    here = set(ranking.ids.tolist())
    lost = [id_ for id_, proof in known.items() if proof is not None and id_ not in here]
    last = ranking.scores[-1:].repeat(len(lost))
    ids = np.r_[ranking.ids, np.array(lost[: len(last)], np.int64)]
    scores = np.r_[ranking.scores, last]
    evidence = [known.get(id_) for id_ in ids.tolist()]
    scores *= np.array([1.0 if one is None else 1.0 + one.strength for one in evidence], np.float32)
    order = np.lexsort((np.arange(len(scores)), -scores))
    return Ranking(ids[order], scores[order], tuple(evidence[row] for row in order))
