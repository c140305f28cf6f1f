"""From the similarities of all descriptors of two images to one number.

S is ``(R, Q)``: row r is a descriptor of the image, column q one of the query.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.numba_cache import compiled

__all__ = ["MATCHES", "pool_similarities"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

MATCHES = {"max": 0, "sum": 1, "sum-image": 2, "one-to-one": 3}
"""How similarities become one number; see :func:`pool_similarities`."""


def pool_similarities(similarities: Float32, starts: Int64, *, match: str) -> Float32:
    """One score per image.

    ``max`` is the largest entry. ``sum`` adds for each descriptor of
    the query its best in the image (the cross matching of A. S. Razavian et al., 2016),
    ``sum-image`` for each of the image its best in the query. ``one-to-one`` is the
    mean of the i-th against the i-th, for descriptors that stand for the same crop or scale
    (F. Radenović, 2019, section 9.2.2).

    Args:
        similarities: ``(M, Q)`` float32, the rows of one image after the other.
        starts: ``(N + 1,)`` int64, the first row of each image, and M.
        match: one of :data:`MATCHES`.

    Returns:
        ``(N,)`` float32; an image without descriptors has -inf.

    Raises:
        UsageError: there is no such match, or ``one-to-one`` meets another number of descriptors.
    """
    if match not in MATCHES:
        raise UsageError(f"match must be one of {', '.join(MATCHES)}, not {match!r}")
    if match == "one-to-one":
        counts = np.diff(starts)
        odd = counts[(counts != similarities.shape[1]) & (counts > 0)]
        if len(odd):
            raise UsageError(
                f"one-to-one needs as many descriptors on both sides, and an image has {odd[0]} "
                f"where the query has {similarities.shape[1]}; ask for max or sum"
            )
    pooled = np.empty(len(starts) - 1, np.float32)
    _pool(similarities, starts, MATCHES[match], pooled)
    return pooled


@compiled()
def _pool(similarities: Float32, starts: Int64, match: int, pooled: Float32) -> None:
    columns = similarities.shape[1]
    best = np.empty(columns, np.float32)
    for image in range(len(pooled)):
        first, stop = starts[image], starts[image + 1]
        if first == stop:
            pooled[image] = -np.inf
            continue
        best[:] = -np.inf
        rows = diagonal = 0.0
        for row in range(first, stop):
            largest = -np.inf
            for column in range(columns):
                value = similarities[row, column]
                best[column] = max(best[column], value)
                largest = max(largest, value)
            rows += largest
            diagonal += similarities[row, min(row - first, columns - 1)]
        if match == 0:
            pooled[image] = best.max()
        elif match == 1:
            pooled[image] = best.sum()
        elif match == 2:
            pooled[image] = rows
        else:
            pooled[image] = diagonal / columns
