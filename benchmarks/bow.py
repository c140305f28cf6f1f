"""Bag-of-words queries over a million images, against SciPy's sparse matrix times a vector."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.harness import Measurement, interleaved
from relook.core.records import Aggregate
from relook.encodings.bow import tf_idf_weights
from relook.index import InvertedIndex, Kernel
from relook.index.segment import LIMIT
from relook.index.selection import best_positive

IMAGES, FEATURES, TOP = 1_000_000, 500, 100
SETTINGS = {100_000: (0.0, 0.0005), 1_000_000: (0.0,)}
"""Words, and the shares of them on the stop list."""
MILLISECONDS, THREADS = 100.0, 2
QUERIES, REPEATS = 5, 3
BLOCKS = 4
"""Segments that SciPy gets too; its matrix takes 8 bytes where the index takes 3."""

Vector = NDArray[np.float32]


class Block(NamedTuple):
    """Images as rows of a sparse matrix: words and counts of image i lie at starts[i] and on."""

    words: NDArray[np.int32]
    counts: NDArray[np.uint8]
    starts: NDArray[np.int64]

    def codes(self) -> list[Aggregate]:
        """The images as the index takes them."""
        return [
            Aggregate(self.words[start:stop], self.counts[start:stop, None])
            for start, stop in zip(self.starts[:-1], self.starts[1:], strict=True)
        ]

    def matrix(self, idf: Vector) -> csr_matrix:
        """The images as rows of tf-idf, l2-normalized."""
        values = np.sqrt(self.counts, dtype=np.float32) * idf[self.words]
        lengths = np.sqrt(np.add.reduceat(values**2, self.starts[:-1]))
        values /= np.repeat(lengths, np.diff(self.starts))
        shape = (len(self.starts) - 1, len(idf))
        return csr_matrix((values, self.words, self.starts.astype(np.int32)), shape=shape)


def bench() -> dict[str, Measurement]:
    """Queries on two threads, and on one of SciPy, which has no more; medians, taken in turns."""
    found: dict[str, Measurement] = {}
    for words, stops in SETTINGS.items():
        found.update(_measure(words, stops))
    return found


def _measure(words: int, stops: Sequence[float]) -> dict[str, Measurement]:
    rng = np.random.default_rng(0)
    idf = _idf(words)
    kernel = Kernel.bag_of_words(words, value="sqrt")
    indexes = {
        stop: InvertedIndex(kernel, tf_idf_weights(idf, stop=stop), threads=THREADS)
        for stop in stops
    }
    matrices: list[csr_matrix] = []
    queries: list[Aggregate] = []
    for first in range(0, IMAGES, LIMIT):
        block = _block(rng, min(LIMIT, IMAGES - first), words)
        codes = block.codes()
        for index in indexes.values():
            index.add(np.arange(first, first + len(codes)), codes)
        if len(matrices) < BLOCKS:
            matrices.append(block.matrix(idf))
        queries = queries or [_seen_again(code, rng, words) for code in codes[:QUERIES]]
    del block, codes
    vectors = [_dense(query, idf) for query in queries]
    for query, vector in zip(queries, vectors, strict=True):  # also compiles
        _compare(indexes[0.0], query, matrices, vector)
    turns = {stop: cycle(queries) for stop in indexes}
    contenders: dict[str, Callable[[], object]] = {
        str(stop): partial(_search, index, turns[stop]) for stop, index in indexes.items()
    }
    contenders["scipy"] = partial(_in_scipy, matrices, cycle(vectors))
    seconds = interleaved(contenders, repeats=QUERIES * REPEATS)
    scipy_ms = seconds["scipy"] * 1e3 * IMAGES / (BLOCKS * LIMIT)
    found = {}
    for stop, index in indexes.items():
        ms = seconds[str(stop)] * 1e3
        without = f", {int(stop * words)} of them on the stop list" if stop else ""
        detail = (
            f"{IMAGES:,} images of {FEATURES} features, {words:,} Zipf words{without}, top {TOP}: "
            f"{ms:.0f} ms on {THREADS} threads, {_bytes(index) / IMAGES:,.0f} bytes per image; "
            f"SciPy's sparse matrix times a vector {scipy_ms:.0f} ms ({scipy_ms / ms:.1f} x; "
            f"measured on {BLOCKS * LIMIT:,} images, on one thread)"
        )
        name = f"bow_query_{words // 1000}k_words" + ("_stop_list" if stop else "")
        found[name] = Measurement(MILLISECONDS / ms, 1.0, detail)
    return found


def _search(index: InvertedIndex, queries: Iterator[Aggregate]) -> None:
    index.search(next(queries), top=TOP)


def _bytes(index: InvertedIndex) -> int:
    arrays = ("ids", "norms", "words", "offsets", "images", "vectors")
    parts = index._state.view.segments
    return sum(int(getattr(part, name).nbytes) for part in parts for name in arrays)


def _idf(words: int) -> Vector:
    """ln(N / n_c) for the expected n_c."""
    ranks = np.arange(words)
    share = np.log1p(1 / (ranks + 1)) / math.log(words + 1)
    shown = -np.expm1(FEATURES * np.log1p(-share))
    idf: Vector = -np.log(shown).astype(np.float32)
    return idf


def _block(rng: np.random.Generator, images: int, words: int) -> Block:
    """Images of FEATURES words, drawn with probability log(1 + 1 / rank), about 1 / rank."""
    drawn = _draw(rng, (images, FEATURES), words)
    drawn.sort(axis=1)
    first = np.ones(drawn.shape, np.bool_)
    np.not_equal(drawn[:, 1:], drawn[:, :-1], out=first[:, 1:])
    places = np.flatnonzero(first)
    counts = np.minimum(np.diff(places, append=drawn.size), 255).astype(np.uint8)
    starts = np.zeros(images + 1, np.int64)
    np.cumsum(first.sum(axis=1), out=starts[1:])
    return Block(drawn.ravel()[places], counts, starts)


def _draw(rng: np.random.Generator, shape: tuple[int, ...], words: int) -> NDArray[np.int32]:
    exponents = rng.random(shape, np.float32) * np.float32(math.log(words + 1))
    drawn: NDArray[np.int32] = np.minimum(np.exp(exponents) - 1, words - 1).astype(np.int32)
    return drawn


def _seen_again(code: Aggregate, rng: np.random.Generator, words: int) -> Aggregate:
    """The same image with half of its features replaced by others."""
    features = np.repeat(code.words, code.vectors[:, 0].astype(np.int64))
    kept = rng.permutation(features)[: FEATURES // 2]
    drawn = np.concatenate([kept, _draw(rng, (FEATURES - len(kept),), words)])
    own, counts = np.unique(drawn, return_counts=True)
    return Aggregate(own, np.minimum(counts, 255).astype(np.uint8)[:, None])


def _dense(query: Aggregate, idf: Vector) -> Vector:
    vector = np.zeros(len(idf), np.float32)
    vector[query.words] = np.sqrt(query.vectors[:, 0], dtype=np.float32) * idf[query.words]
    vector /= np.linalg.norm(vector)
    return vector


def _in_scipy(
    matrices: list[csr_matrix], vectors: Iterator[Vector]
) -> tuple[NDArray[np.int64], Vector]:
    vector = next(vectors)
    scores = np.concatenate([matrix @ vector for matrix in matrices])
    best = best_positive(scores, top=TOP)
    return best, scores[best]


def _compare(
    index: InvertedIndex, query: Aggregate, matrices: list[csr_matrix], vector: Vector
) -> None:
    scores = index.scores(query)[1]
    best, values = _in_scipy(matrices, iter([vector]))
    if (
        not np.allclose(scores[best], values, atol=1e-5)
        or index.search(query, top=1).ids != best[:1]
    ):
        raise AssertionError("SciPy and relook disagree")
