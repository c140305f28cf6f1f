"""Classifiers among neighbors and similarities of several descriptors, equation by equation.

Slow float64 loops over one query and one class at a time. ``classes`` holds -1 where an image has
no label. A ranking of classes is a list of (score, class), the best first.
"""

from __future__ import annotations

import math

import numpy as np


def transform(name, x):
    """f; √ and ln take a negative similarity for 0."""
    if name == "identity":
        return x
    if name == "square":
        return x * x
    return math.sqrt(max(x, 0.0)) if name == "sqrt" else math.log(max(x, 0.0) + math.e)


def cosine(x, y):
    """d(x, y) = xᵀy / (‖x‖ ‖y‖), and 0 where one of them is zero."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    lengths = math.sqrt(math.fsum(x * x)) * math.sqrt(math.fsum(y * y))
    return math.fsum(x * y) / lengths if lengths else 0.0


def _ranked(scores):
    """By score; of equal ones, the class that was met first, at the better neighbor, is first."""
    pairs = [(score, name) for name, score in scores.items()]
    return sorted(pairs, key=lambda pair: -pair[0])


def knn(similarities, classes, name):
    """Σ_{x ∈ k(q), c_x = c} f(d(q, x)) of every class among one query's neighbors."""
    scores = {}
    for similarity, which in zip(similarities, classes, strict=True):
        if which >= 0:
            scores.setdefault(int(which), []).append(transform(name, float(similarity)))
    return _ranked({which: math.fsum(terms) for which, terms in scores.items()})


def mean_knn(query, database, classes, neighbors, name):
    """f(d(q, μ_c)), μ_c the mean of the vectors of class c within k(q)."""
    return _by_means(query, database, classes, neighbors, name, lambda inside, _: inside)


def expanded_mean_knn(query, database, classes, neighbors, name, alpha):
    """μ_c the mean over M_c = {y | ∃ x ∈ k(q), ‖x - y‖ < α, c_y = c_x = c}."""

    def expanded(inside, which):
        def near(y):
            return any(_distance(database[x], database[y]) < alpha for x in inside)

        return [y for y in range(len(database)) if classes[y] == which and near(y)]

    return _by_means(query, database, classes, neighbors, name, expanded)


def _distance(x, y):
    return float(np.linalg.norm(_unit(x) - _unit(y)))


def _unit(x):
    x = np.asarray(x, np.float64)
    length = np.linalg.norm(x)
    return x / length if length else x


def _by_means(query, database, classes, neighbors, name, members):
    scores = {}
    for neighbor in neighbors:
        which = int(classes[neighbor]) if neighbor >= 0 else -1
        if which < 0 or which in scores:
            continue
        inside = [x for x in neighbors if x >= 0 and classes[x] == which]
        rows = [np.asarray(database[x], np.float64) for x in members(inside, which)]
        scores[which] = transform(name, cosine(query, sum(rows) / len(rows)))
    return _ranked(scores)
