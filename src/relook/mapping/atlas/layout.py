"""Vectors → places on a plane: t-SNE of all; new ones among those that stay where they are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from relook.core.errors import UsageError
from relook.mapping.atlas.forces import Forces, forces_among
from relook.reranking.nearest import Lists, Offer, Rows, empty_lists, offer
from relook.vectors import Pca

__all__ = ["THREADS", "Stopped", "lay_out", "place", "spiral"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]

THREADS = 2
"""More hardly help, and a server has other work."""
PERPLEXITY = 30.0
_FEW = 3.0
"""The perplexity of new ones."""
_FEWEST = 10
"""Pictures of which t-SNE is made; fewer have too few neighbors."""
_EARLY, _LATE = 250, 500
_PAIRS = 20_000_000
"""Of vectors that are compared between two looks at whether to stop: less than a second."""
_PLACING = 150
_SEED = 0
_GOLDEN = np.pi * (3 - np.sqrt(5))
_CALIBRATED = 20_000
"""Pictures whose perplexity is found between two such looks."""


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Whoever asked for the work does not want it any more."""


def lay_out(vectors: Float32, *, progress: Progress, stop: Stop, threads: int = THREADS) -> Float64:
    """Places ``(N, 2)`` of ``(N, D)`` l2-normalized vectors, neighbors near each other.

    t-SNE with PCA as its beginning, perplexity min(30, (N - 1) / 3), over exact neighbors; what is
    the same at the beginning is the same at the end, on one machine and with any number of threads.

    Args:
        vectors: none of them zeros.
        progress: called with what is under way, the number done and the total.
        stop: asked between steps.
        threads: at work; none of them holds the interpreter for long.

    Raises:
        UsageError: openTSNE is not here.
        Stopped: ``stop`` said so.

    Source: van der Maaten, Hinton, "Visualizing data using t-SNE", JMLR 2008; learning rates:
    Belkina et al., Nature Communications 2019; FFT: Linderman et al., Nature Methods 2019; by
    openTSNE: Poličar, Stražar, Zupan, JSS 2024.
    """
    start = _principal(vectors)
    if len(vectors) < _FEWEST or not start.any():
        return _apart(start)
    openTSNE = _open_tsne()  # noqa: N806 - as its authors write it
    affinities = openTSNE.affinity.Affinities()
    watch = _Watch(progress, stop)
    affinities.P = _joint(openTSNE, vectors, watch=watch, threads=threads)
    # Equal pictures would pull at each other forever along one line.
    noise = np.random.default_rng(_SEED).normal(size=start.shape)
    begin = 1e-4 * (start / start.std(axis=0).max() + 1e-2 * noise)
    with ThreadPoolExecutor(threads) as pool:
        forces = Forces(pool, threads=threads, each=watch.step)
        embedding = openTSNE.TSNEEmbedding(
            begin, affinities, random_state=_SEED, n_jobs=1, negative_gradient_method=forces
        )
        early = embedding.optimize(_EARLY, exaggeration=12, momentum=0.5)
        # Where all are about equally alike, exaggeration draws them together into one point.
        embedding = early if np.std(early) > np.std(begin) else embedding
        embedding = embedding.optimize(_LATE, exaggeration=None, momentum=0.8)
    found = np.array(embedding, np.float64)
    # openTSNE moves what is not centered, and nothing may move when new pictures are placed.
    return np.asarray(found - (found.max(axis=0) + found.min(axis=0)) / 2, np.float64)


def place(new: Float32, vectors: Float32, places: Float64) -> Float64:
    """Places ``(M, 2)`` of new vectors among old ones, which do not move.

    Each new one is placed for itself: it begins at its nearest neighbor, and is moved by the old
    ones alone. To begin at the median of many, as is usual, leads astray where few are alike: of
    60 photos whose thing others showed once or twice, 92 % came to lie beside these, not 70 %.

    Source: Poličar, Stražar, Zupan, "Embedding to reference t-SNE space addresses batch effects in
    single-cell classification", Machine Learning 2023.
    """
    similarities = new @ vectors.T
    perplexity = min(_FEW, (len(vectors) - 1) / 3)
    near = min(len(vectors), max(2, int(3 * perplexity)))
    if len(vectors) < _FEWEST:
        return np.asarray(places[similarities.argmax(axis=1)] + _aside(places, len(new)))
    openTSNE = _open_tsne()  # noqa: N806
    neighbors = np.argsort(-similarities, axis=1, kind="stable")[:, :near]
    away = _distances(np.take_along_axis(similarities, neighbors, axis=1))
    joint = openTSNE.affinity.joint_probabilities_nn(
        neighbors.astype(np.int64), away, [perplexity], symmetrize=False,
        normalization="point-wise", n_reference_samples=len(vectors), n_jobs=1,
    )  # fmt: skip
    affinities = openTSNE.affinity.Affinities()
    affinities.P = csr_matrix((len(vectors), len(vectors)))  # only its size is looked at
    fixed = openTSNE.TSNEEmbedding(np.array(places, np.float64), affinities, n_jobs=1)
    begin = np.array(places[neighbors[:, 0]], np.float64)
    partial = openTSNE.tsne.PartialTSNEEmbedding(
        begin, fixed, P=joint, n_jobs=1, negative_gradient_method=forces_among, learning_rate=0.1,
        max_grad_norm=0.25,
    )  # fmt: skip
    moved = partial.optimize(_PLACING, exaggeration=1.5, momentum=0.8)
    return np.array(moved, np.float64)


