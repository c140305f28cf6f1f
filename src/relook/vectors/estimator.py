"""What every fitted transform of vectors does once it is fitted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ShapeError, UsageError
from relook.core.paths import AnyPath
from relook.vectors.projection import Projection, project

__all__ = ["FittedTransform"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


class FittedTransform:
    """Base of the transforms that learn a mean and a matrix.

    Attributes:
        mean_: ``(D,)`` float32.
        projection_: ``(d, D)`` float32, the most important row first.
        eigenvalues_: ``(d,)`` float64 that the rows are ordered by.
    """

    normalize: bool
    fitted: str
    mean_: Float32
    projection_: Float32
    eigenvalues_: Float64

    def transform(self, vectors: Float32) -> Float32:
        """Project ``(N, D)`` vectors to ``(N, d)``; a zero row stays zero.

        Raises:
            UsageError: nothing was fitted yet.
            ShapeError: another dimension, another type, or values that are not finite.
        """
        self._check_fitted()
        return project(vectors, self.mean_, self.projection_, normalize=self.normalize)

    def truncated(self, dimensions: int) -> Projection:
        """The first ``dimensions`` only: equal to fitting with so many."""
        return self.as_projection().truncated(dimensions)

    def as_projection(self) -> Projection:
        """What was learned, without how.

        Raises:
            UsageError: nothing was fitted yet.
        """
        self._check_fitted()
        return Projection(
            self.mean_,
            self.projection_,
            normalize=self.normalize,
            method=self.method,
            fitted=self.fitted,
        )

    @property
    def method(self) -> str:
        """The class and its options, as the header of a saved file says it."""
        options = {
            name: value
            for name, value in vars(self).items()
            if not name.endswith("_") and name not in ("normalize", "fitted")
        }
        said = ", ".join(f"{name}={value}" for name, value in options.items())
        return f"{type(self).__name__}({said})"

    @property
    def sha256(self) -> str:
        """Hash of all that decides the results."""
        return self.as_projection().sha256

    def save(self, path: AnyPath, *, half: bool = False) -> None:
        """Write one file that ``load_whitening`` reads; ``half`` as in :meth:`Projection.save`."""
        self.as_projection().save(path, half=half)

    def _check_fitted(self) -> None:
        if not hasattr(self, "projection_"):
            raise UsageError(f"this {type(self).__name__} is not fitted; call fit first")


def check_sample(vectors: Float32) -> None:
    """Raise unless these are at least two ``(N, D)`` float32 vectors."""
    check_array("vectors", vectors, shape=(None, None), dtype=np.float32)
    if not vectors.shape[1]:
        raise ShapeError("vectors must have at least one dimension")
    if len(vectors) < 2:
        raise UsageError(f"{len(vectors)} vectors are too few to fit anything; bring at least 2")


def check_options(*, dimensions: int | None, t: float) -> None:
    """Raise unless the dimension is positive and the exponent a share."""
    if dimensions is not None and dimensions < 1:
        raise UsageError(f"dimensions must be at least 1, not {dimensions}")
    if not 0 <= t <= 1:
        raise UsageError(f"t must be between 0 (no whitening) and 1 (full), not {t}")


def supported(dimensions: int | None, possible: int) -> int:
    """How many dimensions to keep.

    Raises:
        UsageError: more are wanted than the data have, or they have none.
    """
    if possible < 1:
        raise UsageError("all vectors are equal: nothing can be learned; bring other pictures")
    if dimensions is not None and dimensions > possible:
        raise UsageError(
            f"these vectors support {possible} dimensions, not {dimensions}; ask for fewer or "
            "bring more pictures"
        )
    return possible if dimensions is None else dimensions
