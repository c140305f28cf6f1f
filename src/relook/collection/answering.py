"""From a described query to the hits of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from relook.collection.catalog import Catalog
from relook.collection.described import DescribedQuery
from relook.collection.filtering import FilteredSources
from relook.collection.records import Hit, SearchResult
from relook.core.records import Evidence, Ranking

if TYPE_CHECKING:
    from relook.search import Engine, Sources

__all__ = ["answer", "explain", "to_hits"]

_SPARE = 16
_DEPTH = 200
"""Images of each box that are merged, at least: what a ranking lacks has its last score."""


def answer(
    queries: Sequence[DescribedQuery],
    sources: Sources,
    *,
    engine: Engine,
    catalog: Catalog,
    top: int,
    without: int | None,
) -> SearchResult:
    """Search; what no file shows any more is found but not shown, so there may have to be more."""
    asked = top + _SPARE if len(queries) == 1 else max(top + _SPARE, _DEPTH)
    while True:
        answers = [engine.find(sources, query.codes, asked) for query in queries]
        rankings = [ranking for ranking, _ in answers]
        ranking = rankings[0] if len(queries) == 1 else merge_boxes(rankings, kind=engine.kind)
        hits = to_hits(ranking, catalog.paths(ranking.ids.tolist()), without=without)
        if len(hits) >= top or max(map(len, rankings)) < asked:
            shown = tuple(hits[:top])
            if len(queries) == 1:
                shown = with_similarity(shown, ranking, engine, sources, queries[0])
            return SearchResult(queries[0].name, shown, _added(answers))
        asked *= 4


def explain(
    query: DescribedQuery, sources: Sources, *, engine: Engine, catalog: Catalog, content: int
) -> Hit | None:
    """What speaks for one picture, whether or not it would be among the first.

    Returns:
        The hit with its evidence; None where the two have nothing in common.
    """
    only = FilteredSources(sources, np.array([content], np.int64))
    ranking, _ = engine.find(only, query.codes, 1)
    hits = to_hits(ranking, catalog.paths([content]), without=None)
    return next(iter(with_similarity(hits, ranking, engine, sources, query)), None)


def merge_boxes(rankings: Sequence[Ranking], *, kind: str) -> Ranking:
    """One ranking of the rankings of several boxes: what shows all of them comes first.

    Scores of local features are evidence that multiplies, so their logarithms are averaged; others
    are averaged as they are. What a ranking lacks has its last score. The evidence is the strongest
    that any box has.
    """
    found = [ranking for ranking in rankings if len(ranking)]
    if not found:
        return rankings[0]
    ids = np.unique(np.concatenate([ranking.ids for ranking in found]))
    total = np.zeros(len(ids), np.float64)
    proofs: dict[int, Evidence] = {}
    for ranking in found:
        scores = ranking.scores.astype(np.float64)
        scores = np.log(np.maximum(scores, 1e-9)) if kind == "local" else scores
        row = np.full(len(ids), scores[-1])
        row[np.searchsorted(ids, ranking.ids)] = scores
        total += row
        for key, proof in zip(ranking.ids.tolist(), ranking.evidence, strict=False):
            if proof is not None and (key not in proofs or proof.strength > proofs[key].strength):
                proofs[key] = proof
    total /= len(found)
    order = np.lexsort((ids, -total))
    scores = np.exp(total) if kind == "local" else total
    best = ids[order]
    evidence = tuple(proofs.get(key) for key in best.tolist())
    return Ranking(best, scores[order].astype(np.float32), evidence)


def to_hits(ranking: Ranking, paths: Mapping[int, str], *, without: int | None) -> Sequence[Hit]:
    """The results that a file shows, in order."""
    hits: list[Hit] = []
    evidence = ranking.evidence or (None,) * len(ranking)
    for key, score, proof in zip(ranking.ids.tolist(), ranking.scores, evidence, strict=True):
        if key == without or key not in paths:
            continue
        hit = Hit(len(hits) + 1, key, paths[key], float(score))
        if proof is not None:
            hit = replace(
                hit,
                inliers=proof.inliers,
                region=proof.region,
                query_region=proof.query_region,
                evidence=proof,
            )
        hits.append(hit)
    return hits


def with_similarity(
    hits: Sequence[Hit],
    ranking: Ranking,
    engine: Engine,
    sources: Sources,
    query: DescribedQuery,
) -> tuple[Hit, ...]:
    """The hits with their similarity to the query from 0 to 1, without geometry.

    That of a vector is the cosine. That of a match kernel is the power mean of what the words of
    both pictures share: the normalized kernel is a mean of α-th powers, so its α-th root is taken.
    Where the scores of a ranking are neither, as fused and diffused ones, the pictures are compared
    anew: see :meth:`relook.search.hybrid.HybridAnswer.compare`.
    """
    if not hits:
        return ()
    if engine.compare is not None:
        ids = np.array([hit.id for hit in hits], np.int64)
        values = engine.compare(sources, query.codes, ids)
        return _told(hits, dict(zip(ids.tolist(), values.tolist(), strict=True)))
    values = engine.similarities(ranking)
    values = np.exp(values / engine.exponent) if engine.kind == "local" else values
    known = zip(ranking.ids.tolist(), np.clip(values, 0, 1).tolist(), strict=True)
    return _told(hits, dict(known))


def _told(hits: Sequence[Hit], similarities: Mapping[int, float]) -> tuple[Hit, ...]:
    return tuple(replace(hit, similarity=similarities[hit.id]) for hit in hits)


def _added(answers: Sequence[tuple[Ranking, Mapping[str, float]]]) -> dict[str, float]:
    spent: dict[str, float] = {}
    for _, milliseconds in answers:
        for stage, more in milliseconds.items():
            spent[stage] = spent.get(stage, 0.0) + more
    return spent
