"""Cosines of queries to the means of classes, as mean k-NN needs them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ShapeError
from relook.index.vectors.kernels import frozen
from relook.recognition.grouping import Groups
from relook.recognition.mean_kernels import mean_cosines

__all__ = ["mean_similarities", "sound"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


def mean_similarities(queries: Float32, database: Float32, rows: Int64, groups: Groups) -> Float64:
    """Cosine of each group's query to the mean of the group's vectors.

    Args:
        queries: ``(Q, D)``.
        database: ``(N, D)``.
        rows: ``(Q k,)`` neighbors, flattened.
        groups: of these neighbors.

    Returns:
        ``(G,)``; 0 where the mean or the query is zero.

    Raises:
        ShapeError: a vector that is needed is not finite.
    """
    out = np.empty(len(groups), np.float64)
    mean_cosines(
        frozen(queries),
        frozen(database),
        rows[groups.entries],
        groups.starts,
        groups.stops,
        groups.queries,
        out,
    )
    return sound(out)


def sound(cosines: Float64) -> Float64:
    """The cosines, from -1 to 1.

    Raises:
        ShapeError: one is NaN, because a vector was not finite.
    """
    if np.isnan(cosines).any():
        raise ShapeError("database has values that are not finite; check what produced them")
    return cosines.clip(-1, 1)
