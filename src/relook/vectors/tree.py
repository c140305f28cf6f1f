"""A tree of centers, and how rows descend it."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ShapeError
from relook.core.numba_cache import compiled
from relook.vectors.nearest import Found
from relook.vectors.threads import run_all

__all__ = ["Tree", "TreeFinder", "check_tree", "squared_distance"]

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

CHUNK = 1024
"""Rows that one thread takes at a time."""


class Tree(NamedTuple):
    """Centers of a tree, level by level; the leaves are the clusters.

    Nodes are numbered in the order of levels, the children of one node one after another; node 0
    is the root, which has no center. Leaves, in that order, are the clusters 0, 1, ….

    Attributes:
        leaves: ``(K, D)`` float32, or uint8 in units of a step.
        inner: ``(I, D)`` the same for the other nodes but the root, in their order.
        children: ``(1 + I + K,)`` uint16 number of children of each node; 0 for a leaf.
    """

    leaves: NDArray[np.generic]
    inner: NDArray[np.generic]
    children: NDArray[np.uint16]

    @property
    def depth(self) -> int:
        """Levels below the root."""
        first, start, stop, depth = _firsts(self.children), 0, 1, 0
        while first[start] < first[stop]:
            start, stop, depth = int(first[start]), int(first[stop]), depth + 1
        return depth


def check_tree(tree: Tree) -> None:
    """Raise unless this is one whole tree.

    Raises:
        ShapeError: it is not.
    """
    width, dtype = tree.leaves.shape[-1], tree.leaves.dtype
    check_array("leaves", tree.leaves, shape=(None, width), dtype=dtype)
    check_array("inner", tree.inner, shape=(None, width), dtype=dtype)
    nodes = 1 + len(tree.inner) + len(tree.leaves)
    check_array("children", tree.children, shape=(nodes,), dtype=np.uint16)
    first = _firsts(tree.children)
    whole = (
        first[-1] == nodes
        and np.count_nonzero(tree.children == 0) == len(tree.leaves)
        and bool(np.all(first[:-1] > np.arange(nodes)))  # children come after their parent
        and tree.children[0] > 0
    )
    if not whole:
        raise ShapeError("these children do not make one tree")


class TreeFinder:
    """Finds leaves by descent; threads may share it.

    Args:
        tree: its centers mean ``(centers - zero) * step`` where they are uint8.
        step: value of one unit.
        zero: the unit that stands for 0.

    Source: Nistér, Stewénius, "Scalable recognition with a vocabulary tree", CVPR 2006.
    """

    def __init__(self, tree: Tree, *, step: float = 1.0, zero: int = 0) -> None:
        self._tree = tree
        self._units = np.float32(step), np.float32(zero)
        self._firsts = _firsts(tree.children)
        leaf = tree.children == 0
        # Which row of the leaves a node is, or (from -1 down) which of the inner nodes.
        self._rows = np.where(leaf, np.cumsum(leaf) - 1, 1 - np.cumsum(~leaf)).astype(np.int32)

    def find(self, rows: Float32, *, count: int, probes: int, threads: int = 1) -> Found:
        """The ``count`` nearest leaves among those that ``probes`` paths end in.

        At each level the ``probes`` nearest of all children are kept (at least ``count``); one
        path is the greedy descent.
        """
        beam = min(max(count, probes), len(self._tree.leaves))
        chunks = [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]
        descend = partial(
            _descend, leaves=self._tree.leaves, inner=self._tree.inner, rows_of=self._rows,
            firsts=self._firsts, step=self._units[0], zero=self._units[1], beam=beam,
        )  # fmt: skip
        found = run_all(lambda chunk: descend(np.ascontiguousarray(chunk)), chunks, threads=threads)
        words, away = (np.concatenate(part) for part in zip(*found, strict=True))
        halves = np.einsum("nd,nd->n", rows, rows) / np.float32(2)
        return Found(words[:, :count], away[:, :count] / np.float32(2) - halves[:, None])


def _firsts(children: NDArray[np.uint16]) -> NDArray[np.int64]:
    """The first child of each node, and the number of nodes."""
    return np.concatenate([[1], 1 + np.cumsum(children, dtype=np.int64)])


@compiled(fastmath=frozenset({"reassoc", "contract"}))
def squared_distance(row: Float32, other: Float32) -> np.float32:
    """Of two vectors."""
    total = np.float32(0)
    for column in range(len(row)):
        away = row[column] - other[column]
        total += away * away
    return total


@compiled(fastmath=frozenset({"reassoc", "contract"}))
def _squared(
    row: Float32, centers: NDArray[np.generic], name: int, step: np.float32, zero: np.float32
) -> np.float32:
    total = np.float32(0)
    for column in range(len(row)):
        away = row[column] - (np.float32(centers[name, column]) - zero) * step
        total += away * away
    return total


@compiled()
def _descend(
    rows: Float32, leaves: NDArray[np.generic], inner: NDArray[np.generic], rows_of: Int32,
    firsts: NDArray[np.int64], step: np.float32, zero: np.float32, beam: int,
) -> tuple[Int32, Float32]:  # fmt: skip
    """The leaves that the paths end in, nearest first, and their squared distances."""
    words = np.full((len(rows), beam), -1, np.int32)
    aways = np.full((len(rows), beam), np.inf, np.float32)
    nodes, away = np.empty(beam, np.int32), np.empty(beam, np.float32)
    others, other_away = np.empty(beam, np.int32), np.empty(beam, np.float32)
    for row in range(len(rows)):
        nodes[0], away[0], kept, open_ = 0, 0, 1, True
        while open_:
            found, open_ = 0, False
            for place in range(kept):
                node = nodes[place]
                first, stop = firsts[node], firsts[node + 1]
                if first == stop:
                    found = _keep(others, other_away, found, node, away[place])
                for child in range(first, stop):
                    name = rows_of[child]
                    if name >= 0:
                        squared = _squared(rows[row], leaves, name, step, zero)
                    else:
                        squared = _squared(rows[row], inner, -1 - name, step, zero)
                    found = _keep(others, other_away, found, child, squared)
            nodes, others = others, nodes
            away, other_away = other_away, away
            kept = found
            for place in range(kept):
                open_ = open_ or firsts[nodes[place]] < firsts[nodes[place] + 1]
        for place in range(kept):
            words[row, place], aways[row, place] = rows_of[nodes[place]], away[place]
    return words, aways


@compiled()
def _keep(nodes: Int32, away: Float32, kept: int, node: int, own: np.float32) -> int:
    """Put a node in its place among the nearest; how many there are now."""
    if kept == len(nodes):
        if own >= away[kept - 1]:
            return kept
        kept -= 1
    place = kept
    while place > 0 and away[place - 1] > own:
        nodes[place], away[place] = nodes[place - 1], away[place - 1]
        place -= 1
    nodes[place], away[place] = node, own
    return kept + 1
