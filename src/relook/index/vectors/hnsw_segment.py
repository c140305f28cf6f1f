"""An immutable part of a graph index: rows, and a graph over their 8-bit copies once it is built.

Y. Malkov, D. Yashunin, "Efficient and robust approximate nearest neighbor search using
hierarchical navigable small world graphs", 2016; the graph is FAISS's.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError
from relook.core.storage import load_arrays, save_arrays
from relook.index.vectors.rows import to_half
from relook.index.vectors.threads import faiss_threads

__all__ = ["GraphSegment", "build", "load", "merge", "save", "walking"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

KIND = "graph-vector-segment"
VERSION = 1

BUILD_BREADTH = 200
"""Candidates that are kept while an image is linked."""


@dataclass(frozen=True, slots=True, eq=False)
class GraphSegment:
    """N vectors of D dimensions.

    Attributes:
        ids: ``(N,)`` int64.
        rows: ``(N, D)`` float16.
        graph: FAISS's index over the rows, or None where all are to be compared.
        path: its file, once it is saved.
    """

    ids: Int64
    rows: NDArray[np.float16]
    graph: Any = None
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.ids)


def build(ids: Int64, rows: Float32) -> GraphSegment:
    """Keep rows; there is no graph yet."""
    return GraphSegment(ids.copy(), to_half(rows))


def merge(
    segments: list[GraphSegment], keep: list[NDArray[np.bool_]], *, links: int, threads: int
) -> GraphSegment:
    """One segment of the kept rows, with a graph."""
    faiss = _faiss()
    pairs = list(zip(segments, keep, strict=True))
    ids = np.concatenate([part.ids[kept] for part, kept in pairs])
    rows = np.concatenate([part.rows[kept] for part, kept in pairs])
    quantizer = faiss.ScalarQuantizer.QT_8bit
    graph = faiss.IndexHNSWSQ(rows.shape[1], quantizer, links, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = BUILD_BREADTH
    floats = rows.astype(np.float32)
    with faiss_threads(threads):
        graph.train(floats)
        graph.add(floats)
    return GraphSegment(ids, rows, graph)


def save(segment: GraphSegment, folder: Path, *, header: Mapping[str, Any]) -> GraphSegment:
    """Write a segment under a new name; its rows are mapped from there, its graph stays."""
    path = folder / f"{uuid4().hex}.graph"
    graph = np.zeros(0, np.uint8)
    if segment.graph is not None:
        graph = _faiss().serialize_index(segment.graph)
    arrays: dict[str, NDArray[Any]] = {"ids": segment.ids, "rows": segment.rows, "graph": graph}
    content = {**header, "crc32": zlib.crc32(graph.data)}
    save_arrays(path, arrays, kind=KIND, version=VERSION, header=content)
    mapped = load_arrays(path, kind=KIND, version=VERSION).arrays
    return replace(segment, ids=mapped["ids"], rows=mapped["rows"], path=path)


def load(path: Path, *, dimensions: int, header: Mapping[str, Any]) -> GraphSegment:
    """Map the rows and read the graph.

    Raises:
        FormatError: the file is damaged or of another kind.
        StorageError: the file cannot be opened.
    """
    stored = load_arrays(path, kind=KIND, version=VERSION)
    arrays = stored.arrays
    count = len(arrays.get("ids", ()))
    graph = arrays.get("graph", np.zeros(0, np.uint8))
    expected = {
        "ids": ((count,), np.int64),
        "rows": ((count, dimensions), np.float16),
        "graph": ((len(graph),), np.uint8),
    }
    found = {name: (array.shape, array.dtype.type) for name, array in arrays.items()}
    # FAISS trusts what it reads, so nothing but what we wrote may reach it.
    if found != expected or stored.header != {**header, "crc32": zlib.crc32(graph.data)}:
        raise FormatError(f"{path} is damaged or of another index; build the index again")
    return GraphSegment(arrays["ids"], arrays["rows"], _graph(graph), path)


@contextmanager
def walking(kept: NDArray[np.bool_], *, breadth: int) -> Iterator[Any]:
    """FAISS's options of a walk that finds kept images only."""
    faiss = _faiss()
    if kept.all():
        yield faiss.SearchParametersHNSW(efSearch=breadth)
        return
    bits = np.packbits(kept, bitorder="little")  # must live as long as the walk
    selector = faiss.IDSelectorBitmap(len(kept), faiss.swig_ptr(bits))
    yield faiss.SearchParametersHNSW(efSearch=breadth, sel=selector)


def _graph(content: NDArray[np.uint8]) -> Any:
    if not len(content):
        return None
    return _faiss().deserialize_index(np.array(content))


def _faiss() -> Any:
    import faiss  # noqa: PLC0415 - takes a moment, and exact search does without

    return faiss
