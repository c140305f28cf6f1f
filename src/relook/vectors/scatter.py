"""Second moments of the differences of pairs, and how far to trust them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.vectors.spectrum import slices

__all__ = ["random_non_pairs", "scatter", "shrink"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def scatter(vectors: Float32, pairs: Int64) -> tuple[Float64, float]:
    """Mean of d dᵀ over differences d of pairs, ``(D, D)``, and the mean of ‖d‖⁴."""
    width = vectors.shape[1]
    moments, fourth = np.zeros((width, width)), 0.0
    for block in slices(len(pairs), width):
        left, right = pairs[block].T
        apart = vectors[left].astype(np.float64) - vectors[right]
        moments += apart.T @ apart
        fourth += float((np.einsum("nd,nd->n", apart, apart) ** 2).sum())
    return moments / len(pairs), fourth / len(pairs)


def shrink(
    moments: Float64, fourth: float, *, pairs: int, share: float | None
) -> tuple[Float64, float]:
    """Draw second moments towards a multiple of the identity.

    Args:
        moments: S, ``(D, D)``, the mean of d dᵀ.
        fourth: the mean of ‖d‖⁴.
        pairs: P, how many differences the means are of.
        share: of the identity; None takes (mean ‖d dᵀ - S‖² / P) / ‖S - μI‖², at most 1 (Ledoit
            and Wolf, 2004, section 3.2; the differences have mean zero by symmetry).

    Returns:
        The new moments and the share.
    """
    middle = float(np.trace(moments)) / len(moments)
    target = middle * np.eye(len(moments))
    if share is None:
        noise = (fourth - float(np.vdot(moments, moments))) / pairs
        away = moments - target
        spread = float(np.vdot(away, away))
        share = 1.0 if noise >= spread else max(noise, 0.0) / spread
    return (1 - share) * moments + share * target, share


def random_non_pairs(pairs: Int64, vectors: int, *, count: int, seed: int) -> Int64:
    """Pairs of rows that no chain of matching pairs connects, ``(count, 2)``.

    Raises:
        UsageError: the matching pairs connect everything.
    """
    group = _groups(pairs, vectors)
    sizes = np.bincount(group)
    if len(sizes) == 1:
        raise UsageError("all vectors match each other; bring pictures of several things")
    random = np.random.default_rng(seed)
    # The first row as often as it has partners; the second counts on past the first one's group.
    chance = (vectors - sizes[group]).astype(np.float64)
    first = random.choice(vectors, size=count, p=chance / chance.sum())
    own = sizes[group[first]]
    place = random.integers(vectors - own)
    place += np.where(place >= (np.cumsum(sizes) - sizes)[group[first]], own, 0)
    second = np.argsort(group, kind="stable")[place]
    return np.stack([first, second], axis=1).astype(np.int64)


def _groups(pairs: Int64, vectors: int) -> Int64:
    from scipy.sparse import coo_array  # noqa: PLC0415 - only fitting needs it
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(vectors, vectors))
    _, labels = connected_components(links, directed=False)
    return np.asarray(labels, np.int64)
