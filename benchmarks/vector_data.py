"""Clustered unit vectors, made block by block so that a million never stand in memory at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Clustered"]

Float32 = NDArray[np.float32]


class Clustered:
    """Points around centers, as views of the same things lie around each other.

    A point is its center, plus noise in 32 dimensions that several clusters share (what a change
    of view does), plus a little noise in all dimensions. Twenty centers are of one kind: the
    cosine between them is about .36, as that between different buildings is.

    Args:
        dimensions: D.
        clusters: number of centers.
        seed: the same seed gives the same points.
    """

    inner, directions, within, everywhere = 32, 64, 0.8, 0.15
    kin, common = 20, 0.6

    def __init__(self, dimensions: int, *, clusters: int, seed: int = 0) -> None:
        rng = np.random.default_rng((seed, 0))
        self._seed = seed
        kinds = _unit(rng.standard_normal((-(-clusters // self.kin), dimensions), dtype=np.float32))
        own = _unit(rng.standard_normal((clusters, dimensions), dtype=np.float32))
        own *= np.float32(np.sqrt(1 - self.common**2))
        own += np.float32(self.common) * kinds[np.arange(clusters) // self.kin]
        self.centers = own
        shape = (self.directions, self.inner, dimensions)
        self._bases = rng.standard_normal(shape, dtype=np.float32)
        self._bases *= np.float32(self.within / np.sqrt(self.inner * dimensions))

    def block(self, number: int, *, count: int) -> Float32:
        """``(count, D)`` float32 points of length 1, the same at every call."""
        rng = np.random.default_rng((self._seed, 1, number))
        clusters = np.sort(rng.integers(0, len(self.centers), count))
        points = rng.standard_normal((count, self.centers.shape[1]), dtype=np.float32)
        points *= np.float32(self.everywhere / np.sqrt(points.shape[1]))
        points += self.centers[clusters]
        noise = rng.standard_normal((count, self.inner), dtype=np.float32)
        group = clusters % self.directions
        for direction in range(self.directions):
            mine = np.flatnonzero(group == direction)
            points[mine] += noise[mine] @ self._bases[direction]
        return _unit(points[rng.permutation(count)])


def _unit(rows: Float32) -> Float32:
    unit: Float32 = rows / np.sqrt(np.einsum("nd,nd->n", rows, rows))[:, None]
    return unit
