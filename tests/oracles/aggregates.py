"""Made-up codes for tests of indexes."""

from __future__ import annotations

import numpy as np

from relook.core.records import Aggregate


def aggregate(rng, *, words=40, rows=12, width=2, binary=True, repeat=False):
    """Random rows near a few common vectors, so that some match well; SMK if ``repeat``."""
    chosen = np.sort(rng.choice(words, size=min(rows, words), replace=repeat)).astype(np.int32)
    common = np.random.default_rng(1)
    if binary:
        centers = common.integers(0, 1 << 64, (words, width), dtype=np.uint64)
        flips = [rng.integers(0, 1 << 64, (len(chosen), width), dtype=np.uint64) for _ in range(3)]
        return Aggregate(chosen, centers[chosen] ^ (flips[0] & flips[1] & flips[2]))
    centers = common.standard_normal((words, width))
    vectors = centers[chosen] + rng.standard_normal((len(chosen), width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Aggregate(chosen, vectors.astype(np.float32))


def counts(rng, *, words=40, rows=12):
    """Counts of random words, most of them 1 and some large."""
    chosen = np.sort(rng.choice(words, size=min(rows, words), replace=False)).astype(np.int32)
    many = np.minimum(rng.zipf(1.6, (len(chosen), 1)), 255)
    return Aggregate(chosen, many.astype(np.uint8))


def none(*, width=2, binary=True, dtype=None):
    """The code of an image without features."""
    dtype = dtype or (np.uint64 if binary else np.float32)
    return Aggregate(np.zeros(0, np.int32), np.zeros((0, width), dtype))
