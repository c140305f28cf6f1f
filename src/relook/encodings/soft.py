"""Soft assignment: a descriptor counts for several words, the more the nearer they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError

__all__ = ["SIGMA", "soft_weights"]

SIGMA = 0.12
"""For RootSIFT, whose words lie nearer than those of SIFT. The paper has σ² = 6250 for SIFT of
length 512, so σ = .154 of it; with .12 here the three nearest of 16k words share the weight as
there: .49, .29 and .22."""


def soft_weights(squares: NDArray[np.floating], *, sigma: float = SIGMA) -> NDArray[np.float32]:
    """exp(-d² / 2σ²) of squared distances, normalized to sum 1 per row.

    Args:
        squares: ``(N, count)`` squared distances to the words of each descriptor.
        sigma: the distance, in the units of descriptors, after which a word counts little.

    Returns:
        ``(N, count)`` float32.

    Raises:
        UsageError: sigma is not a positive number.

    Source: Philbin, Chum, Isard, Sivic, Zisserman, "Lost in quantization: improving particular
    object retrieval in large scale image databases", CVPR 2008, section 3.
    """
    if not (np.isfinite(sigma) and sigma > 0):
        raise UsageError(f"sigma must be a positive number, not {sigma}")
    # What all words of a row are farther than the nearest one cancels out, and cannot underflow.
    further = np.asarray(squares, np.float64) - np.min(
        squares, axis=1, keepdims=True, initial=np.inf
    )
    weights = np.exp(-further / (2 * sigma**2))
    shares: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
