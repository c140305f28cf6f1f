"""Hamming embedding in float64, match by match, from the definition."""

from __future__ import annotations

import math

import numpy as np


def strength(left, right, *, max_distance, sigma):
    """What one match is worth by the Hamming distance of its two signatures."""
    distance = sum(
        int(a ^ b).bit_count() for a, b in zip(left.tolist(), right.tolist(), strict=True)
    )
    if distance > max_distance:
        return 0.0
    return math.exp(-(distance**2) / sigma**2) if sigma else 1.0


def length(image, *, weights):
    """Of the tf-idf vector of an image, for weights idf_c²."""
    words, counts = np.unique(image.words, return_counts=True)
    return math.sqrt(
        sum(float(weights[w]) * int(n) ** 2 for w, n in zip(words, counts, strict=True))
    )


def score(query, image, *, weights, max_distance, sigma, burst=False):
    total = 0.0
    for word, signature in zip(query.words, query.vectors, strict=True):
        strengths = [
            strength(signature, other, max_distance=max_distance, sigma=sigma)
            for other in image.vectors[image.words == word]
        ]
        if burst:
            together = sum(strengths)
            strengths = [s * math.sqrt(s / together) if s > 0 else 0.0 for s in strengths]
        total += float(weights[word]) * sum(strengths)
    lengths = length(query, weights=weights) * length(image, weights=weights)
    return total / lengths if lengths > 0 else 0.0


def signature(row, center, projection, medians):
    """64-bit integers: bit i is 1 where the projected residual lies above its median."""
    projected = projection.astype(np.float64) @ (row.astype(np.float64) - center.astype(np.float64))
    bits = projected > medians
    return [sum(1 << i for i in range(64) if bits[first + i]) for first in range(0, len(bits), 64)]
