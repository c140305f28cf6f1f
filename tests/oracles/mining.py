"""Mining by looking at everybody, a pair at a time in float64, as the references put it."""

from __future__ import annotations

import numpy as np


def signs(rows, classes, seed, dimensions=16):
    """Vectors of ± 1 / √D, whose products are exact and often equal, and labels."""
    rng = np.random.default_rng(seed)
    vectors = rng.choice([-1.0, 1.0], (rows, dimensions)) / np.sqrt(dimensions)
    vectors[rows // 2 : rows // 2 + 4] = vectors[:4]  # some rows stand twice
    return vectors.astype(np.float32), rng.integers(0, classes, rows) * 7 - 3


def similarity(vectors, left, right):
    return float(np.dot(vectors[left].astype(np.float64), vectors[right].astype(np.float64)))


def positives(labels, query):
    return [row for row in range(len(labels)) if labels[row] == labels[query] and row != query]


def nearest(vectors, query, rows):
    """Nearest first, equally near ones by row."""
    return sorted(rows, key=lambda row: (-similarity(vectors, query, row), row))


def negatives(vectors, labels, query, *, count, one_per_class, below=np.inf):
    """N1, or N2; ``below`` makes them semi-hard."""
    chosen = []
    others = [row for row in range(len(labels)) if labels[row] != labels[query]]
    for row in nearest(vectors, query, others):
        if similarity(vectors, query, row) >= below:
            continue
        if one_per_class and labels[row] in {labels[other] for other in chosen}:
            continue
        chosen.append(row)
    return tuple(chosen[:count])


def semi_hard_positive(vectors, labels, query):
    """The farthest positive before the first negative, or None."""
    (first,) = negatives(vectors, labels, query, count=1, one_per_class=False)
    edge = similarity(vectors, query, first)
    good = [row for row in positives(labels, query) if similarity(vectors, query, row) > edge]
    return min(good, key=lambda row: (similarity(vectors, query, row), row), default=None)


def combinations(vectors, labels, query, *, easy, hard, kept):
    """(positive, negative) of the triplets with the highest loss."""
    near = nearest(vectors, query, positives(labels, query))[:easy]
    others = negatives(vectors, labels, query, count=hard, one_per_class=False)
    pairs = [(p, n) for p in near for n in others]
    loss = [similarity(vectors, query, n) - similarity(vectors, query, p) for p, n in pairs]
    return [pairs[i] for i in sorted(range(len(pairs)), key=lambda i: (-loss[i], i))[:kept]]
