"""Geometric medians: the points with the least sum of distances, which few outliers move."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["geometric_median"]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def geometric_median(
    values: Float64,
    groups: Int64,
    *,
    count: int,
    weights: Float64 | None = None,
    steps: int = 30,
) -> Float64:
    """``(count, D)`` geometric medians of the ``(P, D)`` values in each of ``count`` groups.

    Every group has a value. A median on a value is approached.

    Args:
        values: ``(P, D)``.
        groups: ``(P,)`` from 0 to ``count`` - 1.
        count: number of groups.
        weights: ``(P,)`` above 0; all alike unless given.
        steps: of the iteration.

    Source: Weiszfeld, "Sur le point pour lequel la somme des distances de n points donnés est
    minimum", 1937.
    """
    weights = np.ones(len(values)) if weights is None else weights
    median = _means(values, groups, count, weights)
    for _ in range(steps):
        apart = np.linalg.norm(values - median[groups], axis=1)
        median = _means(values, groups, count, weights / np.maximum(apart, 1e-9))
    return median


def _means(values: Float64, groups: Int64, count: int, weights: Float64) -> Float64:
    total = np.bincount(groups, weights, minlength=count)
    columns = (values * weights[:, None]).T
    sums = [np.bincount(groups, column, minlength=count) for column in columns]
    return np.stack(sums, axis=1) / total[:, None]
