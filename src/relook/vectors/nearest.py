"""Nearest centers, found through coarse cells, by one matrix product per cell."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import scipy.linalg.cython_blas  # noqa: F401 - what numba multiplies with, loaded to be found
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ShapeError
from relook.core.numba_cache import compiled
from relook.vectors.threads import one_blas_thread, run_all

__all__ = [
    "CellFinder",
    "Found",
    "cells_of",
    "check_starts",
    "halved",
    "nearest_cells",
    "probes_of",
    "valued",
]

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]

BLOCK = 32768
"""Rows that are looked up at once, so that memory stays bounded."""
CHUNK = 512
"""Rows whose cells one thread finds at a time."""


class Cells(NamedTuple):
    """Centers by cell.

    Attributes:
        centers: ``(K, D)`` float32, or uint8 in units of ``step`` above ``zero``, in the order of
            the cells: memory is read one after another.
        step: value of one unit; 1 for float32.
        zero: the unit that stands for 0.
        halves: ``(K,)`` half the squared length of each center.
        words: ``(K,)`` numbers of the centers.
        starts: ``(C + 1,)`` first center of each cell, and K.
    """

    centers: NDArray[np.generic]
    step: np.float32
    zero: np.float32
    halves: Float32
    words: Int32
    starts: Int64


class Visits(NamedTuple):
    """Which row looks into which cell, in the order of the cells.

    Attributes:
        rows: ``(V,)`` rows.
        starts: ``(C + 1,)`` first visit of each cell, and V.
    """

    rows: Int64
    starts: Int64


class Found(NamedTuple):
    """Nearest centers of rows, nearest first.

    Attributes:
        words: ``(N, count)`` int32; -1 where the cells hold fewer.
        away: ``(N, count)`` half the squared distance, less half the squared length of the row.
    """

    words: Int32
    away: Float32


class CellFinder:
    """Finds the nearest centers of rows; threads may share it.

    Args:
        centers: ``(K, D)`` float32, or uint8 that mean ``(centers - zero) * step``.
        coarse: ``(C, D)``; each center lies in the cell of the nearest of them.
        step: value of one unit.
        zero: the unit that stands for 0.
        starts: ``(C + 1,)`` first center of each cell, where centers lie in the order of cells;
            they are not copied then.
        threads: that find the cell of each center, where they do not.
    """

    def __init__(
        self,
        centers: NDArray[np.generic],
        coarse: Float32,
        *,
        step: float = 1.0,
        zero: int = 0,
        starts: Int64 | None = None,
        threads: int = 1,
    ) -> None:
        self.coarse = np.ascontiguousarray(coarse)
        self._coarse_halves = halved(self.coarse)
        units = np.float32(step), np.float32(zero)
        order = np.arange(len(centers), dtype=np.int32)
        if starts is None:
            cell = nearest_cells(centers, self.coarse, step=step, zero=zero, threads=threads)
            order = np.argsort(cell, kind="stable").astype(np.int32)
            starts = np.searchsorted(cell[order], np.arange(len(coarse) + 1)).astype(np.int64)
            centers = centers[order]
        centers = np.ascontiguousarray(centers)
        halves = np.concatenate(
            [halved(valued(rows, step, zero)) for rows in _blocks(centers, BLOCK)]
        )
        self._cells = Cells(centers, *units, halves, order, starts)

    def find(self, rows: Float32, *, count: int, probes: int, threads: int = 1) -> Found:
        """The ``count`` nearest centers in the ``probes`` nearest cells of each row.

        The result is the same with any number of threads.
        """
        probes = min(probes, len(self.coarse))
        with one_blas_thread():
            parts = [
                self._find(np.ascontiguousarray(block), count, probes, threads)
                for block in _blocks(rows, BLOCK)
            ]
        return Found(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _find(self, rows: Float32, count: int, probes: int, threads: int) -> Found:
        chunks = _blocks(rows, CHUNK)
        near = run_all(partial(self._near, probes=probes), chunks, threads=threads)
        visits = _by_cell(np.concatenate(near), len(self.coarse))
        spans = _spans(visits, self._cells, threads)
        scan = partial(_scan, rows, visits, self._cells, count)
        first, *others = run_all(lambda span: Found(*scan(*span)), spans, threads=threads)
        for other in others:
            _merge(first.away, first.words, other.away, other.words)
        return first

    def _near(self, rows: Float32, *, probes: int) -> Int32:
        return _smallest(self._coarse_halves - rows @ self.coarse.T, probes)


def cells_of(centers: int) -> int:
    """The number of cells to find so many centers by."""
    return max(1, min(centers // 16, 128 if centers <= 16384 else round(2 * centers**0.5)))


def probes_of(cells: int) -> int:
    """The number of cells to look into so that the nearest center is found nearly always.

    Measured on RootSIFT: .986 of 16k centers in 128 cells, .97 to .98 of 65k in 512, .983 of a
    million in 2048.
    """
    return 12 if cells <= 128 else round(12 * (cells / 128) ** 0.37)


def nearest_cells(
    centers: NDArray[np.generic], coarse: Float32, *, step: float = 1.0, zero: int = 0,
    threads: int = 1,
) -> Int64:  # fmt: skip
    """The nearest row of ``coarse`` to each center, by all distances: ``(K,)``."""
    halves, turned = halved(coarse), np.ascontiguousarray(coarse).T

    def nearest(rows: NDArray[np.generic]) -> Int64:
        near: Int64 = np.argmin(halves - valued(rows, step, zero) @ turned, axis=1)
        return near

    with one_blas_thread():
        parts = run_all(nearest, _blocks(centers, BLOCK // 8), threads=threads)
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def check_starts(starts: NDArray[np.int64], *, cells: int, centers: int) -> None:
    """Raise :class:`ShapeError` unless these are the first centers of so many cells."""
    check_array("starts", starts, shape=(cells + 1,), dtype=np.int64)
    if starts[0] != 0 or starts[-1] != centers or np.any(np.diff(starts) < 0):
        raise ShapeError(f"these starts do not share {centers} words out to {cells} cells")


def valued(units: NDArray[np.generic], step: float, zero: int) -> Float32:
    """What bytes mean; float32 rows mean themselves."""
    if units.dtype == np.float32:
        return units.astype(np.float32, copy=False)
    values = units.astype(np.float32)
    return (values - np.float32(zero) if zero else values) * np.float32(step)


def halved(rows: Float32) -> Float32:
    """Half the squared length of each row."""
    halves: Float32 = np.einsum("nd,nd->n", rows, rows) / np.float32(2)
    return halves


def _blocks(rows: NDArray[np.generic], size: int) -> list[NDArray[np.generic]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def _spans(visits: Visits, cells: Cells, threads: int) -> list[tuple[int, int]]:
    """Runs of cells of about equal work, one for each thread."""
    if threads == 1:
        return [(0, len(cells.starts) - 1)]
    work = np.cumsum(np.diff(visits.starts) * np.diff(cells.starts))
    edges = np.searchsorted(work, work[-1] * np.arange(1, threads) / threads)
    bounds = [0, *(int(edge) + 1 for edge in edges), len(work)]
    return [(a, b) for a, b in pairwise(bounds) if a < b]


@compiled()
def _smallest(away: Float32, count: int) -> Int32:
    """The columns of the smallest values of each row, smallest first."""
    best = np.full((len(away), count), np.inf, np.float32)
    names = np.zeros((len(away), count), np.int32)
    for row in range(len(away)):
        for column in range(away.shape[1]):
            if away[row, column] < best[row, count - 1]:
                _insert(best, names, row, away[row, column], np.int32(column))
    return names


@compiled()
def _by_cell(near: Int32, cells: int) -> Visits:
    """The rows that look into each cell."""
    starts = np.zeros(cells + 1, np.int64)
    for cell in near.flat:
        starts[cell + 1] += 1
    starts = np.cumsum(starts)
    rows, free = np.empty(near.size, np.int64), starts.copy()
    for row in range(len(near)):
        for cell in near[row]:
            rows[free[cell]] = row
            free[cell] += 1
    return Visits(rows, starts)


@compiled()
def _scan(
    rows: Float32, visits: Visits, cells: Cells, count: int, begin: int, end: int
) -> tuple[Int32, Float32]:
    """The nearest centers in the cells from ``begin`` to ``end``."""
    width = rows.shape[1]
    best = np.full((len(rows), count), np.inf, np.float32)
    words = np.full((len(rows), count), -1, np.int32)
    most, largest = 0, 0
    for cell in range(begin, end):
        most = max(most, visits.starts[cell + 1] - visits.starts[cell])
        largest = max(largest, cells.starts[cell + 1] - cells.starts[cell])
    gathered, products = np.empty(width * most, np.float32), np.empty(largest * most, np.float32)
    centers, smallest = np.empty((largest, width), np.float32), np.empty(most, np.float32)
    for cell in range(begin, end):
        first, size = cells.starts[cell], cells.starts[cell + 1] - cells.starts[cell]
        visitors = visits.rows[visits.starts[cell] : visits.starts[cell + 1]]
        if size == 0 or len(visitors) == 0:
            continue
        # As columns: a product of small matrices is faster where neither is turned.
        columns = gathered[: width * len(visitors)].reshape(width, len(visitors))
        for place in range(len(visitors)):
            row = visitors[place]
            for column in range(width):
                columns[column, place] = rows[row, column]
        _decode(cells.centers, first, size, cells.zero, cells.step, centers)
        away = products[: size * len(visitors)].reshape(size, len(visitors))
        np.dot(centers[:size], columns, away)
        _to_distances(away, cells.halves[first : first + size], smallest)
        for place in range(len(visitors)):
            row = visitors[place]
            if smallest[place] < best[row, count - 1]:  # few cells hold anything better
                for word in range(size):
                    if away[word, place] < best[row, count - 1]:
                        _insert(best, words, row, away[word, place], cells.words[first + word])
    return words, best


@compiled()
def _decode(
    centers: NDArray[np.generic], first: int, size: int, zero: np.float32, step: np.float32,
    into: Float32,
) -> None:  # fmt: skip
    for place in range(size):
        for column in range(into.shape[1]):
            into[place, column] = (np.float32(centers[first + place, column]) - zero) * step


@compiled()
def _to_distances(products: Float32, halves: Float32, smallest: Float32) -> None:
    """Half the squared distances, less what is the same for a column, in place; their minima."""
    smallest[: products.shape[1]] = np.inf
    for word in range(products.shape[0]):
        for place in range(products.shape[1]):  # one after another in memory, so that SIMD helps
            away = halves[word] - products[word, place]
            products[word, place] = away
            smallest[place] = min(smallest[place], away)


@compiled()
def _merge(best: Float32, names: Int32, others: Float32, other_names: Int32) -> None:
    """Put what later cells gave among what earlier cells gave."""
    last = best.shape[1] - 1
    for row in range(len(best)):
        for place in range(last + 1):
            if others[row, place] >= best[row, last]:
                break
            _insert(best, names, row, others[row, place], other_names[row, place])


@compiled()
def _insert(best: Float32, names: Int32, row: int, away: np.float32, name: np.int32) -> None:
    """Put a name in its place in a row; the last one drops out."""
    place = best.shape[1] - 1
    while place > 0 and best[row, place - 1] > away:
        best[row, place] = best[row, place - 1]
        names[row, place] = names[row, place - 1]
        place -= 1
    best[row, place] = away
    names[row, place] = name
