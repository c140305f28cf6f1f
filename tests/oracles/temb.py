"""Triangulation embedding and democratic aggregation in float64, from the definition."""

from __future__ import annotations

import numpy as np

from oracles.vlad import unit


def directions(row, centers):
    """Unit vectors from each center to the descriptor, one after another."""
    return np.concatenate([unit(row.astype(np.float64) - center) for center in centers])


def whitening(rows, centers, *, dropped):
    """Mean and whitening of embedded descriptors, by the full eigendecomposition."""
    embedded = np.array([directions(row, centers) for row in rows])
    mean = embedded.mean(0)
    centered = embedded - mean
    values, vectors = np.linalg.eigh(centered.T @ centered / len(rows))
    values, vectors = values[::-1][dropped:], vectors[:, ::-1][:, dropped:]
    return mean, (vectors / np.sqrt(values)).T


def embed(rows, centers, mean, matrix):
    """φ of each row."""
    return np.array([unit(matrix @ (directions(row, centers) - mean)) for row in rows])


def democratic(embedded, *, iterations):
    """λ by Sinkhorn's algorithm on the similarities that are positive."""
    count = len(embedded)
    kernel = np.array([[max(0.0, float(left @ right)) for right in embedded] for left in embedded])
    weights = np.ones(count)
    for _ in range(iterations):
        sums = [
            weights[i] * sum(kernel[i, j] * weights[j] for j in range(count)) for i in range(count)
        ]
        weights = np.array([weights[i] / np.sqrt(sums[i]) for i in range(count)])
    return weights


def temb(rows, centers, mean, matrix, *, kept, power=0.5, weighted=True):
    """Σ λ φ(x), cut off, power-law, l2."""
    embedded = embed(rows, centers, mean, matrix)
    weights = democratic(embedded, iterations=10) if weighted else np.ones(len(rows))
    total = np.zeros(len(matrix))
    for weight, vector in zip(weights, embedded, strict=True):
        total += weight * vector
    total = total[:kept]
    return unit(np.sign(total) * np.abs(total) ** power)
