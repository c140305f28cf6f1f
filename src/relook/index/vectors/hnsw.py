"""The graph index: a walk from neighbor to neighbor, for many vectors and little time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.index.vectors import hnsw_segment as parts
from relook.index.vectors.flat import chunks
from relook.index.vectors.hnsw_segment import GraphSegment
from relook.index.vectors.kernels import dots_half, frozen
from relook.index.vectors.rows import as_rows
from relook.index.vectors.segmented import SEGMENT_BYTES, SegmentedIndex
from relook.index.vectors.selection import Best, best_of, ranked
from relook.index.vectors.threads import run_all
from relook.index.view import View

__all__ = ["HnswIndex"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

LARGER = 8
"""A graph is the better the more it spans, so its segments may be larger than others."""
SHARE = 8
"""Who wants more than one in so many images gets them by comparing all."""
SMALL = 256
"""Fewer images are compared faster than a graph is walked."""


class HnswIndex(SegmentedIndex[GraphSegment]):
    """Hierarchical navigable small world graph.

    :meth:`compact` builds the graph; what was added since is compared with every query. The walk
    uses 8-bit copies, and what it finds is scored again with float16 vectors. Removed images are
    stepped over. Vectors are expected to be of about the same length.

    Args:
        dimensions: D of the vectors.
        links: of an image to others, in each layer; twice as many at the bottom.
        breadth: candidates that a search keeps; more finds more and takes longer.
        threads: of one batch, and of building.

    Raises:
        UsageError: an argument is below 1, or ``links`` below 2.
    """

    kind = "hnsw"

    def __init__(
        self, dimensions: int, *, links: int = 32, breadth: int = 128, threads: int = 1
    ) -> None:
        super().__init__(dimensions, threads=threads)
        for name, value, least in (("links", links, 2), ("breadth", breadth, 1)):
            if value < least:
                raise UsageError(f"{name} must be at least {least}, not {value}")
        self.links = links
        self.breadth = breadth

    @property
    def _limit(self) -> int:
        return max(1024, LARGER * SEGMENT_BYTES // (2 * self.dimensions))

    def _options(self) -> dict[str, Any]:
        return {"links": self.links, "breadth": self.breadth}

    def _segments(self, ids: Int64, vectors: Sequence[Float32] | Float32) -> list[GraphSegment]:
        rows = as_rows("vectors", vectors, count=len(ids), dimensions=self.dimensions)
        limit = self._limit
        return [
            parts.build(ids[i : i + limit], rows[i : i + limit])
            for i in range(0, len(ids), limit)
        ]  # fmt: skip

    def _floats(self, part: GraphSegment, positions: Int64) -> Float32:
        return np.asarray(part.rows[positions], np.float32)

    def _settled(self, part: GraphSegment) -> bool:
        return part.graph is not None and len(part) >= self._limit

    def _alone(self, part: GraphSegment) -> bool:
        return part.graph is not None

    def _merged(
        self, segments: list[GraphSegment], keep: list[NDArray[np.bool_]]
    ) -> list[GraphSegment]:
        return [
            parts.merge(
                [segments[i] for i, _ in group], [mask for _, mask in group],
                links=self.links, threads=self.threads,
            )
            for group in chunks(keep, limit=self._limit)
        ]  # fmt: skip

    def _write(self, part: GraphSegment, folder: Path) -> GraphSegment:
        return parts.save(part, folder, header=self._header())

    def _read(self, path: Path) -> GraphSegment:
        return parts.load(path, dimensions=self.dimensions, header=self._header())

    def _header(self) -> dict[str, Any]:
        return {"dimensions": self.dimensions}

    def _find(
        self, view: View[GraphSegment], queries: Float32, ids: Int64, scores: Float32
    ) -> None:
        top = ids.shape[1]

        def answer(number: int) -> None:
            query = queries[number]
            found = [
                self._nearest(part, kept, query, min(top, int(np.count_nonzero(kept))))
                for part, kept in zip(view.segments, view.keep, strict=True)
                if kept.any()
            ]
            names, values = (np.concatenate(side) for side in zip(*found, strict=True))
            ids[number], scores[number] = ranked(names, values, top=top)

        run_all(answer, range(len(queries)), threads=self.threads)

    def _nearest(
        self, part: GraphSegment, kept: NDArray[np.bool_], query: Float32, top: int
    ) -> Best:
        if part.graph is not None and len(part) >= max(SMALL, SHARE * top):
            places = self._walk(part.graph, kept, query, top)
            if len(places) >= top:
                return best_of(_exact(part, query, places), part.ids[places], top=top)
        values = _exact(part, query, slice(None))
        values[~kept] = -np.inf
        return best_of(values, part.ids, top=top)

    def _walk(self, graph: Any, kept: NDArray[np.bool_], query: Float32, top: int) -> Int64:
        """Positions of what a walk finds, removed images left out."""
        breadth = max(self.breadth, 2 * top)
        with parts.walking(kept, breadth=breadth) as options:
            _, places = graph.search(query[None], min(breadth, graph.ntotal), params=options)
        found: Int64 = np.sort(places[0][places[0] >= 0])
        return found


def _exact(part: GraphSegment, query: Float32, places: Int64 | slice) -> Float32:
    rows = part.rows[places]
    scores = np.empty(len(rows), np.float32)
    dots_half(query.astype(np.float64), frozen(rows.view(np.uint16)), scores)
    return scores
