"""Hierarchical k-means: each cluster is clustered again, which makes a tree."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.memory import check_memory
from relook.core.numba_cache import compiled
from relook.vectors.rows import Rows, check_distinct
from relook.vectors.threads import stream
from relook.vectors.tree import Tree, squared_distance

__all__ = ["HierarchicalKMeans"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


class HierarchicalKMeans:
    """Lloyd's algorithm at each node of a tree, from the root down.

    A node with fewer rows than ``branching``, or all of whose rows are equal, stays a leaf, so
    there may be fewer than ``branching ** depth`` leaves. First centers are drawn as k-means++
    draws them. The result depends on the seed and not on threads.

    Args:
        branching: children per node.
        depth: levels below the root.
        iterations: Lloyd iterations per node.
        sample: at most this many rows of a node take part in its iterations; all are assigned.
        seed: of all drawing.
        threads: that work at it.
        report: called after each node with what is under way, the number of rows done, the total.

    Attributes:
        tree_: float32 centers; the leaves are the clusters.
        inertia_: mean squared distance of the rows to the leaf that they descended to.

    Source: Nistér, Stewénius, "Scalable recognition with a vocabulary tree", CVPR 2006.
    """

    tree_: Tree
    inertia_: float

    def __init__(
        self,
        branching: int = 10,
        depth: int = 6,
        *,
        iterations: int = 12,
        sample: int = 16384,
        seed: int = 0,
        threads: int = 1,
        report: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self.branching = branching
        self.depth = depth
        self.iterations = iterations
        self.sample = sample
        self.seed = seed
        self.threads = threads
        self.report = report

    def fit(self, rows: Float32 | Rows) -> Self:
        """Learn the tree of ``(N, D)`` rows.

        Raises:
            UsageError: fewer different rows than branches, an option that is too small, or more
                memory needed than there is.
            ShapeError: the rows are no finite float matrix, or have no columns.
        """
        for name, least in (("branching", 2), ("depth", 1), ("iterations", 1), ("sample", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} must be at least {least}, not {getattr(self, name)}")
        if self.branching > 1 << 15:
            raise UsageError(f"branching must be at most {1 << 15}; ask for more levels")
        read = rows if isinstance(rows, Rows) else Rows([rows])
        check_memory(
            self.needed_memory(len(read), read.width),
            what=f"a tree of {self.depth} levels for {len(read):,} descriptors",
            instead="bring fewer pictures, or ask for fewer levels",
        )
        check_distinct(read.hashes(), self.branching)
        values = read.block(0, len(read)) if isinstance(rows, Rows) else rows
        self.tree_, self.inertia_ = self._grow(np.ascontiguousarray(values))
        return self

    def needed_memory(self, rows: int, width: int) -> int:
        """Bytes that a fit of so many rows takes beside the rows themselves."""
        words: int = min(rows, self.branching**self.depth)
        return (4 * width + 24) * rows + (12 * width + 200) * words

    def _grow(self, rows: Float32) -> tuple[Tree, float]:
        order = np.arange(len(rows))
        level = [_Node(0, len(rows), rows[0], 0.0)]
        nodes, children = [], []
        for depth in range(self.depth):
            split = partial(self._split, rows, order, depth)
            below: list[_Node] = []
            for node, own in zip(level, stream(split, level, threads=self.threads), strict=True):
                children.append(len(own))
                below += own
                if self.report is not None:
                    self.report("fit", depth * len(rows) + node.stop, self.depth * len(rows))
            nodes += below
            level = below
        counts = np.array([*children, *(0 for _ in level)], np.uint16)
        leaf = counts[1:] == 0
        centers = np.stack([node.center for node in nodes])
        squares = np.array([node.squares for node in nodes])
        return Tree(centers[leaf], centers[~leaf], counts), float(squares[leaf].sum() / len(rows))

    def _split(self, rows: Float32, order: Int64, depth: int, node: _Node) -> list[_Node]:
        """Cluster the rows of a node; its part of ``order`` is put in the order of the clusters."""
        own = order[node.start : node.stop]
        if len(own) < self.branching:
            return []
        random = np.random.default_rng([self.seed, depth, node.start])
        some = own
        if len(own) > self.sample:
            some = own[np.sort(random.choice(len(own), self.sample, replace=False))]
        chances = random.random(self.branching)
        centers = _cluster(rows[some], chances, self.iterations)
        if len(centers) < 2:
            return []
        near, squares = _assign(rows, own, centers)
        own[:] = own[np.argsort(near, kind="stable")]
        sizes = np.bincount(near, minlength=len(centers))
        sums = np.bincount(near, squares, minlength=len(centers))
        stops = node.start + np.cumsum(sizes)
        return [
            _Node(int(stop - size), int(stop), center, float(total))
            for size, stop, center, total in zip(sizes, stops, centers, sums, strict=True)
            if size
        ]


class _Node(NamedTuple):
    """Rows of a node: where they lie in the order, their center, their squared distances to it."""

    start: int
    stop: int
    center: Float32
    squares: float


@compiled()
def _cluster(rows: Float32, chances: NDArray[np.float64], iterations: int) -> Float32:
    """Centers of the rows, as many as there are chances, or fewer where fewer rows differ."""
    centers = _first_centers(rows, chances)
    sums, counts = np.empty_like(centers), np.empty(len(centers), np.int64)
    for _ in range(iterations):
        sums[:], counts[:] = 0, 0
        for row in range(len(rows)):
            near, _away = _nearest(rows[row], centers)
            counts[near] += 1
            for column in range(rows.shape[1]):
                sums[near, column] += rows[row, column]
        moved = False
        for center in range(len(centers)):
            for column in range(rows.shape[1] if counts[center] else 0):
                value = sums[center, column] / np.float32(counts[center])
                moved = moved or value != centers[center, column]
                centers[center, column] = value
        if not moved:
            break
    return centers


@compiled()
def _first_centers(rows: Float32, chances: NDArray[np.float64]) -> Float32:
    """Rows, the first drawn evenly, the others by squared distance to the nearest before."""
    centers = np.empty((len(chances), rows.shape[1]), np.float32)
    away = np.full(len(rows), np.inf, np.float64)
    centers[0] = rows[int(chances[0] * len(rows))]
    for number in range(1, len(chances)):
        total = 0.0
        for row in range(len(rows)):
            away[row] = min(away[row], squared_distance(rows[row], centers[number - 1]))
            total += away[row]
        if total <= 0:
            return centers[:number].copy()
        left, drawn = chances[number] * total, -1
        for row in range(len(rows)):
            if away[row] > 0:
                drawn = row
                left -= away[row]
                if left < 0:
                    break
        centers[number] = rows[drawn]
    return centers


@compiled()
def _assign(rows: Float32, own: Int64, centers: Float32) -> tuple[Int64, NDArray[np.float64]]:
    near, squares = np.empty(len(own), np.int64), np.empty(len(own), np.float64)
    for place in range(len(own)):
        near[place], squares[place] = _nearest(rows[own[place]], centers)
    return near, squares


@compiled()
def _nearest(row: Float32, centers: Float32) -> tuple[int, np.float32]:
    near, least = 0, np.float32(np.inf)
    for center in range(len(centers)):
        away = squared_distance(row, centers[center])
        if away < least:
            near, least = center, away
    return near, least