def spiral(count: int) -> Float64:
    """``(count, 2)`` points spread evenly over a disc; more of them leave the first in place."""
    number = np.arange(count)
    radius, angle = np.sqrt(number), number * _GOLDEN
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


class _Watch:
    """Tells how far the work is, and whether to stop."""

    def __init__(self, progress: Progress, stop: Stop) -> None:
        self._progress, self._stop, self._steps = progress, stop, 0

    def neighbors(self, done: int, total: int) -> None:
        self._look()
        self._progress("neighbors", done, total)

    def step(self) -> None:
        """One more of the optimization."""
        self._look()
        self._progress("map", min(self._steps, _EARLY + _LATE), _EARLY + _LATE)
        self._steps += 1

    def _look(self) -> None:
        if self._stop():
            raise Stopped  # goes through openTSNE


def _joint(openTSNE: Any, vectors: Float32, *, watch: _Watch, threads: int) -> Any:  # noqa: N803
    count = len(vectors)
    perplexity = min(PERPLEXITY, (count - 1) / 3)
    lists = _nearest(vectors, min(count - 1, int(3 * perplexity)), watch, threads)
    parts = []
    for first in range(0, count, _CALIBRATED):
        some = slice(first, first + _CALIBRATED)
        parts.append(openTSNE.affinity.joint_probabilities_nn(
            lists.neighbors[some].astype(np.int64), _distances(lists.similarities[some]),
            [perplexity], symmetrize=False, normalization="point-wise",
            n_reference_samples=count, n_jobs=threads,
        ))  # fmt: skip
        watch.neighbors(count, count)
    one_way = vstack(parts, format="csr")
    joint = one_way + one_way.T
    return joint / joint.sum()


def _nearest(vectors: Float32, k: int, watch: _Watch, threads: int) -> Lists:
    """The k nearest of each, exact, and best first."""
    rows = np.arange(len(vectors))
    lists, source = empty_lists(len(vectors), k), Rows(rows, np.ascontiguousarray(vectors))
    step = max(512 * threads, _PAIRS // len(vectors))
    for first in range(0, len(vectors), step):
        some = rows[first : first + step]
        watch.neighbors(first, len(vectors))
        offer(lists, Offer(some, some, rows, rows), source, threads=threads)
    watch.neighbors(len(vectors), len(vectors))
    return lists


def _distances(similarities: Float32) -> Float64:
    """Euclidean distances of l2-normalized vectors."""
    return np.sqrt(np.maximum(2.0 - 2.0 * similarities.astype(np.float64), 0.0))


def _principal(vectors: Float32) -> Float64:
    """The first two components ``(N, 2)``; zeros where all vectors are equal."""
    found = np.zeros((len(vectors), 2))
    if len(vectors) < 2:
        return found
    try:
        most = min(2, len(vectors) - 1, vectors.shape[1])
        rows = Pca(most, normalize=False).fit_transform(vectors)
    except UsageError:
        try:
            rows = Pca(1, normalize=False).fit_transform(vectors)
        except UsageError:
            return found
    found[:, : rows.shape[1]] = rows
    return found


def _apart(places: Float64) -> Float64:
    """A few places, no two of them the same."""
    extent = float(np.ptp(places, axis=0).max(initial=0)) if len(places) else 0.0
    return places + (0.05 * extent if extent else 1.0) * spiral(len(places))


def _aside(places: Float64, count: int) -> Float64:
    extent = float(np.ptp(places, axis=0).max(initial=0)) if len(places) else 0.0
    return 0.08 * (extent or 1.0) * spiral(count + 1)[1:]


def _open_tsne() -> Any:
    try:
        import openTSNE  # noqa: PLC0415 - an extra
        import openTSNE.affinity  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(
            'a map needs openTSNE, which is not installed: pip install "relook[mapping]"'
        ) from error
    return openTSNE
