"""Weights by which every descriptor of an image has the same say in its similarity to itself."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["democratic_weights"]

Float32 = NDArray[np.float32]

BLOCK, KEPT = 2048, 8192
"""Rows of the Gram matrix at a time; up to so many rows it is kept, beyond made anew each time."""


def democratic_weights(rows: Float32, *, iterations: int = 10) -> Float32:
    """λ ≥ 0 such that λ_i Σ_j λ_j K_ij is all but the same for all i, K_ij = max(0, x_i · x_j).

    Negative similarities count as none, so that a solution exists; Sinkhorn's algorithm with the
    square root of each row's sum finds it.

    Args:
        rows: ``(N, D)`` l2-normalized rows.
        iterations: of the algorithm.

    Returns:
        λ ``(N,)`` float32; 0 for a row of zeros.

    Source: Jégou, Zisserman, "Triangulation embedding and democratic aggregation for image
    search", CVPR 2014, section 4 (after Knight, "The Sinkhorn-Knopp algorithm: convergence and
    applications", SIAM J. Matrix Analysis 2008).
    """
    weights = np.ones(len(rows), np.float32)
    kept = list(_gram(rows)) if len(rows) <= KEPT else None
    for _ in range(iterations):
        sums = np.concatenate([part @ weights for part in kept or _gram(rows)]) * weights
        weights = np.where(sums > 0, weights / np.sqrt(np.where(sums > 0, sums, 1)), 0)
    return weights.astype(np.float32)


def _gram(rows: Float32) -> Iterator[Float32]:
    """Similarities that are not negative, some rows at a time."""
    for start in range(0, max(len(rows), 1), BLOCK):
        part = rows[start : start + BLOCK] @ rows.T
        yield np.maximum(part, 0, out=part)
