"""Images of several descriptors, compared by the matrix of all their similarities.

An image is a matrix X of one descriptor per scale, or per crop, flip or other transformation. Two
images have the similarity matrix S = X Yᵀ, X the query and Y the database image, from which one
number is taken. Rows of S are the query's descriptors, columns the database image's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError
from relook.recognition.learned_similarity import LearnedSimilarity
from relook.recognition.scale_whitening import ScaleWhitening

__all__ = [
    "MEASURES",
    "LearnedSimilarity",
    "ScaleWhitening",
    "make_measure",
    "matrix_similarity",
    "similarity_matrices",
]

Float32 = NDArray[np.float32]
Measure = Callable[[Float32], Float32]

NUMBERS = 1 << 23
"""Similarities in memory at a time."""


def _rows(matrices: Float32) -> Float32:
    best: Float32 = matrices.max(axis=-1)
    return best


def _cols(matrices: Float32) -> Float32:
    best: Float32 = matrices.max(axis=-2)
    return best


def _sum(values: Float32) -> Float32:
    return np.asarray(values.sum(axis=-1))


MEASURES: dict[str, Measure] = {
    "max": lambda matrices: np.asarray(matrices.max(axis=(-2, -1))),
    "sum_max_rows": lambda matrices: _sum(_rows(matrices)),
    "sum_max_cols": lambda matrices: _sum(_cols(matrices)),
    "sum_squared_max_rows": lambda matrices: _sum(np.square(_rows(matrices))),
    "sum_squared_max_cols": lambda matrices: _sum(np.square(_cols(matrices))),
}
"""One number of each matrix, ``(…, S, T)`` to ``(…)``, higher is more alike.

max_ij s_ij; Σ_i max_j s_ij, the best answer to each of the query's descriptors; Σ_j max_i s_ij, the
best to each of the database image's; and the sums of these maxima squared. A square forgets the
sign: a row whose maximum is negative counts for the image as if it were positive.
"""


def make_measure(measure: str | LearnedSimilarity) -> Measure:
    """A measure by name, or a learned one.

    Raises:
        UsageError: there is none; the message lists the choices.
    """
    if isinstance(measure, LearnedSimilarity):
        return measure.score
    if measure not in MEASURES:
        known = ", ".join(MEASURES)
        raise UsageError(f"there is no measure {measure!r}; choose from {known}")
    return MEASURES[measure]


def similarity_matrices(queries: Float32, database: Float32) -> Float32:
    """S = X Yᵀ of every query X with every database image Y.

    Args:
        queries: ``(Q, S, D)`` float32, l2-normalized for cosines.
        database: ``(N, T, D)`` float32.

    Returns:
        ``(Q, N, S, T)`` float32. This is large: :func:`matrix_similarity` never holds it.

    Raises:
        ShapeError: other shapes or types, or values that are not finite.
    """
    _check(queries, database)
    check_finite("database", database)
    count, scales, width = queries.shape
    others, columns = database.shape[:2]
    products = queries.reshape(count * scales, width) @ database.reshape(others * columns, width).T
    matrices = products.reshape(count, scales, others, columns).swapaxes(1, 2)
    return np.ascontiguousarray(matrices)


def matrix_similarity(
    queries: Float32,
    database: Float32,
    *,
    measure: str | LearnedSimilarity,
    block: int = 4096,
) -> Float32:
    """One similarity of every query with every database image, part by part.

    Args:
        queries: ``(Q, S, D)`` float32, l2-normalized for cosines.
        database: ``(N, T, D)`` float32; may be mapped, is read once per few queries.
        measure: a name of :data:`MEASURES`, or what was learned.
        block: database images at a time, at most.

    Returns:
        ``(Q, N)`` float32, higher is more alike; as far as a measure sums, not bounded by 1.

    Raises:
        ShapeError: other shapes or types, values that are not finite, or matrices of another shape
            than a measure was learned for.
        UsageError: an unknown measure, or a block below 1.
    """
    function = make_measure(measure)
    _check(queries, database)
    if block < 1:
        raise UsageError(f"block must be at least 1, not {block}")
    out = np.empty((len(queries), len(database)), np.float32)
    cells = queries.shape[1] * database.shape[1]
    block = max(1, min(block, NUMBERS // cells, len(database)))
    portion = max(1, NUMBERS // (cells * block))
    for first in range(0, len(queries), portion):
        asked = queries[first : first + portion]
        for start in range(0, len(database), block):
            part = np.asarray(database[start : start + block])
            check_finite("database", part)
            out[first : first + portion, start : start + block] = function(_products(asked, part))
    return out


def _products(queries: Float32, database: Float32) -> Float32:
    """Matrices ``(Q, N, S, T)`` as a view of an array whose last axis is Q.

    A maximum over a last axis of a few scales would take nearly as long as the products.
    """
    count, scales, width = queries.shape
    others, columns = database.shape[:2]
    by_scale = queries.swapaxes(0, 1).reshape(scales * count, width)
    products = database.reshape(others * columns, width) @ by_scale.T
    return products.reshape(others, columns, scales, count).transpose(3, 0, 2, 1)


def _check(queries: Float32, database: Float32) -> None:
    for name, array in (("queries", queries), ("database", database)):
        check_array(name, array, shape=(None, None, None), dtype=np.float32)
        if not array.shape[1]:
            raise ShapeError(f"{name} have no descriptors; give at least one per image")
    if queries.shape[2] != database.shape[2]:
        raise ShapeError(
            f"queries have {queries.shape[2]} dimensions, the database has {database.shape[2]}"
        )
    check_finite("queries", queries)
