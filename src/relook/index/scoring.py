"""The hot loops: scores of all images of a segment for a few posting lists.

Scores are accumulated per image in the order of the query's rows and of the image's own rows, so
that they do not depend on how a collection is cut into segments.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.intrinsics import popcount, prefetch
from relook.core.numba_cache import compiled

__all__ = ["Postings", "Probes", "score_128", "score_binary", "score_counts", "score_float"]

Scores = NDArray[np.float32]

# Unsigned indices spare numba's test for negative ones, which costs a third of the time.
FIRST = np.uint64(0)
SECOND = np.uint64(1)

# Scoring is as fast as memory; asking 4 kB ahead for each cache line saves a fifth of the time.
SIGNATURE = np.uint64(16)
LINE = np.uint64(4)
AHEAD = np.uint64(4096)


class Probes(NamedTuple):
    """Rows of a query and the posting lists that they meet.

    ``spans`` is ``(R, 2)`` uint64, first posting and the one after the last; ``weights`` is
    ``(R,)`` float32; ``vectors`` is ``(R, width)``.
    """

    spans: NDArray[np.uint64]
    weights: NDArray[np.float32]
    vectors: NDArray[Any]


class Postings(NamedTuple):
    """``images`` is ``(M,)`` uint16, the ordinal in the segment; ``vectors`` is ``(M, width)``."""

    images: NDArray[np.uint16]
    vectors: NDArray[Any]


@compiled()
def score_128(probes: Probes, postings: Postings, table: Scores, scores: Scores) -> None:
    """Add Σ w σ to ``scores`` for signatures of 128 bits; ``table`` is σ by Hamming distance."""
    images, vectors = postings.images, postings.vectors
    ahead = np.uint64(vectors.ctypes.data) + AHEAD
    for row in range(len(probes.weights)):
        weight = probes.weights[row]
        left, right = probes.vectors[row, 0], probes.vectors[row, 1]
        start, stop = probes.spans[row, 0], probes.spans[row, 1]
        rest = stop - (stop - start) % LINE
        for line in range(start, rest, LINE):
            prefetch(ahead + line * SIGNATURE)
            for step in range(LINE):
                at = line + step
                distance = _distance(left, right, vectors, at)
                # Without a branch: at τ = 0 half of the postings pass, which no CPU can predict.
                scores[images[at]] += weight * table[distance]
        for at in range(rest, stop):
            scores[images[at]] += weight * table[_distance(left, right, vectors, at)]


@compiled()
def _distance(left: np.uint64, right: np.uint64, vectors: NDArray[np.uint64], at: Any) -> Any:
    return popcount(vectors[at, FIRST] ^ left) + popcount(vectors[at, SECOND] ^ right)


@compiled()
def score_binary(
    probes: Probes, postings: Postings, table: Scores, scores: Scores, burst: bool
) -> None:
    """Add Σ w σ to ``scores`` for signatures of any length, with or without burst."""
    strengths = np.empty(_longest(probes.spans), np.float32)
    for row in range(len(probes.weights)):
        start, stop = probes.spans[row, 0], probes.spans[row, 1]
        for at in range(start, stop):
            distance = np.uint64(0)
            for column in range(probes.vectors.shape[1]):
                distance += popcount(postings.vectors[at, column] ^ probes.vectors[row, column])
            strengths[at - start] = table[distance]
        images = postings.images[start:stop]
        _accumulate(images, strengths, probes.weights[row], scores, burst)


@compiled()
def score_float(
    probes: Probes, postings: Postings, sigma: tuple[float, float], scores: Scores, burst: bool
) -> None:
    """Add Σ w σ to ``scores`` for float vectors; ``sigma`` is (α, τ)."""
    strengths = np.empty(_longest(probes.spans), np.float32)
    for row in range(len(probes.weights)):
        start, stop = probes.spans[row, 0], probes.spans[row, 1]
        query = probes.vectors[row]
        for at in range(start, stop):
            strengths[at - start] = _strength(_dot(query, postings.vectors[at]), sigma)
        images = postings.images[start:stop]
        _accumulate(images, strengths, probes.weights[row], scores, burst)


@compiled()
def score_counts(
    spans: NDArray[np.uint64], factors: Scores, postings: Postings, table: Scores, scores: Scores
) -> None:
    """Add factor · v to ``scores`` for counts of words; ``table`` is v by count."""
    images, counts = postings.images, postings.vectors
    for row in range(len(factors)):
        factor = factors[row]
        for at in range(spans[row, 0], spans[row, 1]):
            scores[images[at]] += factor * table[counts[at, FIRST]]


@compiled()
def _longest(spans: NDArray[np.uint64]) -> np.uint64:
    longest = np.uint64(0)
    for row in range(len(spans)):
        longest = max(longest, spans[row, 1] - spans[row, 0])
    return longest


@compiled(fastmath=frozenset({"reassoc", "contract"}))
def _dot(left: NDArray[np.float32], right: NDArray[np.float32]) -> np.float32:
    total = np.float32(0)
    for column in range(len(left)):
        total += left[column] * right[column]
    return total


@compiled()
def _strength(u: Any, sigma: tuple[float, float]) -> Any:
    alpha, threshold = sigma
    if not u > threshold:  # so that NaN of a damaged file counts nothing
        return 0.0
    if alpha == 3.0:
        return u * u * u
    return np.sign(u) * abs(u) ** alpha


@compiled()
def _accumulate(
    images: NDArray[np.uint16], strengths: Scores, weight: float, scores: Scores, burst: bool
) -> None:
    if not burst:
        for at in range(len(images)):
            scores[images[at]] += weight * strengths[at]
        return
    at = 0
    while at < len(images):
        image = images[at]
        total = value = np.float32(0)
        while at < len(images) and images[at] == image:
            total += strengths[at]
            value += strengths[at] * np.sqrt(strengths[at])
            at += 1
        if total > 0:
            scores[image] += weight * value / np.sqrt(total)
