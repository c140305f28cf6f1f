"""k-means for very many clusters: centers are looked for in a few cells only."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, StorageError, UsageError
from relook.core.memory import check_memory
from relook.core.numba_cache import compiled
from relook.core.storage import load_arrays, save_arrays
from relook.vectors.kmeans import KMeans
from relook.vectors.nearest import CellFinder, cells_of, halved, nearest_cells
from relook.vectors.rows import BLOCK, Rows, check_distinct, fingerprint
from relook.vectors.threads import one_blas_thread, stream

__all__ = ["ApproximateKMeans"]

Float32 = NDArray[np.float32]
Int32 = NDArray[np.int32]

_KIND = "approximate k-means"


@dataclass(frozen=True, slots=True, eq=False)
class _State:
    """What an iteration hands to the next.

    Attributes:
        done: iterations so far.
        centers: ``(K, D)``.
        coarse: ``(C, D)`` centers of cells of centers.
        words: ``(N,)`` the center of each row; none before the first iteration.
        inertia: of the last iteration.
    """

    done: int
    centers: Float32
    coarse: Float32
    words: Int32
    inertia: float


class ApproximateKMeans:
    """Lloyd's algorithm where each row looks for its center in the nearest cells of centers only.

    A row keeps its center of before where it finds none that is nearer, so the mean squared
    distance never grows. A center that no row has is moved to a row, drawn with probability
    proportional to its squared distance. The result depends on the seed and not on threads.

    Args:
        clusters: number of clusters K.
        iterations: Lloyd iterations.
        sample: at most this many rows per cluster are used, drawn at random.
        probes: cells that each row looks into per iteration.
        seed: of the drawing and of the first centers.
        threads: that work at it.
        checkpoint: a file that keeps what is done after each iteration; the same fit, started
            again after it was interrupted, goes on from there. It is removed at the end.
        report: called after each block of rows with what is under way, the number done, the total.

    Attributes:
        centers_: ``(K, D)`` float32.
        coarse_: ``(C, D)`` float32 centers of the cells that centers were found by.
        inertia_: mean squared distance of the last iteration's rows to their centers.

    Source: Philbin, Chum, Isard, Sivic, Zisserman, "Object retrieval with large vocabularies and
    fast spatial matching", CVPR 2007, with cells in place of their k-d trees.
    """

    centers_: Float32
    coarse_: Float32
    inertia_: float

    def __init__(
        self,
        clusters: int,
        *,
        iterations: int = 8,
        sample: int = 256,
        probes: int = 8,
        seed: int = 0,
        threads: int = 1,
        checkpoint: Path | None = None,
        report: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self.clusters = clusters
        self.iterations = iterations
        self.sample = sample
        self.probes = probes
        self.seed = seed
        self.threads = threads
        self.checkpoint = checkpoint
        self.report = report

    def fit(self, rows: Float32 | Rows) -> Self:
        """Learn the centers of ``(N, D)`` rows.

        Raises:
            UsageError: fewer different rows than clusters, an option below 1, or more memory
                needed than there is.
            ShapeError: the rows are no finite float matrix, or have no columns.
        """
        for name in ("clusters", "iterations", "sample", "probes", "threads"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")
        every = rows if isinstance(rows, Rows) else Rows([rows])
        used = every.some(self.sample * self.clusters, seed=self.seed)
        check_memory(
            self.needed_memory(len(every), every.width),
            what=f"a fit of {self.clusters:,} words to {len(every):,} descriptors",
            instead="ask for fewer words",
        )
        hashes = used.hashes()
        check_distinct(hashes, self.clusters)
        named = self._named(hashes)
        state = self._resumed(named) or self._first(used, hashes)
        while state.done < self.iterations:
            state = self._iterate(used, state)
            if self.checkpoint is not None and state.done < self.iterations:
                _save(self.checkpoint, state, named)
        self.centers_, self.coarse_, self.inertia_ = state.centers, state.coarse, state.inertia
        if self.checkpoint is not None:
            self.checkpoint.unlink(missing_ok=True)
        return self

    def needed_memory(self, rows: int, width: int) -> int:
        """Bytes that a fit of so many rows takes beside the rows themselves."""
        used = min(rows, self.sample * self.clusters)
        centers = 4 * self.clusters * width
        block = 4 * BLOCK * (cells_of(self.clusters) // 4 + 4 * width)
        copies = 2 if self.checkpoint is None else 4
        return copies * centers + 32 * used + 3 * self.threads * block

    def _first(self, rows: Rows, hashes: NDArray[np.uint64]) -> _State:
        """Different rows, drawn at random, and cells of them."""
        random = np.random.default_rng([self.seed, 0])
        _, firsts = np.unique(hashes, return_index=True)
        centers = rows.take(np.sort(random.choice(firsts, self.clusters, replace=False)))
        cells = KMeans(cells_of(self.clusters), iterations=5, sample=16, seed=self.seed)
        return _State(0, centers, cells.fit(centers).centers_, np.zeros(0, np.int32), math.inf)

    def _iterate(self, rows: Rows, state: _State) -> _State:
        finder = CellFinder(state.centers, state.coarse, threads=self.threads)
        sums = np.zeros_like(state.centers)
        counts = np.zeros(self.clusters, np.int64)
        words, away = np.empty(len(rows), np.int32), np.empty(len(rows), np.float32)
        starts = range(0, len(rows), BLOCK)
        look = partial(_look, rows, state, finder, self.probes)
        with one_blas_thread():
            for start, found in zip(
                starts, stream(look, starts, threads=self.threads), strict=True
            ):
                block, own, squares = found
                _add(block, own, sums, counts)
                words[start : start + len(own)], away[start : start + len(own)] = own, squares
                if self.report is not None:
                    done = state.done * len(rows) + start + len(own)
                    self.report("fit", done, self.iterations * len(rows))
        inertia = float(away.mean(dtype=np.float64))
        empty = np.flatnonzero(counts == 0)
        sums /= np.maximum(counts, 1)[:, None].astype(np.float32)
        sums[empty] = state.centers[empty]
        if state.done + 1 < self.iterations and len(empty):
            drawn = _drawn(away, len(empty), seed=[self.seed, state.done + 1])
            sums[empty[: len(drawn)]] = rows.take(drawn)
        cell = nearest_cells(sums, state.coarse, threads=self.threads)
        return _State(state.done + 1, sums, _means(sums, cell, state.coarse), words, inertia)

    def _named(self, hashes: NDArray[np.uint64]) -> dict[str, Any]:
        """What must be the same for a fit to go on with what another one began."""
        options = {name: getattr(self, name) for name in ("clusters", "sample", "probes", "seed")}
        return {**options, "rows": fingerprint(hashes)}

    def _resumed(self, named: dict[str, Any]) -> _State | None:
        if self.checkpoint is None or not self.checkpoint.exists():
            return None
        try:
            stored = load_arrays(self.checkpoint, kind=_KIND, version=1)
            if stored.header["named"] != named:
                return None
            arrays = {name: np.array(array) for name, array in stored.arrays.items()}
            return _State(int(stored.header["done"]), **arrays, inertia=stored.header["inertia"])
        except (FormatError, StorageError, KeyError, TypeError):  # begin anew
            return None


def _look(
    rows: Rows, state: _State, finder: CellFinder, probes: int, start: int
) -> tuple[Float32, Int32, Float32]:
    """A block of rows, the center of each, and the squared distance to it."""
    block = rows.block(start, start + BLOCK)
    found = finder.find(block, count=1, probes=probes)
    words, away = found.words[:, 0], found.away[:, 0]
    if len(state.words):
        before = state.words[start : start + BLOCK]
        own = state.centers[before]
        stayed = halved(own) - np.einsum("nd,nd->n", own, block)
        better = away < stayed
        words, away = np.where(better, words, before), np.where(better, away, stayed)
    return block, words, np.maximum(2 * (away + halved(block)), 0)


def _drawn(weights: Float32, count: int, *, seed: list[int]) -> NDArray[np.int64]:
    """Rows drawn without replacement, with probability proportional to weight."""
    random = np.random.default_rng(seed)
    waiting = random.standard_exponential(len(weights)) / np.maximum(weights, 1e-30)
    count = min(count, int(np.count_nonzero(weights > 1e-12)))
    return np.sort(np.argpartition(waiting, count - 1)[:count]) if count else np.zeros(0, np.int64)


def _means(centers: Float32, cell: NDArray[np.int64], coarse: Float32) -> Float32:
    """The mean of the centers in each cell; an empty cell stays where it was."""
    sums, counts = np.zeros_like(coarse), np.zeros(len(coarse), np.int64)
    _add(centers, cell.astype(np.int32), sums, counts)
    means = sums / np.maximum(counts, 1)[:, None].astype(np.float32)
    return np.where((counts > 0)[:, None], means, coarse)


@compiled()
def _add(rows: Float32, words: Int32, sums: Float32, counts: NDArray[np.int64]) -> None:
    for row in range(len(rows)):
        word = words[row]
        counts[word] += 1
        for column in range(rows.shape[1]):
            sums[word, column] += rows[row, column]


def _save(path: Path, state: _State, named: dict[str, Any]) -> None:
    arrays = {"centers": state.centers, "coarse": state.coarse, "words": state.words}
    header = {"done": state.done, "inertia": state.inertia, "named": named}
    save_arrays(path, arrays, kind=_KIND, version=1, header=header)
