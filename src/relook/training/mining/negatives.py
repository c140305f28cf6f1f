"""Who are the negatives of a query and its positive: by chance, or by how near they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.training.mining.classes import Classes
from relook.training.mining.pool import Pool

__all__ = ["NEGATIVES", "Asked", "hard", "random", "semi_hard"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class Asked(NamedTuple):
    """``(Q,)`` queries and their positives, and how many negatives of what kind they are to get."""

    queries: Int64
    positives: Int64
    wanted: int
    one_per_class: bool


def random(pool: Pool, asked: Asked, rng: np.random.Generator) -> Int64:
    """Any rows of other classes; with one of each class, any classes and any row of each."""
    found = np.full((len(asked.queries), asked.wanted), -1, np.int64)
    pick = _of_classes if asked.one_per_class else _of_rows
    for place, row in enumerate(asked.queries):
        rows = pick(pool.classes, int(pool.classes.numbers[row]), asked.wanted, rng)
        found[place, : len(rows)] = rows
    return found


def hard(pool: Pool, asked: Asked, rng: np.random.Generator) -> Int64:  # noqa: ARG001
    """The nearest of other classes: N1, or N2 with at most one of each (Radenović et al., 2019)."""
    return pool.nearest_others(asked.queries, count=asked.wanted, one_per_class=asked.one_per_class)


def semi_hard(pool: Pool, asked: Asked, rng: np.random.Generator) -> Int64:  # noqa: ARG001
    """The nearest of those that are farther than the positive (Schroff et al., 2015)."""
    return pool.nearest_others(
        asked.queries,
        count=asked.wanted,
        one_per_class=asked.one_per_class,
        below=pool.similarities(asked.queries, asked.positives),
    )


Choice = Callable[[Pool, Asked, np.random.Generator], Int64]

NEGATIVES: dict[str, Choice] = {"random": random, "hard": hard, "semi_hard": semi_hard}
"""Choices of negatives, by name: ``(Q, count)`` rows, -1 where there are no more."""


def _of_rows(classes: Classes, own: int, count: int, rng: np.random.Generator) -> Int64:
    others = len(classes.order) - int(classes.sizes[own])
    return classes.others(own, rng.choice(others, min(count, others), replace=False))


def _of_classes(classes: Classes, own: int, count: int, rng: np.random.Generator) -> Int64:
    chosen = rng.choice(classes.count - 1, min(count, classes.count - 1), replace=False)
    return np.array([rng.choice(classes.rows(int(c + (c >= own)))) for c in chosen], np.int64)
