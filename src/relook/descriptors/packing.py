"""The bytes of the vectors of one picture in a collection: two per value and a header of 12.

Little-endian: ``vd``, version, type of the values (1 for float16), rows (uint32), dimensions
(uint32), then the values, row by row.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import FormatError, ShapeError

__all__ = ["pack_vectors", "unpack_vectors"]

HEADER = struct.Struct("<2sBBII")
MAGIC, VERSION, FLOAT16 = b"vd", 1, 1
LARGEST = float(np.finfo(np.float16).max)


def pack_vectors(vectors: NDArray[np.floating]) -> bytes:
    """Write ``(R, D)`` vectors, or one ``(D,)``, rounded to float16.

    Raises:
        ShapeError: there are none, or a value is not finite or beyond ±65,504.
    """
    rows = np.atleast_2d(vectors)
    check_array("vectors", rows, shape=(None, None), dtype=None)
    if rows.size == 0:
        raise ShapeError(f"vectors must have rows and dimensions, not shape {vectors.shape}")
    check_finite("vectors", rows)
    if np.abs(rows).max() > LARGEST:
        raise ShapeError(f"vectors must lie within ±{LARGEST:,.0f}; l2-normalize them")
    return HEADER.pack(MAGIC, VERSION, FLOAT16, *rows.shape) + rows.astype("<f2").tobytes()


def unpack_vectors(blob: bytes) -> NDArray[np.float32]:
    """Read what :func:`pack_vectors` wrote, as ``(R, D)`` float32.

    Raises:
        FormatError: the bytes are damaged, cut off or of a newer version.
    """
    damaged = "a description is damaged; `relook check --repair` drops it"
    if len(blob) < HEADER.size or not blob.startswith(MAGIC):
        raise FormatError(damaged)
    _, version, kind, rows, dimensions = HEADER.unpack_from(blob)
    if version > VERSION:
        raise FormatError("a description was written by a newer relook; upgrade relook")
    count = rows * dimensions
    if version == 0 or kind != FLOAT16 or count == 0 or len(blob) != HEADER.size + 2 * count:
        raise FormatError(damaged)
    values = np.frombuffer(blob, "<f2", count, HEADER.size).astype(np.float32)
    if not np.isfinite(values).all():
        raise FormatError(damaged)
    return values.reshape(rows, dimensions)
