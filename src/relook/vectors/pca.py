"""Principal components, with or without whitening, of the covariance or of its dual."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.vectors.estimator import FittedTransform, check_options, check_sample, supported
from relook.vectors.spectrum import (
    Spectrum,
    center_of,
    covariance,
    gram,
    inverse_power,
    largest,
    lift,
    rank_of,
    upright,
)

__all__ = ["Pca", "PcaWhitening"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


class Pca(FittedTransform):
    """Principal component analysis with the contract of scikit-learn.

    Where there are fewer vectors than dimensions, the ``(N, N)`` Gram matrix stands in for the
    ``(D, D)`` covariance (Bishop, *Pattern Recognition and Machine Learning*, 2006, 12.1.4); where
    few of many dimensions are wanted, Arnoldi's iteration finds just these.

    Args:
        dimensions: how many to keep; None keeps all that the data have.
        whiten: divide each component by its standard deviation to the power ``t`` (Jégou and
            Chum, *Negative evidences and co-occurrences in image retrieval*, ECCV 2012).
        t: 1 whitens fully, 0 not at all; what lies between trusts small eigenvalues less.
        normalize: l2-normalize what :meth:`transform` gives.
        solver: ``covariance``, ``gram``, or ``auto`` for the smaller of both.
        iterative: find eigenvectors by iteration; None decides by their number.
        fitted: what it is fitted on, kept in the saved file.

    Attributes:
        mean_: ``(D,)`` float32.
        projection_: ``(d, D)`` float32, the largest variance first; the largest component of each
            eigenvector is positive.
        eigenvalues_: ``(d,)`` float64, the variance (divisor N) along each eigenvector.
    """

    def __init__(
        self,
        dimensions: int | None = None,
        *,
        whiten: bool = False,
        t: float = 1.0,
        normalize: bool = True,
        solver: Literal["auto", "covariance", "gram"] = "auto",
        iterative: bool | None = None,
        fitted: str = "",
    ) -> None:
        self.dimensions = dimensions
        self.whiten = whiten
        self.t = t
        self.normalize = normalize
        self.solver = solver
        self.iterative = iterative
        self.fitted = fitted

    def fit(self, vectors: Float32) -> Self:
        """Learn from ``(N, D)`` vectors.

        Raises:
            UsageError: fewer than two vectors, more dimensions than they have, or a bad option.
            ShapeError: no finite float32 matrix.
        """
        check_sample(vectors)
        check_options(dimensions=self.dimensions, t=self.t)
        if self.solver not in ("auto", "covariance", "gram"):
            raise UsageError(f"solver must be auto, covariance or gram, not {self.solver!r}")
        center, power = center_of(vectors)
        most = min(len(vectors) - 1, vectors.shape[1])
        wanted = supported(self.dimensions, most)
        spectrum = self._decompose(vectors, center, wanted, power)
        scale = inverse_power(spectrum.values, t=self.t if self.whiten else 0.0)
        rows = upright(spectrum.vectors.T) * scale[:, None]
        self.mean_ = center.astype(np.float32)
        self.projection_ = rows.astype(np.float32)
        self.eigenvalues_ = spectrum.values
        return self

    def fit_transform(self, vectors: Float32) -> Float32:
        """Learn from ``(N, D)`` vectors and project them."""
        return self.fit(vectors).transform(vectors)

    def _decompose(self, vectors: Float32, center: Float64, wanted: int, power: float) -> Spectrum:
        dual = self.solver == "gram" or (self.solver == "auto" and len(vectors) < len(center))
        moments = gram(vectors, center) if dual else covariance(vectors, center)
        found = largest(moments, wanted, iterative=self.iterative)
        count = supported(self.dimensions, rank_of(found.values, power=power))
        found = Spectrum(found.values[:count], found.vectors[:, :count])
        return lift(found, vectors, center) if dual else found


class PcaWhitening(Pca):
    """PCA whitening: :class:`Pca` that whitens; the default of global descriptors."""

    def __init__(
        self,
        dimensions: int | None = None,
        *,
        t: float = 1.0,
        normalize: bool = True,
        solver: Literal["auto", "covariance", "gram"] = "auto",
        iterative: bool | None = None,
        fitted: str = "",
    ) -> None:
        super().__init__(
            dimensions,
            whiten=True,
            t=t,
            normalize=normalize,
            solver=solver,
            iterative=iterative,
            fitted=fitted,
        )
