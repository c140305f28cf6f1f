"""Images of several descriptors: similarity matrices and weighted sums, in float64 loops."""

from __future__ import annotations

import itertools
import math

import numpy as np


def matrix(x, y):
    """S = X Yᵀ, entry by entry; rows are the query's."""
    return [
        [math.fsum(float(a) * float(b) for a, b in zip(p, q, strict=True)) for q in y] for p in x
    ]


def measure(name, s):
    """One number of a matrix."""
    rows = [max(row) for row in s]
    columns = [max(column) for column in zip(*s, strict=True)]
    return {
        "max": max(rows),
        "sum_max_rows": sum(rows),
        "sum_max_cols": sum(columns),
        "sum_squared_max_rows": sum(value**2 for value in rows),
        "sum_squared_max_cols": sum(value**2 for value in columns),
    }[name]


def aggregate(x, weights):
    """Σ w_i x_i of one image, divided by its length."""
    total = np.zeros(len(x[0]))
    for weight, row in zip(weights, x, strict=True):
        total += float(weight) * np.asarray(row, np.float64)
    length = math.sqrt(math.fsum(total * total))
    return total / length if length else total


def combinations(scales):
    """All weights in {0, 1}^S but those that are all 0."""
    return {weights for weights in itertools.product((0, 1), repeat=scales) if any(weights)}


def cross_entropy(weights, anchor, others, temperature):
    """−log softmax of the first of ``others`` by the cosines of weighted sums."""
    one = aggregate(anchor, weights)
    logits = [float(one @ aggregate(other, weights)) / temperature for other in others]
    return math.log(math.fsum(math.exp(value - max(logits)) for value in logits)) - (
        logits[0] - max(logits)
    )
