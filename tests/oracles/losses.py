"""Losses from their definitions: float64 NumPy, one pair at a time."""

from __future__ import annotations

import math

import numpy as np


def squared(one, other):
    return float(((one - other) ** 2).sum())


def contrastive(query, positive, negatives, margin):
    total = squared(query, positive) / 2
    for negative in negatives:
        total += max(0.0, margin - math.sqrt(squared(query, negative))) ** 2 / 2
    return total


def triplet(query, positive, negatives, margin, power=2):
    total = 0.0
    for negative in negatives:
        near = math.sqrt(squared(query, positive)) ** power
        far = math.sqrt(squared(query, negative)) ** power
        total += max(0.0, near - far + margin)
    return total


def shares(scores):
    powers = [math.exp(score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]


def cross_entropy(scores, labels, smoothing=0.0):
    total = 0.0
    for row, label in zip(scores, labels, strict=True):
        for c, share in enumerate(shares(row)):
            target = (1 - smoothing) * (c == label) + smoothing / len(row)
            total -= target * math.log(share)
    return total / len(labels)


def binary_cross_entropy(scores, labels):
    total = 0.0
    for row, label in zip(scores, labels, strict=True):
        for c, score in enumerate(row):
            p = 1 / (1 + math.exp(-score))
            total -= math.log(p) if c == label else math.log(1 - p)
    return total / len(labels)


def cosine_softmax(vectors, weights, labels, margin, scale):
    scores = []
    for vector, label in zip(vectors, labels, strict=True):
        cosines = [
            float(vector @ weight) / math.sqrt(float(vector @ vector) * float(weight @ weight))
            for weight in weights
        ]
        scores.append([scale * (cos - margin * (c == label)) for c, cos in enumerate(cosines)])
    return cross_entropy(scores, labels)


def info_nce(vectors, labels, temperature):
    rows = []
    everyone = range(len(labels))
    for i in everyone:
        others = sum(
            math.exp(vectors[i] @ vectors[n] / temperature)
            for n in everyone
            if labels[n] != labels[i]
        )
        costs = []
        for p in everyone:
            if p != i and labels[p] == labels[i]:
                right = math.exp(vectors[i] @ vectors[p] / temperature)
                costs.append(-math.log(right / (right + others)))
        if costs:
            rows.append(np.mean(costs))
    return float(np.mean(rows)) if rows else 0.0
