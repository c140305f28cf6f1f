"""Neighbor lists, affinities and diffusion in dense float64, as the definitions say them."""

from __future__ import annotations

import numpy as np


def unit(rows):
    """l2-normalized float32 rows."""
    rows = np.asarray(rows, np.float64)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def clustered(count, *, clusters=10, dimensions=16, noise=0.5, seed=0):
    """Unit vectors around a few centers."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((clusters, dimensions))
    return unit(
        centers[rng.integers(0, clusters, count)] + noise * rng.standard_normal((count, dimensions))
    )


def similarities(vectors):
    return vectors.astype(np.float64) @ vectors.astype(np.float64).T


def neighbors(vectors, k):
    """For each row the others, most similar first, equal ones by row."""
    products = similarities(vectors).astype(np.float32)
    lists = []
    for row, values in enumerate(products):
        others = [j for j in np.lexsort((np.arange(len(values)), -values)) if j != row]
        lists.append([int(j) for j in others[:k]])
    return lists


def affinity(vectors, k, gamma=3.0):
    """W: max(xᵀz, 0)^γ where two are mutual neighbors, else 0."""
    lists, products = neighbors(vectors, k), similarities(vectors)
    weights = np.zeros(products.shape)
    for i, mine in enumerate(lists):
        for j in mine:
            if i in lists[j]:
                weights[i, j] = max(products[i, j], 0.0) ** gamma
    return weights


def normalized(weights):
    """D^-½ W D^-½, 0 / 0 = 0."""
    degrees = weights.sum(axis=1)
    scale = np.array([d**-0.5 if d > 0 else 0.0 for d in degrees])
    return scale[:, None] * weights * scale[None, :]


def solution(matrix, y, alpha=0.99):
    """(1 - α)(I - α𝒲)^-1 y."""
    return (1 - alpha) * np.linalg.solve(np.eye(len(matrix)) - alpha * matrix, y)


def expanded(query, rows, scores, alpha):
    """q + Σ max(s, 0)^α x, l2-normalized."""
    total = np.array(query, np.float64)
    for row, score in zip(rows, scores, strict=True):
        total += max(float(score), 0.0) ** alpha * row.astype(np.float64)
    return total / np.linalg.norm(total)


class ExactIndex:
    """A ``VectorIndex`` in a few lines."""

    def __init__(self, ids=(), vectors=None):
        self.rows = {}
        if vectors is not None:
            self.add(np.array(ids), vectors)

    @property
    def ids(self):
        return np.array(sorted(self.rows), np.int64)

    def add(self, ids, vectors):
        self.rows.update(zip(ids.tolist(), vectors, strict=True))

    def remove(self, ids):
        for id_ in ids:
            del self.rows[id_]

    def vectors(self, ids):
        return np.array([self.rows[id_] for id_ in ids], np.float32)

    def search(self, query, *, top):
        from relook.core.records import Ranking

        if not self.rows:
            return Ranking(np.zeros(0, np.int64), np.zeros(0, np.float32))
        scores = self.vectors(self.ids.tolist()) @ query
        best = np.lexsort((self.ids, -scores))[:top]
        return Ranking(self.ids[best], scores[best])

    def __len__(self):
        return len(self.rows)
