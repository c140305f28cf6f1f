"""Eigenvectors of second moments, in float64 and in blocks, so that memory stays bounded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_finite

__all__ = [
    "Spectrum",
    "center_of",
    "covariance",
    "gram",
    "inverse_power",
    "largest",
    "lift",
    "rank_of",
    "slices",
    "upright",
]

BLOCK = 1 << 23
"""Values that are converted to float64 at a time: 64 MiB."""
SMALLEST = 1e-12
"""Eigenvalues below this share of the largest are rounding: they count as zero."""
FLOOR = 1e-7
"""Whitening takes no eigenvalue for less than this share of the largest."""
FEW, MANY = 0.06, 512
"""The iterative solver is for less than this share of at least so many eigenvectors."""

Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Eigenvalues ``(k,)``, the largest first, and eigenvectors ``(D, k)`` in columns."""

    values: Float64
    vectors: Float64


def center_of(vectors: Float32) -> tuple[Float64, float]:
    """Mean ``(D,)`` and mean squared length of ``(N, D)`` vectors.

    Raises:
        ShapeError: values that are not finite.
    """
    total, power = np.zeros(vectors.shape[1]), 0.0
    for rows in slices(*vectors.shape):
        block = np.asarray(vectors[rows])
        check_finite("vectors", block)
        exact = block.astype(np.float64)
        total += exact.sum(axis=0)
        power += float(np.vdot(exact, exact))
    return total / len(vectors), power / len(vectors)


def covariance(vectors: Float32, center: Float64) -> Float64:
    """Σ (x - m)(x - m)ᵀ / N, ``(D, D)``."""
    out = np.zeros((len(center), len(center)))
    for rows in slices(*vectors.shape):
        block = vectors[rows] - center
        out += block.T @ block
    return out / len(vectors)


def gram(vectors: Float32, center: Float64) -> Float64:
    """Inner products of the centered vectors / N, ``(N, N)``: the dual of the covariance."""
    out = np.zeros((len(vectors), len(vectors)))
    for columns in slices(len(center), len(vectors)):
        block = vectors[:, columns] - center[columns]
        out += block @ block.T
    return out / len(vectors)


def lift(dual: Spectrum, vectors: Float32, center: Float64) -> Spectrum:
    """Eigenvectors of the covariance from those of the Gram matrix: Xᵀ u / √(N λ)."""
    scaled = dual.vectors / np.sqrt(len(vectors) * dual.values)
    out = np.empty((len(center), len(dual.values)))
    for columns in slices(len(center), len(vectors)):
        out[columns] = (vectors[:, columns] - center[columns]).T @ scaled
    return Spectrum(dual.values, out)


def largest(matrix: Float64, count: int, *, iterative: bool | None = None) -> Spectrum:
    """The eigenvectors of a symmetric matrix ``(D, D)`` with the ``count`` largest eigenvalues.

    Args:
        matrix: symmetric, not negative.
        count: how many.
        iterative: by Arnoldi's iteration or densely; None chooses by ``count`` and size.
    """
    side = len(matrix)
    if iterative is None:
        iterative = side >= MANY and count < FEW * side
    if iterative and count < side and matrix.any():
        found = _iterate(matrix, count)
        if found is not None:
            return found
    values, vectors = np.linalg.eigh(matrix)
    return Spectrum(values[::-1][:count].clip(0), vectors[:, ::-1][:, :count])


def _iterate(matrix: Float64, count: int) -> Spectrum | None:
    from scipy.sparse.linalg import (  # noqa: PLC0415 - scipy takes a moment; only fitting needs it
        ArpackError,
        eigsh,
    )

    start = np.random.default_rng(0).standard_normal(len(matrix))
    try:
        values, vectors = eigsh(matrix, k=count, which="LA", v0=start)
    except ArpackError:  # it did not converge; the dense solver always does
        return None
    order = np.argsort(-values, kind="stable")
    return Spectrum(values[order].clip(0), vectors[:, order])


def inverse_power(values: Float64, *, t: float) -> Float64:
    """λ^(-t/2), where no λ is taken for less than a small share of the largest."""
    powers: Float64 = np.maximum(values, FLOOR * values.max()) ** (-t / 2)
    return powers


def rank_of(values: Float64, *, power: float) -> int:
    """How many of these eigenvalues are more than the rounding of float32 vectors.

    Args:
        values: ``(k,)``, the largest first.
        power: mean squared length of the vectors.
    """
    largest_one = float(values.max(initial=0))
    rounding = max(SMALLEST * largest_one, float(np.finfo(np.float32).eps) ** 2 * power)
    return int(np.count_nonzero(values > rounding))


def upright(rows: Float64) -> Float64:
    """Turn the sign of each row so that its largest component is positive: the same everywhere."""
    peak = np.take_along_axis(rows, np.abs(rows).argmax(axis=1)[:, None], axis=1)
    return rows * np.where(peak < 0, -1.0, 1.0)


def slices(count: int, width: int) -> Iterator[slice]:
    """Blocks of ``range(count)``, for lines of ``width`` values."""
    step = max(1, BLOCK // width)
    for start in range(0, count, step):
        yield slice(start, start + step)
