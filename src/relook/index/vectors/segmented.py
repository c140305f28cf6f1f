"""The life that every index of vectors leads: segments, removed ids, compaction, files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import FormatError, UsageError
from relook.core.records import Ranking
from relook.index.vectors.kernels import dots, frozen
from relook.index.vectors.rows import as_rows, check_top
from relook.index.vectors.selection import ranked
from relook.index.view import Part, View, check_new, from_runs, to_runs

__all__ = ["SegmentedIndex", "rows_per_segment"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

VERSION = 1

SEGMENT_BYTES = 1 << 28
"""A segment is written from memory in one piece, so it must not be large."""

P = TypeVar("P", bound=Part)


def rows_per_segment(dimensions: int) -> int:
    """Vectors of a full segment."""
    return max(1024, SEGMENT_BYTES // (4 * dimensions))


class SegmentedIndex(ABC, Generic[P]):
    """Images by their vectors.

    Every :meth:`add` makes immutable segments; removed images are left out when reading;
    :meth:`compact` merges. A search sees the index as it was at one moment, so that threads may
    search while one thread changes it.

    Args:
        dimensions: D of the vectors.
        threads: of one search.

    Raises:
        UsageError: an argument is below 1.
    """

    kind: str

    def __init__(self, dimensions: int, *, threads: int = 1) -> None:
        for name, value in (("dimensions", dimensions), ("threads", threads)):
            if value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")
        self.dimensions = dimensions
        self.threads = threads
        self._view: View[P] = View.of((), np.zeros(0, np.int64))

    def __len__(self) -> int:
        return len(self._view.ids)

    @property
    def ids(self) -> Int64:
        """``(N,)`` int64, the images in the index, increasing; read-only."""
        return self._view.ids

    def add(self, ids: Int64, vectors: Sequence[Float32] | Float32) -> None:
        """Add images, all or none of them.

        Args:
            ids: ``(N,)`` int64, never used before in this index.
            vectors: N vectors ``(D,)`` float32, or an ``(N, D)`` matrix.

        Raises:
            ShapeError: another shape, dimension or type, or values that are not finite.
            UsageError: an id is present or was removed before.
        """
        check_array("ids", ids, shape=(len(vectors),), dtype=np.int64)
        check_new(ids, self._view)
        fresh = self._segments(ids, vectors)
        self._view = View.of((*self._view.segments, *fresh), self._view.removed)

    def remove(self, ids: Iterable[int]) -> None:
        """Remove images, all or none of them; their ids cannot be used again.

        Raises:
            UsageError: an id is not in the index.
        """
        view = self._view
        gone = np.unique(np.fromiter(ids, np.int64))
        view.positions(gone)
        self._view = View.of(view.segments, np.union1d(view.removed, gone))

    def search(self, query: Float32, *, top: int) -> Ranking:
        """The ``top`` best images for a ``(D,)`` query by inner product; ties in order of id.

        Raises:
            ShapeError, UsageError: the query does not fit the index, or ``top`` is below 1.
        """
        check_top(top)
        queries = as_rows("query", [query], count=1, dimensions=self.dimensions)
        ids, scores = self._answer(queries, top)
        return Ranking(ids[0], scores[0])

    def search_batch(self, queries: Float32, *, top: int) -> tuple[Int64, Float32]:
        """Ids and scores, ``(Q, k)`` each, k = min(top, images), for ``(Q, D)`` queries.

        Raises:
            ShapeError, UsageError: a query does not fit the index, or ``top`` is below 1.
        """
        check_top(top)
        rows = as_rows("queries", queries, count=None, dimensions=self.dimensions)
        return self._answer(rows, top)

    def search_among(self, query: Float32, ids: Int64, *, top: int) -> Ranking:
        """The ``top`` best of some images for a ``(D,)`` query, each of them looked at.

        Where few are meant this is faster than to search among all, and exact for an approximate
        index.

        Args:
            query: as of :meth:`search`.
            ids: ``(N,)`` int64, increasing; those that are not in the index are left out.
            top: at most so many.

        Raises:
            ShapeError, UsageError: the query does not fit the index, or ``top`` is below 1.
        """
        check_top(top)
        row = as_rows("query", [query], count=1, dimensions=self.dimensions)[0]
        view = self._view
        known = np.intersect1d(ids, view.ids, assume_unique=True)
        scores = np.zeros(len(known), np.float32)
        dots(frozen(row.astype(np.float64)), frozen(self._vectors(view, known)), scores)
        return Ranking(*ranked(known, scores, top=top))

    def vectors(self, ids: Sequence[int]) -> Float32:
        """``(N, D)`` float32 vectors of these images, as exact as the index keeps them.

        Raises:
            UsageError: an id is not in the index.
        """
        return self._vectors(self._view, np.asarray(ids, np.int64).reshape(-1))

    def _vectors(self, view: View[P], ids: Int64) -> Float32:
        places = view.positions(ids)
        owner = np.searchsorted(view.starts, places, side="right") - 1
        rows = np.zeros((len(places), self.dimensions), np.float32)
        for number in np.unique(owner):
            mine = np.flatnonzero(owner == number)
            inside = places[mine] - view.starts[number]
            rows[mine] = self._floats(view.segments[number], inside)
        return rows

    def compact(self) -> None:
        """Merge segments and drop removed images; what is full and whole stays as it is."""
        view = self._view
        whole = [bool(kept.all()) for kept in view.keep]
        done = [
            ok and self._settled(part)
            for part, ok in zip(view.segments, whole, strict=True)
        ]  # fmt: skip
        rest = [i for i, ok in enumerate(done) if not ok]
        if not rest or (len(rest) == 1 and whole[rest[0]] and self._alone(view.segments[rest[0]])):
            return
        segments = [part for part, ok in zip(view.segments, done, strict=True) if ok]
        segments += self._merged([view.segments[i] for i in rest], [view.keep[i] for i in rest])
        self._view = View.of(segments, view.removed)

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the segments that are not in ``folder`` yet, each under a new name.

        Nothing that was written before is changed or deleted. From then on the index reads from
        these files.

        Returns:
            What :meth:`load` needs besides the files, as JSON.

        Raises:
            StorageError: a file cannot be written.
        """
        view = self._view
        segments = [
            part if _lies_in(part.path, folder) else self._write(part, folder)
            for part in view.segments
        ]
        self._view = View.of(segments, view.removed)
        return {
            "version": VERSION,
            "kind": self.kind,
            "options": {"dimensions": self.dimensions, **self._options()},
            "segments": [part.path.name for part in segments if part.path is not None],
            "removed": to_runs(view.removed),
        }

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any], *, threads: int = 1) -> Self:
        """Map what :meth:`save` wrote; vectors are read when a query needs them.

        Raises:
            FormatError: a file or ``state`` is damaged, of a newer version, or of another kind.
            StorageError: a file cannot be opened.
        """
        try:
            newer, kind = state["version"] > VERSION, str(state["kind"])
            options = {str(name): value for name, value in state["options"].items()}
            names = [str(name) for name in state["segments"]]
            removed = from_runs(state["removed"])
            index = cls(**options, threads=threads)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(f"the state of the index is damaged ({error}); build it") from error
        if newer:
            raise FormatError("the index was written by a newer relook; upgrade relook")
        if kind != cls.kind:
            raise FormatError(f"the index is {kind}, not {cls.kind}; build it again")
        index._restore(folder, state)
        index._view = View.of([index._read(folder / name) for name in names], removed)
        if len(np.unique(index._view.names)) != len(index._view.names):
            raise FormatError("the index names an image twice; delete it and build it again")
        return index

    def files(self) -> tuple[str, ...]:
        """Names of the files that this index reads; others in its folder can be deleted."""
        return tuple(part.path.name for part in self._view.segments if part.path is not None)

    def _answer(self, queries: Float32, top: int) -> tuple[Int64, Float32]:
        view = self._view
        count = min(top, len(view.ids))
        ids = np.zeros((len(queries), count), np.int64)
        scores = np.zeros((len(queries), count), np.float32)
        if count and len(queries):
            self._find(view, queries, ids, scores)
        return ids, scores

    def _settled(self, part: P) -> bool:
        """Whether a segment without removed images is to be left alone."""
        return len(part) >= rows_per_segment(self.dimensions)

    def _alone(self, part: P) -> bool:  # noqa: ARG002 - for those that turn one kind into another
        """Whether compaction has nothing to do with the only segment that is left."""
        return True

    def _restore(self, folder: Path, state: Mapping[str, Any]) -> None:
        """Read what an index keeps besides its segments."""

    @abstractmethod
    def _options(self) -> dict[str, Any]:
        """Arguments of the constructor besides ``dimensions`` and ``threads``, as JSON."""

    @abstractmethod
    def _segments(self, ids: Int64, vectors: Sequence[Float32] | Float32) -> list[P]:
        """Checked vectors as segments that are not too long."""

    @abstractmethod
    def _floats(self, part: P, positions: Int64) -> Float32:
        """``(n, D)`` float32 vectors of a segment."""

    @abstractmethod
    def _merged(self, segments: list[P], keep: list[NDArray[np.bool_]]) -> list[P]:
        """The kept rows of these segments in as few as possible."""

    @abstractmethod
    def _write(self, part: P, folder: Path) -> P: ...

    @abstractmethod
    def _read(self, path: Path) -> P: ...

    @abstractmethod
    def _find(self, view: View[P], queries: Float32, ids: Int64, scores: Float32) -> None:
        """Fill ``(Q, k)`` ids and scores, 1 ≤ k ≤ images."""


def _lies_in(path: Path | None, folder: Path) -> bool:
    return path is not None and path.parent.resolve() == folder.resolve()
