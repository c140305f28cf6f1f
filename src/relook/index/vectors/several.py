"""Several descriptors per image: all are compared, and pooled into one score per image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.records import Ranking
from relook.core.storage import load_arrays, save_arrays
from relook.index.vectors.pooling import MATCHES, pool_similarities
from relook.index.vectors.rows import as_rows, check_top
from relook.index.vectors.segmented import SegmentedIndex, rows_per_segment
from relook.index.vectors.selection import best_of
from relook.index.vectors.threads import blas_threads, run_all
from relook.index.view import View

__all__ = ["SeveralIndex"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

KIND = "several-vector-segment"
VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class SeveralSegment:
    """N images with M descriptors of D dimensions, in memory or mapped.

    Attributes:
        ids: ``(N,)`` int64.
        starts: ``(N + 1,)`` int64, first row of each image, and M.
        rows: ``(M, D)`` float32.
        path: its file, once it is saved.
    """

    ids: Int64
    starts: Int64
    rows: Float32
    path: Path | None = None

    def __len__(self) -> int:
        return len(self.ids)


class SeveralIndex(SegmentedIndex[SeveralSegment]):
    """Exact search where an image is ``(R, D)`` descriptors, of its regions, crops or scales.

    It does what every index of vectors does; only that an image, and a query, is a matrix, that
    queries of a batch come in a list, and that :meth:`vectors` gives the rows of all images one
    after the other.

    Args:
        dimensions: D of the descriptors.
        match: how their similarities become one score:
            :func:`~relook.index.vectors.pooling.pool_similarities`.
        threads: of one search.

    Raises:
        UsageError: an argument is below 1 or unknown.
    """

    kind = "several"

    def __init__(self, dimensions: int, *, match: str = "max", threads: int = 1) -> None:
        super().__init__(dimensions, threads=threads)
        if match not in MATCHES:
            raise UsageError(f"match must be one of {', '.join(MATCHES)}, not {match!r}")
        self.match = match

    def search(self, query: Float32, *, top: int) -> Ranking:
        """The ``top`` best images for ``(Q, D)`` descriptors; ties in order of id.

        Raises:
            ShapeError, UsageError: the query does not fit the index, or ``top`` is below 1.
        """
        ids, scores = self.search_batch([query], top=top)
        return Ranking(ids[0], scores[0])

    def search_batch(
        self, queries: Sequence[Float32] | Float32, *, top: int
    ) -> tuple[Int64, Float32]:
        """Ids and scores, ``(Q, k)`` each, k = min(top, images), for a list of queries."""
        check_top(top)
        view = self._view
        checked = [self._matrix(f"query {i}", query) for i, query in enumerate(queries)]
        count = min(top, len(view.ids))
        ids = np.zeros((len(checked), count), np.int64)
        scores = np.zeros((len(checked), count), np.float32)
        if count:
            with blas_threads(1):  # the threads are ours, one segment each
                for number, query in enumerate(checked):
                    pooled = self._scores(view, query)
                    ids[number], scores[number] = best_of(pooled, view.names, top=count)
        return ids, scores

    def _scores(self, view: View[SeveralSegment], query: Float32) -> Float32:
        pooled = np.empty(int(view.starts[-1]), np.float32)

        def work(number: int) -> None:
            part = view.segments[number]
            similarities = np.asarray(part.rows) @ query.T
            inside = pool_similarities(similarities, np.asarray(part.starts), match=self.match)
            pooled[view.starts[number] : view.starts[number + 1]] = inside

        run_all(work, range(len(view.segments)), threads=self.threads)
        pooled[view.dead] = -np.inf
        return pooled

    def vectors(self, ids: Sequence[int]) -> Float32:
        """``(ΣR, D)`` float32 descriptors of these images, one image after the other.

        Raises:
            UsageError: an id is not in the index.
        """
        return np.concatenate([np.zeros((0, self.dimensions), np.float32), *self.descriptors(ids)])

    def descriptors(self, ids: Sequence[int]) -> list[Float32]:
        """The ``(R, D)`` float32 descriptors of each of these images.

        Raises:
            UsageError: an id is not in the index.
        """
        view = self._view
        places = view.positions(np.asarray(ids, np.int64).reshape(-1))
        found = []
        for place in places:
            number = int(np.searchsorted(view.starts, place, side="right")) - 1
            part, row = view.segments[number], int(place - view.starts[number])
            found.append(np.array(part.rows[part.starts[row] : part.starts[row + 1]]))
        return found

    def _matrix(self, name: str, rows: Float32) -> Float32:
        matrix = as_rows(name, np.asarray(rows), count=None, dimensions=self.dimensions)
        if not len(matrix):
            raise ShapeError(f"{name} has no descriptors; give it one at least")
        return matrix

    def _options(self) -> dict[str, Any]:
        return {"match": self.match}

    def _segments(self, ids: Int64, vectors: Sequence[Float32] | Float32) -> list[SeveralSegment]:
        matrices = [
            self._matrix(f"image {image}", rows) for image, rows in zip(ids, vectors, strict=True)
        ]
        counts = [len(rows) for rows in matrices]
        return [
            _segment(ids[start:stop], matrices[start:stop])
            for start, stop in _spans(counts, limit=rows_per_segment(self.dimensions))
        ]

    def _floats(self, part: SeveralSegment, positions: Int64) -> Float32:
        raise NotImplementedError  # an image has more than one vector

    def _settled(self, part: SeveralSegment) -> bool:
        return 2 * len(part.rows) >= rows_per_segment(self.dimensions)

    def _merged(
        self, segments: list[SeveralSegment], keep: list[NDArray[np.bool_]]
    ) -> list[SeveralSegment]:
        ids = np.concatenate([part.ids[kept] for part, kept in zip(segments, keep, strict=True)])
        matrices = [
            part.rows[part.starts[row] : part.starts[row + 1]]
            for part, kept in zip(segments, keep, strict=True)
            for row in np.flatnonzero(kept)
        ]
        counts = [len(rows) for rows in matrices]
        return [
            _segment(ids[start:stop], matrices[start:stop])
            for start, stop in _spans(counts, limit=rows_per_segment(self.dimensions))
        ]

    def _write(self, part: SeveralSegment, folder: Path) -> SeveralSegment:
        path = folder / f"{uuid4().hex}.several"
        arrays: dict[str, NDArray[Any]] = {
            "ids": part.ids,
            "starts": part.starts,
            "rows": part.rows,
        }
        save_arrays(path, arrays, kind=KIND, version=VERSION)
        return replace(part, path=path, **load_arrays(path, kind=KIND, version=VERSION).arrays)

    def _read(self, path: Path) -> SeveralSegment:
        arrays = load_arrays(path, kind=KIND, version=VERSION).arrays
        count = len(arrays.get("ids", ()))
        total = len(arrays.get("rows", ()))
        expected = {
            "ids": ((count,), np.int64),
            "starts": ((count + 1,), np.int64),
            "rows": ((total, self.dimensions), np.float32),
        }
        sound = {name: (array.shape, array.dtype.type) for name, array in arrays.items()}
        if sound != expected or not _fits(arrays["starts"], total):
            raise FormatError(f"{path} is damaged or of another kind; build the index again")
        return SeveralSegment(**arrays, path=path)

    def _find(
        self, view: View[SeveralSegment], queries: Float32, ids: Int64, scores: Float32
    ) -> None:
        raise NotImplementedError  # search_batch asks differently


def _fits(starts: Int64, total: int) -> bool:
    return bool(starts[0] == 0 and starts[-1] == total and np.all(np.diff(starts) > 0))


def _segment(ids: Int64, matrices: Sequence[Float32]) -> SeveralSegment:
    starts = np.cumsum([0, *(len(rows) for rows in matrices)]).astype(np.int64)
    return SeveralSegment(ids.copy(), starts, np.concatenate(list(matrices)))


def _spans(counts: Sequence[int], *, limit: int) -> list[tuple[int, int]]:
    """First image and the one after the last of segments of about ``limit`` rows."""
    spans, start, filled = [], 0, 0
    for image, count in enumerate(counts):
        if filled and filled + count > limit:
            spans.append((start, image))
            start, filled = image, 0
        filled += count
    return [*spans, (start, len(counts))] if counts else []
