"""Rankings of one collection as one: the query's, and those of results that were marked.

Marked right, a result is one more query for the same thing. Marked wrong, it says what there is
beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Ranking

__all__ = ["merge_rankings"]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def merge_rankings(
    query: Ranking, *, right: Mapping[int, Ranking], wrong: Mapping[int, Ranking]
) -> Ranking:
    """Search again with what was marked.

    All rankings are of one recipe and as long as can be had. An image has the mean of its scores in
    the query's ranking and in those of the right ones: both witnesses count. A ranking that lacks
    an image gives it the last of its scores, and says nothing of the picture that it was made with.
    Images are then ordered by these values, with three exceptions:

    - images that were marked right come first;
    - those marked wrong are left out, whatever found them;
    - where a picture marked wrong has a verified match with an image (or, where its ranking has no
      evidence at all, any score) and its score s is above the value v of the image, the image is
      more of that than of this: its value becomes v - (s - v).

    With nothing marked this is the query's ranking. Equal images keep its order; those that it
    lacks follow by id. Evidence is the query's own: what only a right result leads to has none.

    Args:
        query: the ranking of the query.
        right: by the id of each image that was marked right, the ranking of a search with it; an
            empty one where none was made.
        wrong: the same of those marked wrong.

    Raises:
        UsageError: an image is marked right and wrong.
    """
    both = sorted(set(right) & set(wrong))
    if both:
        raise UsageError(f"image {both[0]} is marked right and wrong; take one of the marks back")
    if not right and not wrong:
        return query
    ids = _ids(query, right, without=wrong)
    table = [_scores(query, ids)] if len(query) else []
    table += [_scores(ranking, ids, own=id_) for id_, ranking in right.items() if len(ranking)]
    values = _means(table, len(ids))
    values -= np.maximum(_doubt(wrong, ids) - values, 0)
    return _ordered(ids, values, query, right)


def _ids(query: Ranking, right: Mapping[int, Ranking], *, without: Iterable[int]) -> Int64:
    """All images: those of the query's ranking in its order, then the others."""
    others = [np.array(sorted(right), np.int64), *(ranking.ids for ranking in right.values())]
    more = np.setdiff1d(np.concatenate(others), query.ids)
    ids = np.concatenate([query.ids, more])
    return ids[~np.isin(ids, np.array(list(without), np.int64))]


def _scores(ranking: Ranking, ids: Int64, *, own: int | None = None) -> Float64:
    """What a ranking gives each image; NaN for the one that it was made with."""
    order = np.argsort(ranking.ids, kind="stable")
    found = np.minimum(np.searchsorted(ranking.ids[order], ids), len(order) - 1)
    rows = order[found]
    there = ranking.ids[rows] == ids
    scores = np.where(there, ranking.scores[rows], ranking.scores[-1]).astype(np.float64)
    return np.where(ids == own, np.nan, scores) if own is not None else scores


def _means(table: list[Float64], count: int) -> Float64:
    """Per image, of what is known of it."""
    if not table:
        return np.zeros(count)
    scores = np.stack(table)
    known = np.isfinite(scores)
    totals = np.where(known, scores, 0.0).sum(axis=0)
    means: Float64 = totals / np.maximum(known.sum(axis=0), 1)
    return means


def _doubt(wrong: Mapping[int, Ranking], ids: Int64) -> Float64:
    """The best score that a picture marked wrong can prove for each image; -inf for none."""
    doubt = np.full(len(ids), -np.inf)
    places = {id_: place for place, id_ in enumerate(ids.tolist())}
    for ranking in wrong.values():
        proofs = ranking.evidence if any(ranking.evidence) else None
        for row, id_ in enumerate(ranking.ids.tolist()):
            proof = None if proofs is None else proofs[row]
            believed = proofs is None or (proof is not None and proof.verified)
            if believed and id_ in places:
                doubt[places[id_]] = max(doubt[places[id_]], float(ranking.scores[row]))
    return doubt


def _ordered(ids: Int64, values: Float64, query: Ranking, right: Mapping[int, Ranking]) -> Ranking:
    marked = np.isin(ids, np.array(list(right), np.int64))
    order = np.lexsort((np.arange(len(ids)), -values, ~marked))
    scores = values.astype(np.float32)
    # Those that come first for another reason than their score have the best score, at least.
    scores[marked] = np.maximum(scores[marked], scores.max(initial=-np.inf))
    if not query.evidence:
        return Ranking(ids[order], scores[order])
    proofs = dict(zip(query.ids.tolist(), query.evidence, strict=True))
    found = tuple(proofs.get(id_) for id_ in ids[order].tolist())
    return Ranking(ids[order], scores[order], found)
