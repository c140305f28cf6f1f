"""Which index of vectors: by name, or by what a search costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from relook.core.errors import FormatError, UsageError
from relook.index.vectors.flat import FlatIndex
from relook.index.vectors.hnsw import HnswIndex
from relook.index.vectors.ivf import IvfIndex
from relook.index.vectors.several import SeveralIndex

__all__ = ["INDEXES", "load_vector_index", "make_vector_index"]

VectorIndex = FlatIndex | IvfIndex | HnswIndex

INDEXES: dict[str, type[VectorIndex]] = {
    "flat": FlatIndex,
    "ivf": IvfIndex,
    "hnsw": HnswIndex,
}
"""Indexes of one vector per image, by name."""

EXACT_BYTES = 1 << 30
"""Bytes that an exact query may read: 500,000 vectors of 2,048 dimensions, some 0.1 s."""


def make_vector_index(
    dimensions: int, *, kind: str = "auto", threads: int = 1, **options: Any
) -> VectorIndex:
    """An empty index.

    ``auto`` is right at every size, and stays so while the collection grows: it is exact (8-bit
    copies, scored again) until a query would read more than 1 GiB; the first compaction beyond
    that turns it into an inverted file that keeps float16 vectors to score the best again. Ask
    for ``flat`` where the answer has to be exact at any size.

    Args:
        dimensions: D of the vectors.
        kind: ``auto``, ``flat``, ``ivf`` or ``hnsw``.
        threads: of one search.
        options: further arguments of the index.

    Raises:
        UsageError: the kind or an option is unknown, or a value is out of range.
    """
    if dimensions < 1:
        raise UsageError(f"dimensions must be at least 1, not {dimensions}")
    made: Callable[..., VectorIndex]
    if kind == "auto":
        made = IvfIndex
        options = {"train_at": max(100_000, EXACT_BYTES // dimensions), **options}
    elif kind in INDEXES:
        made = INDEXES[kind]
    else:
        known = ", ".join(["auto", *INDEXES])
        raise UsageError(f"there is no index of vectors named {kind!r}; choose one of {known}")
    try:
        return made(dimensions, threads=threads, **options)
    except TypeError as error:
        raise UsageError(f"the index {kind!r} takes no such option ({error})") from error


def load_vector_index(
    folder: Path, state: Mapping[str, Any], *, threads: int = 1
) -> VectorIndex | SeveralIndex:
    """Map an index of whatever kind from the state that its ``save`` gave.

    Raises:
        FormatError: a file or ``state`` is damaged, or of a newer version.
        StorageError: a file cannot be opened.
    """
    kinds: dict[str, type[VectorIndex | SeveralIndex]] = {**INDEXES, "several": SeveralIndex}
    kind = state.get("kind")
    if kind not in kinds:
        raise FormatError(f"the state names no index of vectors ({kind}); build it again")
    return kinds[kind].load(folder, state, threads=threads)
