"""The k nearest neighbors of every image of a collection, kept while images come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import FormatError, UsageError
from relook.core.protocols import VectorIndex
from relook.core.records import Ranking
from relook.reranking.kept import KeptKind
from relook.reranking.nearest import Lists, Offer, Rows, VectorSource, empty_lists, offer

__all__ = ["NeighborGraph"]

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Progress = Callable[[int, int], None]

FILE = KeptKind("neighbor-graph", version=1)
ARRAYS = ("ids", "neighbors", "similarities")


class NeighborGraph:
    """Exact k-NN lists of l2-normalized vectors by inner product; immutable.

    A change makes a new graph that equals one built anew from the same vectors, bit for bit. An
    image is no neighbor of itself; where there are fewer than k others, all are neighbors and the
    remaining places are -1 with similarity -inf.

    Attributes:
        ids: ``(N,)`` int64, increasing.
        neighbors: ``(N, k)`` int32, positions in ``ids``, best first, equal ones by id.
        similarities: ``(N, k)`` float32.

    Example:
        >>> vectors = np.array([[1, 0], [0.8, 0.6], [0, 1]], np.float32)
        >>> graph = NeighborGraph.build(np.array([10, 11, 12]), vectors, k=1)
        >>> graph.neighbors.ravel().tolist()
        [1, 0, 1]
    """

    def __init__(self, ids: Int64, neighbors: Int32, similarities: Float32) -> None:
        check_array("ids", ids, shape=(None,), dtype=np.int64)
        check_array("neighbors", neighbors, shape=(len(ids), None), dtype=np.int32)
        check_array("similarities", similarities, shape=neighbors.shape, dtype=np.float32)
        self.ids = ids
        self.neighbors = neighbors
        self.similarities = similarities
        self._path: Path | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def k(self) -> int:
        """Neighbors of an image, at most."""
        return int(self.neighbors.shape[1])

    @classmethod
    def empty(cls, *, k: int) -> NeighborGraph:
        """The graph of no images.

        Raises:
            UsageError: k is below 1.
        """
        if k < 1:
            raise UsageError(f"k must be at least 1, not {k}")
        return cls(np.zeros(0, np.int64), *empty_lists(0, k))

    @classmethod
    def build(
        cls,
        ids: Int64,
        vectors: Float32,
        *,
        k: int,
        threads: int = 2,
        progress: Progress | None = None,
    ) -> NeighborGraph:
        """The graph of ``(N,)`` images with their ``(N, D)`` vectors.

        Args:
            ids: each once, in any order.
            vectors: l2-normalized.
            k: neighbors of an image.
            threads: that many rows of blocks at a time.
            progress: called with the number of images that are done, and of all.

        Raises:
            ShapeError: other shapes or types, or values that are not finite.
            UsageError: an id is given twice, or k is below 1.
        """
        check_array("ids", ids, shape=(None,), dtype=np.int64)
        check_array("vectors", vectors, shape=(len(ids), None), dtype=np.float32)
        order = np.argsort(ids, kind="stable")
        source = Rows(ids[order], vectors[order])
        return cls.empty(k=k).add(ids, source, threads=threads, progress=progress)

    @classmethod
    def from_rankings(cls, ids: Int64, rankings: Iterable[Ranking], *, k: int) -> NeighborGraph:
        """The graph of any similarity, such as ASMK, from what each image found as a query.

        Args:
            ids: ``(N,)`` images, each once.
            rankings: N answers; the image itself and ids outside ``ids`` are left out.
            k: neighbors of an image.
        """
        graph = cls.empty(k=k)
        ordered = np.unique(ids)
        if len(ordered) != len(ids):
            raise UsageError("an id is given twice; give each image once")
        lists = empty_lists(len(ids), graph.k)
        for id_, ranking in zip(ids, rankings, strict=True):
            row = np.searchsorted(ordered, id_)
            known = np.isin(ranking.ids, ordered) & (ranking.ids != id_)
            found, scores = ranking.ids[known][:k], ranking.scores[known][:k]
            lists.neighbors[row, : len(found)] = np.searchsorted(ordered, found)
            lists.similarities[row, : len(found)] = scores
        return cls(ordered, *lists)

    def add(
        self,
        ids: Int64,
        source: VectorSource,
        *,
        threads: int = 2,
        progress: Progress | None = None,
    ) -> NeighborGraph:
        """A graph with more images; ``source`` gives the vectors of all of them, old and new.

        Raises:
            UsageError: an id is given twice or is in the graph.
        """
        fresh = np.unique(ids)
        if len(fresh) != len(ids) or np.isin(fresh, self.ids).any():
            raise UsageError("an id is given twice or is in the graph; add each image once")
        merged = np.union1d(self.ids, fresh)
        old, new = np.searchsorted(merged, self.ids), np.searchsorted(merged, fresh)
        lists = empty_lists(len(merged), self.k)
        lists.neighbors[old] = _renumber(self.neighbors, old.astype(np.int32))
        lists.similarities[old] = self.similarities
        everyone = np.arange(len(merged))
        offers = (Offer(fresh, new, merged, everyone), Offer(self.ids, old, fresh, new))
        for offered in offers:
            offer(lists, offered, source, threads=threads, progress=progress)
        return NeighborGraph(merged, *lists)

    def remove(
        self,
        ids: Iterable[int],
        source: VectorSource,
        *,
        threads: int = 2,
        progress: Progress | None = None,
    ) -> NeighborGraph:
        """A graph without some images; those that lose a neighbor look for another.

        Args:
            ids: images to remove.
            source: vectors of the images that stay.
            threads: that many rows of blocks at a time.
            progress: called with the number of images that have looked again, and of all.

        Raises:
            UsageError: an id is not in the graph.
        """
        gone = np.unique(np.fromiter(ids, np.int64))
        unknown = gone[~np.isin(gone, self.ids)]
        if len(unknown):
            raise UsageError(f"image {unknown[0]} is not in the graph; remove what .ids lists")
        kept = ~np.isin(self.ids, gone)
        numbers = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
        neighbors = _renumber(self.neighbors[kept], numbers)
        lists = Lists(neighbors, self.similarities[kept])
        rows = np.flatnonzero(((neighbors < 0) & (self.neighbors[kept] >= 0)).any(axis=1))
        for part, vacant in zip(lists, empty_lists(len(rows), self.k), strict=True):
            part[rows] = vacant
        left = self.ids[kept]
        offered = Offer(left[rows], rows, left, np.arange(len(left)))
        offer(lists, offered, source, threads=threads, progress=progress)
        return NeighborGraph(left, *lists)

    def caught_up(
        self, index: VectorIndex, *, threads: int = 2, progress: Progress | None = None
    ) -> NeighborGraph:
        """The graph of exactly the images of ``index``; this very graph where nothing changed."""
        gone = np.setdiff1d(self.ids, index.ids)
        new = np.setdiff1d(index.ids, self.ids)
        graph: NeighborGraph = self
        if len(gone):
            graph = graph.remove(gone.tolist(), index, threads=threads, progress=progress)
        if len(new):
            graph = graph.add(new, index, threads=threads, progress=progress)
        return graph

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the graph under a new name, unless it was read from or written to ``folder``.

        Returns:
            What :meth:`load` needs besides the file, as JSON.

        Raises:
            StorageError: the file cannot be written.
        """
        arrays = {name: getattr(self, name) for name in ARRAYS}
        self._path, state = FILE.save(folder, self._path, arrays)
        return state

    @classmethod
    def load(cls, folder: Path, state: Mapping[str, Any]) -> NeighborGraph:
        """Map what :meth:`save` wrote.

        Raises:
            FormatError: the file or ``state`` is damaged, or of a newer version.
            StorageError: the file cannot be opened.
        """
        path, stored = FILE.load(folder, state)
        try:
            graph = cls(**stored.arrays)
        except (TypeError, ValueError) as error:
            raise FormatError(f"{path} is damaged; delete the graph and build it again") from error
        if not _sound(graph):
            raise FormatError(f"{path} is damaged; delete the graph and build it again")
        graph._path = path
        return graph

    def files(self) -> tuple[str, ...]:
        """Names of the files that this graph reads; others in its folder can be deleted."""
        return () if self._path is None else (self._path.name,)


def _renumber(neighbors: Int32, numbers: Int32) -> Int32:
    """New numbers of neighbors; free places stay free."""
    extended = np.append(numbers, np.int32(-1))  # -1 finds the last
    renumbered: Int32 = extended[neighbors]
    return renumbered


def _sound(graph: NeighborGraph) -> bool:
    """Whether no list leads out of the graph."""
    neighbors = graph.neighbors
    return bool(
        graph.k >= 1
        and np.all(np.diff(graph.ids) > 0)
        and neighbors.min(initial=-1) >= -1
        and neighbors.max(initial=-1) < len(graph)
    )
