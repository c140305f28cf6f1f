"""Checks of what is added and asked, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError

__all__ = ["LARGEST_HALF", "as_rows", "check_top", "to_half"]

Float32 = NDArray[np.float32]

LARGEST_HALF = 65504.0

LONGEST = 1e15
"""A longer vector could make a score that float32 cannot hold."""


def as_rows(
    name: str, vectors: Sequence[Float32] | Float32, *, count: int | None, dimensions: int
) -> Float32:
    """Vectors as a ``(N, D)`` float32 matrix in one piece.

    Args:
        name: of the argument, for the error.
        vectors: N vectors ``(D,)``, or a ``(N, D)`` matrix.
        count: the N that is needed; None takes any.
        dimensions: the D of the index.

    Raises:
        ShapeError: another number or dimension, another type, values that are not finite, or a
            vector longer than 1e15.
    """
    if isinstance(vectors, np.ndarray):
        rows = vectors
    elif all(vector.shape == (dimensions,) for vector in vectors):
        rows = np.stack(list(vectors)) if len(vectors) else np.zeros((0, dimensions), np.float32)
    else:
        odd = next(vector.shape for vector in vectors if vector.shape != (dimensions,))
        raise ShapeError(_other_network(name, odd[-1] if len(odd) == 1 else odd, dimensions))
    if rows.ndim == 2 and rows.shape[1] != dimensions:
        raise ShapeError(_other_network(name, rows.shape[1], dimensions))
    check_array(name, rows, shape=(count, dimensions), dtype=np.float32)
    check_finite(name, rows)
    if len(rows) and float(np.abs(rows).max(initial=0)) > LONGEST / max(1, dimensions):
        raise ShapeError(f"{name} are too long to be compared; normalize them")
    return np.ascontiguousarray(rows)


def to_half(rows: Float32) -> NDArray[np.float16]:
    """Rows as float16; :class:`ShapeError` where a value does not fit."""
    if float(np.abs(rows).max(initial=0)) > LARGEST_HALF:
        raise ShapeError("vectors do not fit float16; normalize them")
    return rows.astype(np.float16)


def check_top(top: int) -> None:
    """Raise :class:`UsageError` unless at least one image is asked for."""
    if top < 1:
        raise UsageError(f"top must be at least 1, not {top}")


def _other_network(name: str, found: object, dimensions: int) -> str:
    return (
        f"{name} have {found} dimensions and the index has {dimensions}: descriptors of another "
        "network; describe the images and the query with the same one"
    )
