"""Fingerprints: a picture in 63 numbers that survive re-encoding, resizing, blur and small marks.

They are the low frequencies of the discrete cosine transform, without the mean. The mirror image
has the same numbers, but for the sign of those that change an odd number of times from left to
right, so mirrored copies cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["DIMENSIONS", "fingerprint", "mirror", "similar_pairs"]

_SIDE, _LOW = 32, 8
DIMENSIONS = _LOW * _LOW - 1
_FLAT = 0.5
"""Standard deviation in gray levels below which there is nothing to compare."""
_BLOCK = 1024


def fingerprint(gray: NDArray[np.float32]) -> NDArray[np.float32]:
    """``(DIMENSIONS,)`` float32 of length 1; zeros for a blank picture.

    Args:
        gray: ``(h, w)`` float32 levels.
    """
    small = cv2.resize(gray, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small)[:_LOW, :_LOW].ravel()[1:]
    norm = float(np.linalg.norm(low))
    if norm < _FLAT * _SIDE:
        return np.zeros(DIMENSIONS, np.float32)
    return np.asarray(low / norm, np.float32)


def mirror(fingerprints: NDArray[np.float32]) -> NDArray[np.float32]:
    """Those of the mirror images, ``(N, DIMENSIONS)``."""
    signs = np.tile([1, -1], _LOW * _LOW // 2)[1:].astype(np.float32)
    return fingerprints * signs


def similar_pairs(
    rows: NDArray[np.float32], others: NDArray[np.float32], *, least: float, most: int
) -> Iterator[tuple[int, int]]:
    """(i, j), i < j, where rows i and j are similar: at most ``most`` for each i, best first.

    Args:
        rows: ``(N, D)`` of length 1, or zeros.
        others: the same, to compare with.
        least: inner product from which two are similar.
        most: pairs of each row.
    """
    for start in range(0, len(rows), _BLOCK):
        similar = rows[start : start + _BLOCK] @ others.T
        for place in np.flatnonzero((similar >= least).any(axis=1)).tolist():
            row = start + place
            found = np.flatnonzero(similar[place] >= least)
            found = found[found > row]
            best = found[np.argsort(-similar[place, found], kind="stable")[:most]]
            yield from ((row, other) for other in best.tolist())
