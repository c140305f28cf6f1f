"""Diffusion: what is near the query, or near what is near it, comes first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Ranking
from relook.reranking.affinity import Affinity
from relook.reranking.linear import check_alpha, solve
from relook.reranking.seeds import Seeds
from relook.reranking.sparse import extract

__all__ = ["Diffusion", "lead", "reorder"]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diffusion:
    """Re-rank by f = (1 - α)(I - α𝒲)^-1 y on the best ``truncate`` images of the first stage.

    𝒲 is normalized on the whole graph and then cut out, so that the edges that leave the
    neighborhood carry weight out of it, and a cut that holds every node changes nothing.

    Attributes:
        k_query: images of the first stage that the query is joined with; 10 in the paper.
        truncate: so many of the first stage are nodes, and the seeds; None takes all of the graph.
        alpha: how far similarity spreads, 0 ≤ α < 1; .99 in the paper, on collections with
            tens of pictures per object. Where there are few, less leads astray less often.
        gamma: exponent of the query's similarities; that of the graph is the affinity's.
        iterations: of conjugate gradient, at most.
        tolerance: residual relative to y at which it stops.

    Source: Iscen et al., CVPR 2017.
    """

    k_query: int = 5
    truncate: int | None = 1000
    alpha: float = 0.9
    gamma: float = 3.0
    iterations: int = 20
    tolerance: float = 1e-6

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        for name in ("k_query", "truncate", "iterations"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")

    def rerank(
        self,
        ranking: Ranking,
        affinity: Affinity,
        *,
        seeds: Seeds | None = None,
        verified_first: bool = False,
    ) -> Ranking:
        """Reorder ``ranking``: the same ids, those that are reached first.

        Args:
            ranking: of the first stage; unless there are seeds, its scores are similarities.
            affinity: of the collection; images that are no nodes of it are not reached.
            seeds: where to start, such as verified images or the neighbors of several query
                points; None takes the first ``k_query`` of ``ranking``.
            verified_first: images with verified evidence stay ahead, in their first order.

        Returns:
            The score of what is reached is f > 0. The rest follows in its first order, with
            scores of at most 0. Where nothing is reached, ``ranking`` comes back.
        """
        if seeds is None:
            seeds = Seeds.nearest(ranking, k=self.k_query, gamma=self.gamma)
        nodes, values = self.spread(affinity, seeds, ranking.ids)
        found = reorder(ranking, affinity.ids[nodes], values)
        return lead(found, ranking) if verified_first else found

    def spread(self, affinity: Affinity, seeds: Seeds, ids: Int64) -> tuple[Int64, Float64]:
        """``(n,)`` rows of the neighborhood of ``ids``, best first, and seeds, and f of each."""
        if self.truncate is None:
            nodes = np.arange(len(affinity))
        else:
            nodes = np.unique(affinity.rows(np.concatenate([ids[: self.truncate], seeds.ids])))
            nodes = nodes[nodes >= 0]
        return nodes, self.spread_on(affinity, seeds, nodes)

    def spread_on(self, affinity: Affinity, seeds: Seeds, nodes: Int64) -> Float64:
        """``(n,)`` f of ``nodes``: rows of the affinity, increasing, each once."""
        rows = affinity.rows(seeds.ids)
        places = np.searchsorted(nodes, rows)
        known = (rows >= 0) & (places < len(nodes))
        known[known] = nodes[places[known]] == rows[known]
        y = np.zeros(len(nodes))
        y[places[known]] = seeds.weights[known]
        whole = len(nodes) == len(affinity)
        part = affinity.normalized if whole else extract(affinity.normalized, nodes)
        return solve(
            part, y, alpha=self.alpha, tolerance=self.tolerance, max_iterations=self.iterations
        )


def reorder(ranking: Ranking, ids: Int64, values: Float64) -> Ranking:
    """Put the images with a positive value first, by value; the rest keeps its order.

    Args:
        ranking: what to reorder.
        ids: ``(n,)`` increasing, images with a value.
        values: ``(n,)``, 0 where nothing is known.

    Returns:
        Values as scores; those of the rest are differences to the best of them, so at most 0.
    """
    if not len(ranking) or not len(ids):
        return ranking
    places = np.minimum(np.searchsorted(ids, ranking.ids), len(ids) - 1)
    scores = np.where(ids[places] == ranking.ids, values[places], 0).astype(np.float32)
    reached, rest = np.flatnonzero(scores > 0), np.flatnonzero(~(scores > 0))
    if not len(reached):
        return ranking
    if len(rest):
        scores[rest] = ranking.scores[rest] - ranking.scores[rest[0]]
    order = np.concatenate([reached[np.argsort(-scores[reached], kind="stable")], rest])
    return _ordered(ranking, order, scores)


def lead(found: Ranking, ranking: Ranking) -> Ranking:
    """The images of ``ranking`` with verified evidence, in its order; then those of ``found``.

    Both hold the same images. The scores of the first are lifted above those of the others.
    """
    marks = [item is not None and item.verified for item in ranking.evidence]
    ahead = np.flatnonzero(np.array(marks, bool))
    if not len(ahead):
        return found
    behind = found.ids[~np.isin(found.ids, ranking.ids[ahead])]
    places = np.argsort(ranking.ids, kind="stable")
    rest = places[np.searchsorted(ranking.ids[places], behind)]
    scores = np.empty(len(ranking), np.float32)
    scores[rest] = found.scores[np.isin(found.ids, behind)]
    floor = scores[rest[0]] if len(rest) else np.float32(0)
    scores[ahead] = ranking.scores[ahead] - ranking.scores[ahead[-1]] + max(floor, np.float32(0))
    order = np.concatenate([ahead, rest])
    scores[order] = np.minimum.accumulate(scores[order])  # what rounding has raised
    return _ordered(ranking, order, scores)


def _ordered(ranking: Ranking, order: Int64, scores: NDArray[np.float32]) -> Ranking:
    evidence = tuple(ranking.evidence[row] for row in order) if ranking.evidence else ()
    return Ranking(ranking.ids[order], scores[order], evidence)
