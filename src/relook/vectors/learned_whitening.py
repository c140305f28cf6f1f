"""Whitening learned from pairs that match and pairs that do not (Lw)."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ShapeError, UsageError
from relook.vectors.estimator import FittedTransform, check_options, check_sample, supported
from relook.vectors.scatter import random_non_pairs, scatter, shrink
from relook.vectors.spectrum import center_of, inverse_power, largest, rank_of, upright

__all__ = ["LearnedWhitening"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class LearnedWhitening(FittedTransform):
    """Discriminative whitening, Lw, with the contract of scikit-learn.

    What differs between vectors of the same thing is shrunk, then the axes are turned to where
    different things differ: ``P = C_m^-½ eig(C_m^-½ C_n C_m^-½)``, applied as ``Pᵀ (x - m)``, with
    C_m of matching and C_n of non-matching differences (Radenović, Tolias and Chum, *Fine-tuning
    CNN image retrieval with no human annotation*, TPAMI 2019, after Mikolajczyk and Matas, ICCV
    2007). Both are means here, not sums, which changes nothing after l2.

    Args:
        dimensions: how many to keep; None keeps all that the data have.
        shrinkage: share of C_m replaced by the identity times its mean eigenvalue, 0 … 1. None
            takes the share that Ledoit and Wolf (*A well-conditioned estimator for
            large-dimensional covariance matrices*, 2004) derive from the pairs: much where pairs
            are fewer than dimensions, next to nothing where there are plenty. 0 is the formula of
            the paper.
        t: C_m is raised to -t/2: 1 is the formula of the paper, 0 is PCA of C_n.
        flatten: rows are divided by their eigenvalue to the power flatten/2, so that no few of
            them outweigh the rest: 0 is the formula of the paper, 1 gives all the same weight.
        normalize: l2-normalize what :meth:`transform` gives.
        seed: of non-matching pairs where none are given.
        fitted: what it is fitted on, kept in the saved file.

    Attributes:
        mean_: ``(D,)`` float32, of all vectors.
        projection_: ``(d, D)`` float32 Pᵀ, the most telling row first.
        eigenvalues_: ``(d,)`` float64 of the rotation: how much more non-matching pairs differ
            along a row than matching ones.
        shrinkage_: the share that was used.
    """

    shrinkage_: float

    def __init__(
        self,
        dimensions: int | None = None,
        *,
        shrinkage: float | None = None,
        t: float = 1.0,
        flatten: float = 0.0,
        normalize: bool = True,
        seed: int = 0,
        fitted: str = "",
    ) -> None:
        self.dimensions = dimensions
        self.shrinkage = shrinkage
        self.t = t
        self.flatten = flatten
        self.normalize = normalize
        self.seed = seed
        self.fitted = fitted

    def fit(self, vectors: Float32, pairs: Int64, non_pairs: Int64 | None = None) -> Self:
        """Learn from ``(N, D)`` vectors.

        Args:
            vectors: float32.
            pairs: ``(P, 2)`` rows of ``vectors`` that show the same.
            non_pairs: ``(Q, 2)`` rows that do not; None draws some of those that no chain of
                ``pairs`` connects.

        Raises:
            UsageError: too few vectors or pairs, more dimensions than they have, a bad option.
            ShapeError: no finite float32 matrix, or pairs of rows that are not there.
        """
        check_sample(vectors)
        self._check_options()
        _check_pairs("pairs", pairs, len(vectors))
        center, power = center_of(vectors)
        if non_pairs is None:
            count = max(len(pairs), 32 * vectors.shape[1])
            non_pairs = random_non_pairs(pairs, len(vectors), count=count, seed=self.seed)
        _check_pairs("non_pairs", non_pairs, len(vectors))
        within, share = shrink(*scatter(vectors, pairs), pairs=len(pairs), share=self.shrinkage)
        whitener = _whitener(within, t=self.t, power=power)
        turned = whitener @ scatter(vectors, non_pairs)[0] @ whitener
        most = supported(self.dimensions, min(len(vectors) - 1, vectors.shape[1]))
        rotation = largest(turned, most)
        power *= float(np.abs(whitener).max()) ** 2
        kept = supported(self.dimensions, rank_of(rotation.values, power=power))
        self.mean_ = center.astype(np.float32)
        weights = rotation.values[:kept, None] ** (-self.flatten / 2)
        rows = upright(rotation.vectors[:, :kept].T @ whitener)
        self.projection_ = (rows * weights).astype(np.float32)
        self.eigenvalues_ = rotation.values[:kept]
        self.shrinkage_ = share
        return self

    def fit_transform(
        self, vectors: Float32, pairs: Int64, non_pairs: Int64 | None = None
    ) -> Float32:
        """Learn from ``(N, D)`` vectors and project them."""
        return self.fit(vectors, pairs, non_pairs).transform(vectors)

    def _check_options(self) -> None:
        check_options(dimensions=self.dimensions, t=self.t)
        if not 0 <= self.flatten <= 1:
            raise UsageError(f"flatten must be between 0 and 1, not {self.flatten}")
        if self.shrinkage is not None and not 0 <= self.shrinkage <= 1:
            raise UsageError(f"shrinkage must be between 0 and 1, not {self.shrinkage}")


def _whitener(within: Float64, *, t: float, power: float) -> Float64:
    """C_m^(-t/2), ``(D, D)``."""
    spectrum = largest(within, len(within), iterative=False)
    if rank_of(spectrum.values, power=power) == 0:
        raise UsageError("the vectors of every pair are equal; bring views that differ")
    return (spectrum.vectors * inverse_power(spectrum.values, t=t)) @ spectrum.vectors.T


def _check_pairs(name: str, pairs: Int64, count: int) -> None:
    check_array(name, pairs, shape=(None, 2), dtype=None)
    if not np.issubdtype(pairs.dtype, np.integer):
        raise ShapeError(f"{name} must be whole numbers, not {pairs.dtype.name}")
    if not len(pairs):
        raise UsageError(f"{name} is empty; bring at least one")
    if pairs.min() < 0 or pairs.max() >= count:
        raise ShapeError(f"{name} must name rows 0 … {count - 1}")
    if np.any(pairs[:, 0] == pairs[:, 1]):
        raise UsageError(f"{name} must not pair a vector with itself")
