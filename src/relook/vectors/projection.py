"""A linear map of vectors: subtract a mean, multiply by a matrix, normalize."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.paths import AnyPath
from relook.core.storage import load_arrays, save_arrays
from relook.vectors.normalize import l2_normalize

__all__ = ["Projection", "load_whitening", "project"]

KIND = "relook.whitening"
VERSION = 1
BLOCK = 8192
"""Rows that are worked on at a time, which bounds the memory."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """``P (x - m)``, then l2: what every PCA and every whitening comes to once it is fitted.

    Whitenings of other tools come in the same form, cirtorch's ``m`` ``(D, 1)`` and ``P`` among
    them: ``Projection(m, P)``.

    Args:
        mean: m, ``(D,)`` or ``(D, 1)``.
        matrix: P, ``(d, D)``, the most important row first.
        normalize: whether the results are l2-normalized.
        method: how it was fitted, in a word.
        fitted: what it was fitted on, for people and for audits.

    Raises:
        ShapeError: the shapes do not fit each other, or a value is not finite.
    """

    mean: Float32
    matrix: Float32
    normalize: bool = field(default=True, kw_only=True)
    method: str = field(default="", kw_only=True)
    fitted: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        mean = np.array(self.mean, np.float32)
        if mean.ndim == 2 and mean.shape[1] == 1:
            mean = mean[:, 0]
        matrix = np.array(self.matrix, np.float32, order="C")
        check_array("mean", mean, shape=(None,), dtype=np.float32)
        check_array("matrix", matrix, shape=(None, len(mean)), dtype=np.float32)
        check_finite("mean", mean)
        check_finite("matrix", matrix)
        if not matrix.size:
            raise ShapeError("a projection needs at least one dimension")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "matrix", matrix)

    @property
    def dimensions(self) -> int:
        """d, the length of the results."""
        return len(self.matrix)

    @property
    def sha256(self) -> str:
        """Hash of all that decides the results."""
        content = hashlib.sha256(f"{self.matrix.shape} {self.normalize}".encode())
        for array in (self.mean, self.matrix):
            content.update(array.astype("<f4").tobytes())
        return content.hexdigest()

    def transform(self, vectors: Float32) -> Float32:
        """Project ``(N, D)`` vectors to ``(N, d)``.

        A zero row says that nothing was described: it stays zero.

        Raises:
            ShapeError: another dimension, another type, or values that are not finite.
        """
        return project(vectors, self.mean, self.matrix, normalize=self.normalize)

    def truncated(self, dimensions: int) -> Self:
        """The first ``dimensions`` rows only; results are normalized again.

        Raises:
            UsageError: fewer than 1, or more than there are.
        """
        if not 1 <= dimensions <= self.dimensions:
            raise UsageError(
                f"cannot keep {dimensions} dimensions; choose from 1 to {self.dimensions}"
            )
        return replace(self, matrix=self.matrix[:dimensions])

    def save(self, path: AnyPath, *, half: bool = False) -> None:
        """Write one file; ``half`` keeps the matrix in float16, half as large and less exact."""
        matrix: NDArray[Any] = self.matrix
        # Scaled by a power of two, so that float16 neither overflows nor loses small values.
        scale = float(2.0 ** np.ceil(np.log2(max(np.abs(matrix).max(), 1e-30)))) if half else 1.0
        if half:
            matrix = (matrix / np.float32(scale)).astype(np.float16)
        header = {
            "method": self.method,
            "fitted": self.fitted,
            "normalize": self.normalize,
            "dimensions": list(self.matrix.shape),
            "scale": scale,
        }
        arrays = {"mean": self.mean, "matrix": matrix}
        save_arrays(path, arrays, kind=KIND, version=VERSION, header=header)


def project(vectors: Float32, mean: Float32, matrix: Float32, *, normalize: bool) -> Float32:
    """What :meth:`Projection.transform` does, for arrays that were checked before."""
    _check_dimension(vectors, len(mean))
    out = np.empty((len(vectors), len(matrix)), np.float32)
    for start in range(0, len(vectors), BLOCK):
        rows = np.asarray(vectors[start : start + BLOCK])
        check_finite("vectors", rows)
        part = out[start : start + BLOCK]
        np.matmul(rows - mean, matrix.T, out=part)
        part[~rows.any(axis=1)] = 0
        if normalize:
            part[:] = l2_normalize(part)
    return out


def _check_dimension(vectors: NDArray[Any], dimension: int) -> None:
    """Raise :class:`ShapeError` unless these are ``(N, dimension)`` float32 vectors."""
    check_array("vectors", vectors, shape=(None, None), dtype=np.float32)
    if vectors.shape[1] != dimension:
        raise ShapeError(
            f"vectors have {vectors.shape[1]} dimensions, the projection is for {dimension}; "
            "use the one that was fitted for this network"
        )


def load_whitening(path: AnyPath) -> Projection:
    """Read what :meth:`Projection.save` wrote.

    Raises:
        FormatError: another kind of file, damaged, or of a newer version.
        StorageError: the file cannot be opened.
    """
    stored = load_arrays(path, kind=KIND, version=VERSION)
    try:
        scale = np.float32(stored.header["scale"])
        return Projection(
            stored.arrays["mean"].astype(np.float32),
            stored.arrays["matrix"].astype(np.float32) * scale,
            normalize=bool(stored.header["normalize"]),
            method=str(stored.header["method"]),
            fitted=str(stored.header["fitted"]),
        )
    except (KeyError, TypeError, ValueError) as error:  # a ShapeError is a ValueError
        raise FormatError(f"{path} is a damaged whitening; fit it again ({error})") from error
