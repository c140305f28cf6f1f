"""An immutable part of an IVF index: coded vectors in the order of their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError
from relook.core.storage import load_arrays, save_arrays
from relook.index.vectors.product import ProductQuantizer
from relook.index.vectors.rows import to_half

__all__ = ["CodedSegment", "build", "load", "merge", "save"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

KIND = "coded-vector-segment"
VERSION = 1
BLOCK = 8192
ARRAYS = ("ids", "starts", "codes", "scales", "rows")


@dataclass(frozen=True, slots=True, eq=False)
class CodedSegment:
    """N vectors in C cells.

    Attributes:
        ids: ``(N,)`` int64, cell after cell.
        starts: ``(C + 1,)`` int64, first row of each cell, and N.
        codes: ``(N, M)`` uint8.
        scales: ``(N,)`` float16, the length of a vector over that of what its code stands for.
        rows: ``(N, D)`` float16 to score again with, or (N, 0) where none are kept.
        path: its file, once it is saved.
    """

    ids: Int64
    starts: Int64
    codes: NDArray[np.uint8]
    scales: NDArray[np.float16]
    rows: NDArray[np.float16]
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def cells(self) -> Int64:
        """``(N,)`` the cell of each row."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


def build(
    ids: Int64, rows: Float32, quantizer: ProductQuantizer, *, keep: bool, threads: int
) -> CodedSegment:
    """Code rows; with ``keep`` their float16 copies stay beside the codes."""
    cells = quantizer.assign(rows, threads=threads)
    codes = quantizer.encode(rows, cells, threads=threads)
    kept = to_half(rows) if keep else np.zeros((len(rows), 0), np.float16)
    scales = _scales(rows, codes, cells, quantizer)
    return _in_order(cells, ids, codes, scales, kept, count=len(quantizer.cells))


def merge(segments: Sequence[CodedSegment], keep: Sequence[NDArray[np.bool_]]) -> CodedSegment:
    """One segment of the kept rows."""
    pairs = list(zip(segments, keep, strict=True))
    return _in_order(
        np.concatenate([part.cells()[kept] for part, kept in pairs]),
        np.concatenate([part.ids[kept] for part, kept in pairs]),
        np.concatenate([part.codes[kept] for part, kept in pairs]),
        np.concatenate([part.scales[kept] for part, kept in pairs]),
        np.concatenate([part.rows[kept] for part, kept in pairs]),
        count=len(segments[0].starts) - 1,
    )


def save(segment: CodedSegment, folder: Path, *, header: Mapping[str, Any]) -> CodedSegment:
    """Write a segment under a new name and return it mapped from there."""
    path = folder / f"{uuid4().hex}.codes"
    arrays = {name: getattr(segment, name) for name in ARRAYS}
    if not len(segment) or (segment.ids.min() >= 0 and segment.ids.max() < 1 << 32):
        arrays["ids"] = segment.ids.astype(np.uint32)  # half of what is not codes
    save_arrays(path, arrays, kind=KIND, version=VERSION, header=header)
    mapped = load_arrays(path, kind=KIND, version=VERSION).arrays
    mapped["ids"] = mapped["ids"].astype(np.int64)
    return replace(segment, path=path, **mapped)


def load(
    path: Path, quantizer: ProductQuantizer, *, keep: bool, header: Mapping[str, Any]
) -> CodedSegment:
    """Map a segment; codes are read when a query needs them.

    Raises:
        FormatError: the file is damaged, or was coded by another quantizer.
        StorageError: the file cannot be opened.
    """
    stored = load_arrays(path, kind=KIND, version=VERSION)
    if stored.header != header:
        raise FormatError(f"{path} was coded by another quantizer; build the index again")
    arrays = stored.arrays
    if "ids" in arrays and arrays["ids"].dtype == np.uint32:
        arrays["ids"] = arrays["ids"].astype(np.int64)
    count, cells = len(arrays.get("ids", ())), len(quantizer.cells)
    width = quantizer.cells.shape[1] if keep else 0
    expected = {
        "ids": ((count,), np.int64),
        "starts": ((cells + 1,), np.int64),
        "codes": ((count, quantizer.bytes), np.uint8),
        "scales": ((count,), np.float16),
        "rows": ((count, width), np.float16),
    }
    sound = {name: (array.shape, array.dtype.type) for name, array in arrays.items()} == expected
    if sound:
        starts = arrays["starts"]
        finite = bool(np.all(np.isfinite(arrays["scales"])))
        sound = finite and bool(
            starts[0] == 0 and starts[-1] == count and np.all(np.diff(starts) >= 0)
        )
    if not sound:
        raise FormatError(f"{path} is damaged; delete the index and build it again")
    return CodedSegment(**arrays, path=path)


def _scales(
    rows: Float32, codes: NDArray[np.uint8], cells: Int64, quantizer: ProductQuantizer
) -> NDArray[np.float16]:
    """Codes are shorter than what they stand for, and by how much differs from row to row."""
    scales = np.ones(len(rows), np.float16)
    for start in range(0, len(rows), BLOCK):
        part = slice(start, start + BLOCK)
        coded = np.linalg.norm(quantizer.decode(codes[part], cells[part]), axis=1)
        ratio = np.linalg.norm(rows[part], axis=1) / np.maximum(coded, np.finfo(np.float32).tiny)
        scales[part] = np.clip(ratio, 0.25, 4)
    return scales


def _in_order(
    cells: Int64,
    ids: Int64,
    codes: NDArray[np.uint8],
    scales: NDArray[np.float16],
    rows: NDArray[np.float16],
    *,
    count: int,
) -> CodedSegment:
    order = np.argsort(cells, kind="stable")
    starts = np.searchsorted(cells[order], np.arange(count + 1)).astype(np.int64)
    return CodedSegment(ids[order], starts, codes[order], scales[order], rows[order])
