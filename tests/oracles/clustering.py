"""Clustering from the definitions, in float64 and by loops."""

from __future__ import annotations

import numpy as np


def squares(rows, centers):
    """All squared distances, ``(N, K)``."""
    rows, centers = np.asarray(rows, np.float64), np.asarray(centers, np.float64)
    return ((rows[:, None] - centers[None]) ** 2).sum(2)


def lloyd(rows, centers):
    """One iteration: the mean of the rows of each center (itself where it has none)."""
    away = squares(rows, centers)
    nearest = away.argmin(1)
    means = [
        rows[nearest == k].astype(np.float64).mean(0) if np.any(nearest == k) else centers[k]
        for k in range(len(centers))
    ]
    return np.array(means), away.min(1).mean()


def all_nodes(tree):
    """Centers of all nodes in their order (zeros for the root), and the leaf number or -1."""
    leaf = np.asarray(tree.children) == 0
    centers = np.zeros((len(leaf), tree.leaves.shape[1]))
    centers[leaf] = tree.leaves
    inner = np.flatnonzero(~leaf)[1:]
    centers[inner] = tree.inner
    return centers, np.where(leaf, np.cumsum(leaf) - 1, -1)


def descend(row, tree):
    """The leaf that one row comes to by the nearest child of each node."""
    centers, leaf = all_nodes(tree)
    node = 0
    while leaf[node] < 0:
        first = 1 + sum(int(count) for count in tree.children[:node])
        own = range(first, first + int(tree.children[node]))
        node = min(own, key=lambda child: ((row.astype(np.float64) - centers[child]) ** 2).sum())
    return leaf[node]
