"""Rows of an image in the order of their visual words, as posting lists take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["run_starts", "sort_by_word"]


def sort_by_word(words: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Sort ``(N, r)`` words of N features, r of each.

    Returns:
        ``(N r,)`` words, not decreasing, and ``(N r,)`` int32, the feature that each belongs to;
        equal words in the order of features.
    """
    flat = words.ravel()
    order = np.argsort(flat, kind="stable")
    return flat[order], (order // words.shape[1]).astype(np.int32)


def run_starts(words: NDArray[np.int32]) -> NDArray[np.int64]:
    """First row of each run of equal words."""
    if not len(words):
        return np.zeros(0, np.int64)
    return np.flatnonzero(np.r_[True, words[1:] != words[:-1]])
