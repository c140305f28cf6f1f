"""Who is the positive of a query: by chance, or by how near it is."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from relook.training.mining.pool import Pool

__all__ = ["POSITIVES", "Choice", "easiest", "hardest", "random", "semi_hard"]

Int64 = NDArray[np.int64]
Choice = Callable[[Pool, Int64, np.random.Generator], Int64]
"""Pool, ``(Q,)`` rows that have a positive → ``(Q,)`` rows, -1 where none is as it should be."""


def random(pool: Pool, queries: Int64, rng: np.random.Generator) -> Int64:
    """Any other of the class, each as likely."""
    sizes = pool.classes.sizes[pool.classes.numbers[queries]]
    return pool.classes.mates(queries, rng.integers(0, sizes - 1))


def easiest(pool: Pool, queries: Int64, rng: np.random.Generator) -> Int64:  # noqa: ARG001
    """The nearest of the class (Xuan, Stylianou, Pless, 2020)."""
    return _extreme(pool, queries, 1)


def hardest(pool: Pool, queries: Int64, rng: np.random.Generator) -> Int64:  # noqa: ARG001
    """The farthest of the class; where labels are wrong, it is what finds that out."""
    return _extreme(pool, queries, -1)


def semi_hard(pool: Pool, queries: Int64, rng: np.random.Generator) -> Int64:  # noqa: ARG001
    """The farthest of those that are nearer than all of other classes; none where none is."""
    nearest = pool.nearest_others(queries, count=1)[:, 0]
    edges = np.where(nearest >= 0, pool.similarities(queries, nearest), -np.inf)
    found = np.full(len(queries), -1, np.int64)
    for place, (row, edge) in enumerate(zip(queries, edges, strict=True)):
        rows = pool.classes.positives(row)
        values = pool.near(row, rows)
        if (values > edge).any():
            found[place] = rows[np.argmin(np.where(values > edge, values, np.inf))]
    return found


POSITIVES: dict[str, Choice] = {
    "random": random,
    "easiest": easiest,
    "hardest": hardest,
    "semi_hard": semi_hard,
}
"""Choices of a positive, by name."""


def _extreme(pool: Pool, queries: Int64, sign: int) -> Int64:
    found = np.empty(len(queries), np.int64)
    for place, row in enumerate(queries):
        rows = pool.classes.positives(row)
        found[place] = rows[np.argmax(sign * pool.near(row, rows))]
    return found
