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


def quadruplet(query, positive, negatives, margin, between):
    total = triplet(query, positive, negatives, margin)
    for i, one in enumerate(negatives):
        for other in negatives[:i]:
            total += max(0.0, squared(query, positive) - squared(one, other) + between)
    return total


def hinge(query, positive, negatives, margin):
    total = max(0.0, 1 - float(query @ positive))
    for negative in negatives:
        total += max(0.0, float(query @ negative) - margin)
    return total


def class_hinge(scores, labels):
    lacking = [1 - shares(row)[label] for row, label in zip(scores, labels, strict=True)]
    return sum(lacking) / len(labels)


def others(labels, i):
    """Rows of the same label but i, and rows of other labels."""
    same = [j for j, label in enumerate(labels) if label == labels[i] and j != i]
    return same, [j for j, label in enumerate(labels) if label != labels[i]]


def multi_similarity(vectors, labels, alpha, beta, base, mining):
    total = 0.0
    for i, vector in enumerate(vectors):
        same, different = others(labels, i)
        if not same or not different:
            continue
        near = [float(vector @ vectors[j]) for j in same]
        far = [float(vector @ vectors[j]) for j in different]
        if mining is not None:
            kept = [s for s in near if s < max(far) + mining]
            far = [s for s in far if s > min(near) - mining]
            near = kept
        total += math.log(1 + sum(math.exp(-alpha * (s - base)) for s in near)) / alpha
        total += math.log(1 + sum(math.exp(beta * (s - base)) for s in far)) / beta
    return total / len(labels)


def smooth_ap(vectors, labels, temperature):
    losses = []
    for i, vector in enumerate(vectors):
        same, different = others(labels, i)
        if not same:
            continue
        precision = 0.0
        for p in same:

            def before(j, p=p, vector=vector):
                return 1 / (1 + math.exp((vector @ vectors[p] - vector @ vectors[j]) / temperature))

            friends = 1 + sum(before(j) for j in same if j != p)
            precision += friends / (friends + sum(before(j) for j in different)) / len(same)
        losses.append(1 - precision)
    return float(np.mean(losses)) if losses else 0.0


def location_cross_entropy(scales, labels):
    costs = []
    for maps in scales:
        for one, label in zip(maps, labels, strict=True):
            places = one.reshape(len(one), -1).T
            costs += [-math.log(shares(scores)[label]) for scores in places]
    return sum(costs) / len(costs)


def info_nce(vectors, labels, temperature):
    rows = []
    for i, vector in enumerate(vectors):
        same, different = others(labels, i)
        wrong = sum(math.exp(vector @ vectors[j] / temperature) for j in different)
        costs = []
        for p in same:
            right = math.exp(vector @ vectors[p] / temperature)
            costs.append(-math.log(right / (right + wrong)))
        if costs:
            rows.append(np.mean(costs))
    return float(np.mean(rows)) if rows else 0.0


def mined(vectors, labels, mining):
    """(anchor, positive, negative) of each row, or of each matching pair, by their distances."""
    for i, vector in enumerate(vectors):
        same, different = others(labels, i)
        if not same or not different:
            continue
        apart = [squared(vector, other) for other in vectors]
        if mining == "hard":
            yield i, max(same, key=apart.__getitem__), min(different, key=apart.__getitem__)
            continue
        for p in same:
            farther = [j for j in different if apart[j] > apart[p]]
            if farther:
                yield i, p, min(farther, key=apart.__getitem__)


def of_mined(cost, vectors, labels, mining):
    costs = [
        cost(vectors[i], vectors[p], vectors[[n]]) for i, p, n in mined(vectors, labels, mining)
    ]
    return sum(costs) / len(costs)
