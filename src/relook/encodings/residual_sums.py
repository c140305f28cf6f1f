"""Sums of what descriptors differ from their words by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled

__all__ = ["sum_residuals"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


@compiled(fastmath=frozenset({"reassoc"}))
def sum_residuals(rows: Float32, words: Int64, weights: Float32, centers: Float32) -> Float32:
    """Σ weight · (x - c) / ‖x - c‖ over the rows of each word, ``(K, D)``."""
    sums = np.zeros(centers.shape, np.float32)
    for row in range(len(rows)):
        word = words[row]
        square = np.float32(0)
        for place in range(rows.shape[1]):
            away = rows[row, place] - centers[word, place]
            square += away * away
        scale = weights[row] / np.sqrt(square) if square > 0 else np.float32(0)
        for place in range(rows.shape[1]):
            sums[word, place] += (rows[row, place] - centers[word, place]) * scale
    return sums
