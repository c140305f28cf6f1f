"""The exact index: every vector is compared, by as few bytes as can prove the answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.index.vectors import flat_segment as parts
from relook.index.vectors.exhaustive import search_many, search_one
from relook.index.vectors.flat_segment import FlatSegment
from relook.index.vectors.rows import as_rows
from relook.index.vectors.segmented import SegmentedIndex, rows_per_segment
from relook.index.view import View

__all__ = ["FlatIndex", "Precision", "chunks", "fill_exact"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

Precision = Literal["float32", "float16", "int8"]

FEW = 4
"""So many queries are faster one by one than by matrix products."""


class FlatIndex(SegmentedIndex[FlatSegment]):
    """Exact search by inner product, in memory or mapped.

    Args:
        dimensions: D of the vectors.
        precision: ``float32`` keeps 4 bytes per dimension; ``float16`` keeps 2, and what is exact
            is the inner product with the rounded vectors; ``int8`` keeps 4 + 1, reads 1, and
            scores again what the rounding cannot exclude, so that its list is that of
            ``float32``, several times as fast where memory is what limits.
        threads: of one search.

    Raises:
        UsageError: an argument is below 1 or unknown.

    Example:
        >>> index = FlatIndex(2)
        >>> index.add(np.array([7, 8]), np.array([[1, 0], [0, 1]], np.float32))
        >>> index.search(np.array([0, 2], np.float32), top=1)
        Ranking(ids=array([8]), scores=array([2.], dtype=float32), evidence=())
    """

    kind = "flat"

    def __init__(
        self, dimensions: int, *, precision: Precision = "float32", threads: int = 1
    ) -> None:
        super().__init__(dimensions, threads=threads)
        if precision not in get_args(Precision):
            known = ", ".join(get_args(Precision))
            raise UsageError(f"precision must be one of {known}, not {precision!r}")
        self.precision = precision

    def _options(self) -> dict[str, Any]:
        return {"precision": self.precision}

    def _segments(self, ids: Int64, vectors: Sequence[Float32] | Float32) -> list[FlatSegment]:
        rows = as_rows("vectors", vectors, count=len(ids), dimensions=self.dimensions)
        limit = rows_per_segment(self.dimensions)
        return [
            parts.build(ids[i : i + limit], rows[i : i + limit], precision=self.precision)
            for i in range(0, len(ids), limit)
        ]

    def _floats(self, part: FlatSegment, positions: Int64) -> Float32:
        return part.floats(positions)

    def _merged(
        self, segments: list[FlatSegment], keep: list[NDArray[np.bool_]]
    ) -> list[FlatSegment]:
        return [
            parts.merge([segments[i] for i, _ in group], [mask for _, mask in group])
            for group in chunks(keep, limit=rows_per_segment(self.dimensions))
        ]

    def _write(self, part: FlatSegment, folder: Path) -> FlatSegment:
        return parts.save(part, folder, header=self._header())

    def _read(self, path: Path) -> FlatSegment:
        return parts.load(
            path, dimensions=self.dimensions, precision=self.precision, header=self._header()
        )

    def _header(self) -> dict[str, Any]:
        return {"dimensions": self.dimensions, "precision": self.precision}

    def _find(self, view: View[FlatSegment], queries: Float32, ids: Int64, scores: Float32) -> None:
        fill_exact(view, queries, ids, scores, threads=self.threads)


def fill_exact(
    view: View[FlatSegment], queries: Float32, ids: Int64, scores: Float32, *, threads: int
) -> None:
    """Fill ``(Q, k)`` ids and scores by the faster of the two ways."""
    if len(queries) >= FEW:
        search_many(view, queries, ids, scores, threads=threads)
        return
    for number, query in enumerate(queries):
        ids[number], scores[number] = search_one(view, query, top=ids.shape[1], threads=threads)


def chunks(
    keep: Sequence[NDArray[np.bool_]], *, limit: int
) -> list[list[tuple[int, NDArray[np.bool_]]]]:
    """Groups of (segment, mask of its rows) with at most ``limit`` kept rows each."""
    ranks = np.cumsum(np.concatenate([np.zeros(0, bool), *keep])) - 1
    cuts = np.cumsum([len(kept) for kept in keep])[:-1]
    count = int(ranks[-1]) + 1 if len(ranks) else 0
    groups = []
    for first in range(0, count, limit):
        inside = np.split((ranks >= first) & (ranks < first + limit), cuts)
        masks = [kept & chosen for kept, chosen in zip(keep, inside, strict=True)]
        groups.append([(i, mask) for i, mask in enumerate(masks) if mask.any()])
    return groups
