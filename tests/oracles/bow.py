"""Bags of words in float64, word by word, from the definition."""

from __future__ import annotations

import math

import numpy as np

RULES = {"tf": float, "sqrt": math.sqrt, "log": math.log1p, "one": lambda n: min(n, 1.0)}


def vector(words, counts, *, weights, value="tf"):
    """The tf-idf vector of an image, dense: idf_c v(n_c), for weights idf_c²."""
    dense = np.zeros(len(weights))
    for word, count in zip(words, counts, strict=True):
        dense[word] += math.sqrt(float(weights[word])) * RULES[value](float(count))
    return dense


def score(query, image, *, weights, value="tf"):
    """The cosine of the vectors of two aggregates; 0 where one has none."""
    left, right = (
        vector(one.words, one.vectors[:, 0], weights=weights, value=value) for one in (query, image)
    )
    lengths = math.sqrt((left**2).sum() * (right**2).sum())
    return float((left * right).sum()) / lengths if lengths > 0 else 0.0


def shares(rows, centers, *, count, sigma=None):
    """Weight of each word of a query, by all distances: a dict."""
    total = {}
    for row in rows.astype(np.float64):
        away = ((row - centers.astype(np.float64)) ** 2).sum(axis=1)
        nearest = np.argsort(away, kind="stable")[:count]
        parts = np.exp(-away[nearest] / (2 * sigma**2)) if sigma else np.ones(count)
        for word, part in zip(nearest, parts / parts.sum(), strict=True):
            total[int(word)] = total.get(int(word), 0.0) + float(part)
    return total
