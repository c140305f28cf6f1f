"""Mining on manifolds: what diffusion reaches and distance does not teaches, without any label.

The manifold neighbors M(x) of an anchor are what the diffusion from it reaches best, its
Euclidean neighbors E(x) are simply near. Who is in M(x) alone shows the same from another side; who
is in E(x) alone looks alike by accident.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.reranking.affinity import Affinity
from relook.reranking.columns import Task, solve_columns
from relook.reranking.graph import NeighborGraph
from relook.reranking.linear import check_alpha
from relook.training.mining.pool import check_queries, check_vectors
from relook.training.records import TrainingTuple

__all__ = ["ManifoldMiner", "Neighborhood", "modes", "neighborhoods", "stationary"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class Neighborhood(NamedTuple):
    """Rows around an anchor, best first, without itself.

    Attributes:
        euclidean: E(x), the nearest.
        manifold: M(x), what diffusion reaches best; fewer where the graph ends.
    """

    euclidean: Int64
    manifold: Int64

    @property
    def positives(self) -> Int64:
        """M ∖ E, what is reached best first."""
        return self.manifold[~np.isin(self.manifold, self.euclidean)]

    @property
    def negatives(self) -> Int64:
        """E ∖ M, the nearest first."""
        return self.euclidean[~np.isin(self.euclidean, self.manifold)]


def stationary(affinity: Affinity) -> Float64:
    """``(N,)`` how often a random walk on the graph is at each node in the long run.

    Weights are symmetric, so that it is each node's share of all weight; 0 where no edge is.
    """
    weights = affinity.weights
    rows = np.repeat(np.arange(weights.rows), np.diff(weights.offsets))
    degrees = np.bincount(rows, weights.weights, weights.rows).astype(np.float64)
    return degrees / max(float(degrees.sum()), np.finfo(np.float64).tiny)


def modes(affinity: Affinity) -> Int64:
    """Increasing nodes whose stationary probability no neighbor exceeds; of equal ones the first.

    Nodes without edges are none.
    """
    weights, share = affinity.weights, stationary(affinity)
    rows = np.repeat(np.arange(weights.rows), np.diff(weights.offsets))
    columns = weights.columns
    beaten = (share[columns] > share[rows]) | ((share[columns] == share[rows]) & (columns < rows))
    lost = np.bincount(rows[beaten], minlength=weights.rows) > 0
    return np.flatnonzero((share > 0) & ~lost)


def neighborhoods(
    graph: NeighborGraph, affinity: Affinity, anchors: Int64, *, task: Task, threads: int = 1
) -> list[Neighborhood]:
    """E and M of each anchor.

    Args:
        graph: its lists are E.
        affinity: of the same nodes, where diffusion runs.
        anchors: ``(A,)`` rows of the graph.
        task: how far diffusion goes, and how many it keeps, of which the anchor is one.
        threads: that many anchors at a time.
    """
    matrix = affinity.normalized

    def of(anchor: int) -> Neighborhood:
        near = graph.neighbors[anchor].astype(np.int64)
        _, rows, values = solve_columns(matrix, anchor, anchor + 1, task)
        reached = rows[np.argsort(-values, kind="stable")].astype(np.int64)
        return Neighborhood(near[near >= 0], reached[reached != anchor])

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(of, anchors.tolist()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifoldMiner:
    """Tuples of pictures that nobody labeled.

    The positive is any of M ∖ E, the negatives are the nearest of E ∖ M. An anchor that has not
    both is left out.

    Attributes:
        nearest: pictures in E and in M; more than lie between two manifolds, because in an E
            that holds one manifold only, E ∖ M is chance.
        k: neighbors that a mutual edge of the graph has to be among.
        gamma: exponent of the similarity of an edge.
        alpha: how far diffusion spreads.
        anchors: of the queries, those at which the stationary distribution of the graph is
            highest (``modes``), or ``all``.
        positives: tuples of an anchor, each with another positive; fewer where there are no more.
        negatives: of a tuple; fewer where there are no more.
        threads: of all.

    Raises:
        UsageError: an option is out of range.

    Source: Iscen, Tolias, Avrithis, Chum, "Mining on manifolds: metric learning without labels",
    CVPR 2018.
    """

    nearest: int = 50
    k: int = 30
    gamma: float = 3.0
    alpha: float = 0.99
    anchors: Literal["modes", "all"] = "modes"
    positives: int = 1
    negatives: int = 5
    threads: int = 1

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        for name in ("nearest", "k", "positives", "negatives", "threads"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.anchors not in {"modes", "all"}:
            raise UsageError(f"anchors must be modes or all, not {self.anchors!r}")
        if not 0 < self.gamma < np.inf:
            raise UsageError(f"gamma must be above 0, not {self.gamma}")

    def mine(
        self,
        vectors: Float32,
        labels: Int64 | None,
        queries: Int64,
        rng: np.random.Generator,
    ) -> tuple[TrainingTuple, ...]:
        """See :class:`~relook.training.mining.miners.Miner`; labels are not looked at."""
        del labels
        check_vectors(vectors)
        check_queries(queries, len(vectors))
        longest = max(self.k, self.nearest)
        graph = NeighborGraph.build(
            np.arange(len(vectors)), vectors, k=longest, threads=self.threads
        )
        affinity = Affinity.of(graph, k=self.k, gamma=self.gamma)
        if self.anchors == "modes":
            queries = queries[np.isin(queries, modes(affinity))]
        near = NeighborGraph(
            graph.ids,
            np.ascontiguousarray(graph.neighbors[:, : self.nearest]),
            np.ascontiguousarray(graph.similarities[:, : self.nearest]),
        )
        task = Task(keep=self.nearest + 1, truncate=max(1000, 4 * self.nearest), alpha=self.alpha)
        around = neighborhoods(near, affinity, queries, task=task, threads=self.threads)
        return tuple(self._tuples(queries, around, rng))

    def _tuples(
        self, anchors: Int64, around: Sequence[Neighborhood], rng: np.random.Generator
    ) -> list[TrainingTuple]:
        found = []
        for anchor, each in zip(anchors.tolist(), around, strict=True):
            good, bad = each.positives, each.negatives[: self.negatives].tolist()
            if len(good) and bad:
                chosen = rng.choice(good, min(self.positives, len(good)), replace=False)
                found += [TrainingTuple(anchor, row, tuple(bad)) for row in chosen.tolist()]
        return found
