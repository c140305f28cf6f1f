"""Miners: which (query, positive, negatives) the next steps learn from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.training.mining.manifold import ManifoldMiner
from relook.training.mining.negatives import NEGATIVES, Asked
from relook.training.mining.pool import ENGINES, Pool, check_queries
from relook.training.mining.positives import POSITIVES
from relook.training.records import TrainingTuple

__all__ = ["MINERS", "CombinationMiner", "Miner", "TupleMiner", "make_miner"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Alone = Literal["skip", "itself"]


class Miner(Protocol):
    """Vectors and labels → tuples."""

    def mine(
        self, vectors: Float32, labels: Int64, queries: Int64, rng: np.random.Generator
    ) -> tuple[TrainingTuple, ...]:
        """Tuples of the queries, in their order.

        What the labels make impossible raises; what the vectors happen to make impossible, such
        as a semi-hard negative, leaves the query out, so that the answer may be empty: a caller
        goes on with the tuples that it had, or mines again when the network has changed.

        Args:
            vectors: ``(M, D)`` float32 of length 1.
            labels: ``(M,)`` int64, equal where two pictures show the same.
            queries: ``(Q,)`` int64 rows.
            rng: all chance comes from here.

        Raises:
            ShapeError: an argument has another shape or type, or vectors are not of length 1.
            UsageError: all pictures are of one class, or no query has a positive.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TupleMiner:
    """One tuple per query: a positive of one choice, negatives of another.

    Attributes:
        positive: ``random``, ``easiest``, ``hardest``, or ``semi_hard``: the farthest of those
            that are nearer than all negatives.
        negative: ``random``, ``hard``, or ``semi_hard``: the nearest of those that are farther
            than the positive.
        negatives: of a tuple; fewer where there are no more.
        one_per_class: at most one negative of each class, which is N2; without it N1.
        alone: a query whose class has no other picture is left out (``skip``), or is its own
            positive (``itself``), for those who see every picture in a new view.
        engine: ``exact`` compares all; an index of ``make_vector_index``, such as ``auto`` or
            ``ivf``, looks at fewer where there are very many.
        threads: of one search.

    Raises:
        UsageError: an option is unknown or out of range.

    Source: Radenović, Tolias, Chum, "Fine-tuning CNN image retrieval with no human annotation",
    TPAMI 2019: N1, N2, five negatives; Schroff, Kalenichenko, Philbin, "FaceNet", CVPR 2015.

    Example:
        >>> vectors = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]], np.float32)
        >>> labels, rng = np.array([0, 0, 1, 1]), np.random.default_rng(0)
        >>> miner = TupleMiner(negative="hard", negatives=1)
        >>> miner.mine(vectors, labels, np.array([0, 3]), rng)[0]
        TrainingTuple(query=0, positive=1, negatives=(2,))
    """

    positive: str = "random"
    negative: str = "hard"
    negatives: int = 5
    one_per_class: bool = True
    alone: Alone = "skip"
    engine: str = "exact"
    threads: int = 1

    def __post_init__(self) -> None:
        _check_choice("positive", self.positive, POSITIVES)
        _check_choice("negative", self.negative, NEGATIVES)
        _check_choice("alone", self.alone, ("skip", "itself"))
        _check_choice("engine", self.engine, ENGINES)
        _check_counts(negatives=self.negatives, threads=self.threads)

    def mine(
        self, vectors: Float32, labels: Int64, queries: Int64, rng: np.random.Generator
    ) -> tuple[TrainingTuple, ...]:
        """See :class:`Miner`."""
        pool = Pool(vectors, labels, engine=self.engine, threads=self.threads)
        rows = _usable(pool, queries, alone=self.alone)
        positives = rows.copy()
        paired = pool.classes.sizes[pool.classes.numbers[rows]] > 1
        positives[paired] = POSITIVES[self.positive](pool, rows[paired], rng)
        rows, positives = rows[positives >= 0], positives[positives >= 0]
        asked = Asked(rows, positives, self.negatives, self.one_per_class)
        negatives = NEGATIVES[self.negative](pool, asked, rng)
        return tuple(
            TrainingTuple(int(row), int(positive), tuple(others[others >= 0].tolist()))
            for row, positive, others in zip(rows, positives, negatives, strict=True)
            if others[0] >= 0
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinationMiner:
    """The n easiest positives of a query with its m hardest negatives; of all triplets the hardest.

    Easy positives rarely are mistakes of the labels. A triplet is the harder the larger its
    triplet loss is, so by how much the negative is nearer than the positive.

    Attributes:
        positives: n.
        negatives: m.
        triplets: so many of a query are kept, each with one negative; None keeps n.
        one_per_class: at most one negative of each class.
        engine: as of :class:`TupleMiner`.
        threads: of one search.

    Raises:
        UsageError: an option is out of range.

    Source: Gordo, Almazán, Revaud, Larlus, "End-to-end learning of deep visual representations
    for image retrieval", IJCV 2017.
    """

    positives: int = 5
    negatives: int = 5
    triplets: int | None = None
    one_per_class: bool = False
    engine: str = "exact"
    threads: int = 1

    def __post_init__(self) -> None:
        _check_choice("engine", self.engine, ENGINES)
        kept = 1 if self.triplets is None else self.triplets
        _check_counts(
            positives=self.positives, negatives=self.negatives, triplets=kept, threads=self.threads
        )

    def mine(
        self, vectors: Float32, labels: Int64, queries: Int64, rng: np.random.Generator
    ) -> tuple[TrainingTuple, ...]:
        """See :class:`Miner`; a query has several tuples, the hardest first."""
        del rng  # nothing is left to chance
        pool = Pool(vectors, labels, engine=self.engine, threads=self.threads)
        rows = _usable(pool, queries, alone="skip")
        hard = pool.nearest_others(rows, count=self.negatives, one_per_class=self.one_per_class)
        found: list[TrainingTuple] = []
        for row, others in zip(rows, hard, strict=True):
            found += self._of(pool, int(row), others[others >= 0])
        return tuple(found)

    def _of(self, pool: Pool, row: int, negatives: Int64) -> list[TrainingTuple]:
        positives = pool.classes.positives(row)
        near = pool.near(row, positives)
        easiest = np.argsort(-near, kind="stable")[: self.positives]
        positives, near = positives[easiest], near[easiest]
        loss = pool.near(row, negatives)[None, :] - near[:, None]
        kept = np.argsort(-loss.ravel(), kind="stable")[: self.triplets or self.positives]
        return [
            TrainingTuple(row, int(positives[i]), (int(negatives[j]),))
            for i, j in zip(*np.unravel_index(kept, loss.shape), strict=True)
        ]


MINERS: dict[str, Callable[..., Miner]] = {
    "random": partial(TupleMiner, positive="random", negative="random"),
    "hard": partial(TupleMiner, positive="random", negative="hard"),
    "hard_positive": partial(TupleMiner, positive="hardest", negative="hard"),
    "semi_hard": partial(TupleMiner, positive="random", negative="semi_hard"),
    "combination": CombinationMiner,
    "manifold": ManifoldMiner,
}
"""Miners by name; each takes the options of its class."""


def make_miner(name: str, **options: Any) -> Miner:
    """A miner by name.

    Raises:
        UsageError: there is none of that name, or an option is unknown or out of range.
    """
    if name not in MINERS:
        raise UsageError(f"there is no miner named {name!r}; choose one of {', '.join(MINERS)}")
    make = MINERS[name]
    kind: Any = make.func if isinstance(make, partial) else make
    known = [one.name for one in fields(kind)]
    for key in options:
        if key not in known:
            raise UsageError(f"the miner {name} has no {key}; choose from {', '.join(known)}")
    try:
        return make(**options)
    except TypeError as error:
        raise UsageError(f"the miner {name} cannot be made of {options} ({error})") from error


def _usable(pool: Pool, queries: Int64, *, alone: Alone) -> Int64:
    """The queries that have a positive."""
    check_queries(queries, len(pool.vectors))
    if alone == "itself":
        return queries
    rows = queries[pool.classes.sizes[pool.classes.numbers[queries]] > 1]
    if len(queries) and not len(rows):
        raise UsageError(
            "no query has another picture of its class to be its positive; give classes of two "
            "pictures or more, or let views of one picture be its positives (alone = 'itself', "
            "where the miner has it)"
        )
    return rows


def _check_choice(name: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise UsageError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def _check_counts(**counts: int) -> None:
    for name, value in counts.items():
        if value < 1:
            raise UsageError(f"{name} must be at least 1, not {value}")
