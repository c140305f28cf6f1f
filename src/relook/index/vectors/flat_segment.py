"""An immutable part of an index of vectors: rows, and their 8-bit copies where they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError
from relook.core.storage import load_arrays, save_arrays
from relook.index.vectors.kernels import dots, dots_half, frozen
from relook.index.vectors.rows import to_half

__all__ = ["PRECISIONS", "FlatSegment", "build", "load", "merge", "save"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

KIND = "vector-segment"
VERSION = 1
PRECISIONS = {"float32": np.float32, "float16": np.float16, "int8": np.float32}
"""Type of the rows by precision; int8 keeps float32 rows beside the 8-bit copies."""

PLAIN = ("ids", "rows", "norms")
COPIES = ("codes", "scales", "residuals")

BLOCK = 8192
"""Rows that are converted at once, so that memory stays bounded."""


@dataclass(frozen=True, slots=True, eq=False)
class FlatSegment:
    """N vectors of D dimensions, in memory or mapped.

    Attributes:
        ids: ``(N,)`` int64, in the order of addition.
        rows: ``(N, D)`` float32 or float16.
        norms: ``(N,)`` float32, no less than the length of each row.
        codes: ``(N, D)`` int8, with (N, 0) where the precision has none.
        scales: ``(N,)`` float32; a row is about ``scales * codes``.
        residuals: ``(N,)`` float32, no less than the length of what the codes leave out.
        path: its file, once it is saved.
    """

    ids: Int64
    rows: NDArray[Any]
    norms: Float32
    codes: NDArray[np.int8]
    scales: Float32
    residuals: Float32
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def floats(self, positions: Int64 | slice) -> Float32:
        """``(n, D)`` float32 rows at these positions."""
        return np.asarray(self.rows[positions], np.float32)

    def score(self, query: NDArray[np.float64], positions: Int64 | slice, out: Float32) -> None:
        """Write exact inner products of the rows at these positions."""
        rows = frozen(self.rows[positions])
        if rows.dtype == np.float16:
            dots_half(query, rows.view(np.uint16), out)
        else:
            dots(query, rows, out)


def build(ids: Int64, rows: Float32, *, precision: str) -> FlatSegment:
    """Keep rows, in a copy.

    Raises:
        ShapeError: a value does not fit float16.
    """
    kept: NDArray[Any] = to_half(rows) if precision == "float16" else rows.copy()
    norms = np.empty(len(rows), np.float32)
    codes = np.empty((len(rows), rows.shape[1] if precision == "int8" else 0), np.int8)
    scales, residuals = np.ones(len(rows), np.float32), np.zeros(len(rows), np.float32)
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        floats = np.asarray(kept[part], np.float32)
        norms[part] = _length(floats)
        if precision == "int8":
            codes[part], scales[part], residuals[part] = _to_int8(floats)
    return FlatSegment(ids.copy(), kept, norms, codes, scales, residuals)


def merge(segments: list[FlatSegment], keep: list[NDArray[np.bool_]]) -> FlatSegment:
    """One segment of the kept rows, in their order."""
    fields: dict[str, Any] = {
        name: np.concatenate(
            [getattr(part, name)[kept] for part, kept in zip(segments, keep, strict=True)]
        )
        for name in (*PLAIN, *COPIES)
    }
    return FlatSegment(**fields)


def save(segment: FlatSegment, folder: Path, *, header: Mapping[str, Any]) -> FlatSegment:
    """Write a segment under a new name and return it mapped from there."""
    path = folder / f"{uuid4().hex}.vectors"
    names = (*PLAIN, *COPIES) if segment.codes.shape[1] else PLAIN
    arrays = {name: getattr(segment, name) for name in names}
    save_arrays(path, arrays, kind=KIND, version=VERSION, header=header)
    mapped = load_arrays(path, kind=KIND, version=VERSION).arrays
    return replace(segment, path=path, **mapped)


def load(path: Path, *, dimensions: int, precision: str, header: Mapping[str, Any]) -> FlatSegment:
    """Map a segment; rows are read when a query needs them.

    Raises:
        FormatError: the file is damaged, or holds vectors of another dimension or precision.
        StorageError: the file cannot be opened.
    """
    stored = load_arrays(path, kind=KIND, version=VERSION)
    if stored.header != header:
        raise FormatError(
            f"{path} holds vectors of another kind ({stored.header}); build the index again"
        )
    arrays = stored.arrays
    count = len(arrays["ids"]) if "ids" in arrays else 0
    expected = {
        "ids": ((count,), np.int64),
        "rows": ((count, dimensions), PRECISIONS[precision]),
        "norms": ((count,), np.float32),
    }
    if precision == "int8":
        expected |= {
            "codes": ((count, dimensions), np.int8),
            "scales": ((count,), np.float32),
            "residuals": ((count,), np.float32),
        }
    if {name: (array.shape, array.dtype.type) for name, array in arrays.items()} != expected:
        raise FormatError(f"{path} is damaged; delete the index and build it again")
    lengths = [array for name, array in arrays.items() if name in {"norms", "scales", "residuals"}]
    if not all(np.all(np.isfinite(array)) for array in lengths):
        raise FormatError(f"{path} is damaged; delete the index and build it again")
    empty: dict[str, Any] = {
        "codes": np.zeros((count, 0), np.int8),
        "scales": np.ones(count, np.float32),
        "residuals": np.zeros(count, np.float32),
    }
    return FlatSegment(**{**empty, **arrays}, path=path)


def _to_int8(rows: Float32) -> tuple[NDArray[np.int8], Float32, Float32]:
    scales = np.abs(rows).max(axis=1, initial=0) / np.float32(127)
    scales[scales == 0] = 1
    codes = np.clip(np.rint(rows / scales[:, None]), -127, 127).astype(np.int8)
    return codes, scales, _length(rows - codes * scales[:, None], slack=_length(rows) * 1e-6)


def _length(rows: Float32, slack: Float32 | float = 0.0) -> Float32:
    """The length of each row, rounded up."""
    squares = np.einsum("nd,nd->n", rows, rows, dtype=np.float64)
    lengths: Float32 = (np.sqrt(squares) * (1 + 1e-6) + slack).astype(np.float32)
    return lengths
