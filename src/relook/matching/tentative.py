"""Tentative correspondences: features of the same visual word whose signatures agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.intrinsics import popcount
from relook.core.numba_cache import compiled
from relook.core.records import LocalCodes, Matches

__all__ = ["match_codes"]

MOST = 1 << 15
"""Pairs of one image that are looked at, so that two brick walls do not fill the memory."""


def match_codes(query: LocalCodes, other: LocalCodes, *, max_distance: int) -> Matches:
    """Pair features that share a word and differ in at most ``max_distance`` bits.

    A match is worth its similarity u = 1 - 2 h / bits (Hamming distance h), divided by
    √(n m) where its two features have n and m matches: a window of a facade that looks like all
    others says little, and must not outvote what occurs once. (The same reasoning as in Jégou,
    Douze, Schmid, "On the burstiness of visual elements", CVPR 2009, here for both sides.)

    Codes without signatures are matched by their words alone, each match worth 1 / √(n m).

    Args:
        query: may have several words per feature.
        other: the image to compare.
        max_distance: in bits, less than half of the signature.

    Returns:
        Matches by falling score, then by feature.

    Raises:
        ShapeError: signatures of different lengths.
    """
    check_array(
        "signatures", other.signatures, shape=(None, query.signatures.shape[1]), dtype=np.uint64
    )
    pairs, distances = _pair(
        query.words, query.signatures, query.features,
        other.words, other.signatures, other.features,
        max_distance, MOST,
    )  # fmt: skip
    bits = 64 * query.signatures.shape[1]
    per_bit = np.float32(2.0 / bits if bits else 0.0)
    scores = _score(pairs, distances, len(query), len(other), per_bit)
    return Matches(*_sort(pairs, scores))


@compiled()
def _sort(
    pairs: NDArray[np.int32], scores: NDArray[np.float32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """By falling score, then by feature."""
    features = pairs[:, 0].astype(np.int64) * (1 << 32) + pairs[:, 1]
    order = np.argsort(features, kind="mergesort")
    order = order[np.argsort(-scores[order], kind="mergesort")]
    return pairs[order], scores[order]


@compiled()
def _pair(
    words: NDArray[np.int32],
    signatures: NDArray[np.uint64],
    features: NDArray[np.int32],
    other_words: NDArray[np.int32],
    other_signatures: NDArray[np.uint64],
    other_features: NDArray[np.int32],
    max_distance: int,
    most: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Walk two sorted lists of words side by side."""
    pairs = np.empty((most, 2), np.int32)
    distances = np.empty(most, np.int32)
    found = 0
    start = 0
    for row in range(len(words)):
        while start < len(other_words) and other_words[start] < words[row]:
            start += 1
        place = start
        while place < len(other_words) and other_words[place] == words[row]:
            distance = np.int64(0)
            for part in range(signatures.shape[1]):
                differing = popcount(signatures[row, part] ^ other_signatures[place, part])
                distance += np.int64(differing)
            if distance <= max_distance and found < most:
                pairs[found, 0] = features[row]
                pairs[found, 1] = other_features[place]
                distances[found] = distance
                found += 1
            place += 1
    return pairs[:found].copy(), distances[:found].copy()


@compiled()
def _score(
    pairs: NDArray[np.int32],
    distances: NDArray[np.int32],
    features: int,
    other_features: int,
    per_bit: np.float32,
) -> NDArray[np.float32]:
    count = np.zeros(features, np.int32)
    other_count = np.zeros(other_features, np.int32)
    for row in range(len(pairs)):
        count[pairs[row, 0]] += 1
        other_count[pairs[row, 1]] += 1
    scores = np.empty(len(pairs), np.float32)
    for row in range(len(pairs)):
        rivals = np.float32(count[pairs[row, 0]]) * np.float32(other_count[pairs[row, 1]])
        scores[row] = (np.float32(1) - per_bit * distances[row]) / np.sqrt(rivals)
    return scores
