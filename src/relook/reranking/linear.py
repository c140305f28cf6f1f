"""f = (1 - α)(I - α𝒲)^-1 y: by conjugate gradient, or as the limit of a random walk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import UsageError
from relook.core.numba_cache import compiled
from relook.reranking.sparse import Csr, multiply

__all__ = ["check_alpha", "conjugate_gradient", "random_walk", "solve"]

Float64 = NDArray[np.float64]


def check_alpha(alpha: float) -> None:
    """Raise :class:`UsageError` unless 0 ≤ α < 1."""
    if not 0 <= alpha < 1:
        raise UsageError(f"alpha must be from 0 to below 1, not {alpha}")


def solve(
    matrix: Csr,
    y: Float64,
    *,
    alpha: float = 0.99,
    tolerance: float = 1e-10,
    max_iterations: int = 1000,
) -> Float64:
    """Solve (I - α𝒲) f = (1 - α) y by conjugate gradient in double precision.

    Args:
        matrix: 𝒲, symmetric with no eigenvalue beyond ±1, such as ``Affinity.normalized`` or a
            part of it.
        y: ``(N,)`` float64.
        alpha: 0 ≤ α < 1; larger reaches farther.
        tolerance: stop where the residual is that small, relative to y.
        max_iterations: stop at the latest then; what is farther than that many edges from y
            stays 0.

    Returns:
        ``(N,)`` float64. Nodes that no edges join with y are exactly 0.

    Raises:
        ShapeError, UsageError: an argument does not fit.

    Source: Iscen, Tolias, Avrithis, Furon, Chum, "Efficient diffusion on region manifolds:
    recovering small objects with compact CNN representations", CVPR 2017.
    """
    _check(matrix, y, alpha)
    return conjugate_gradient(matrix, y * (1 - alpha), alpha, tolerance, max_iterations)


def random_walk(matrix: Csr, y: Float64, *, alpha: float = 0.99, iterations: int = 20) -> Float64:
    """Iterate f ← α𝒲f + (1 - α) y from f = y; converges to what :func:`solve` gives.

    Source: Zhou, Weston, Gretton, Bousquet, Schölkopf, "Ranking on data manifolds", NIPS 2003.
    """
    _check(matrix, y, alpha)
    f, product = y.copy(), np.empty_like(y)
    for _ in range(iterations):
        multiply(matrix, f, product)
        f = alpha * product + (1 - alpha) * y
    return f


def _check(matrix: Csr, y: Float64, alpha: float) -> None:
    check_alpha(alpha)
    check_array("y", y, shape=(matrix.rows,), dtype=np.float64)
    check_finite("y", y)


@compiled()
def conjugate_gradient(
    matrix: Csr, right: Float64, alpha: float, tolerance: float, max_iterations: int
) -> Float64:
    """The loop of :func:`solve`, for ``right`` = (1 - α) y."""
    f, product = np.zeros_like(right), np.zeros_like(right)
    residual, direction = right.copy(), right.copy()
    squared = 0.0
    for i in range(len(right)):
        squared += right[i] * right[i]
    least = tolerance * tolerance * squared
    for _ in range(max_iterations):
        if squared <= least or squared == 0.0:
            break
        multiply(matrix, direction, product)
        curvature = 0.0
        for i in range(len(f)):
            product[i] = direction[i] - alpha * product[i]
            curvature += direction[i] * product[i]
        step = squared / curvature
        previous, squared = squared, 0.0
        for i in range(len(f)):
            f[i] += step * direction[i]
            residual[i] -= step * product[i]
            squared += residual[i] * residual[i]
        for i in range(len(f)):
            direction[i] = residual[i] + squared / previous * direction[i]
    return f
