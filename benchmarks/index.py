"""ASMK* queries: the inverted index against vectorized NumPy over the same posting lists."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Measurement
from relook.core.records import Aggregate
from relook.index import InvertedIndex, Kernel
from relook.index.segment import Segment
from relook.index.selection import best_positive

IMAGES, ROWS, WORDS, BITS = 20_000, 600, 16_384, 128
QUERIES, REPEATS, TOP = 5, 5, 100

Scores = NDArray[np.float32]


def bench() -> dict[str, Measurement]:
    """Times of both and their ratio; medians over interleaved repeats, one thread each."""
    rng = np.random.default_rng(0)
    codes = collection(rng)
    index = InvertedIndex(Kernel(words=WORDS, bits=BITS))
    index.add(np.arange(IMAGES), codes)
    (segment,) = index._state.view.segments
    table = index.kernel.table()
    queries = [noisy(codes[image], rng) for image in rng.choice(IMAGES, QUERIES, replace=False)]
    del codes
    contenders: dict[str, Callable[[Aggregate], Any]] = {
        "relook": lambda query: index.search(query, top=TOP),
        "numpy": lambda query: in_numpy(query, segment, table, summed),
        "numpy_by_column": lambda query: in_numpy(query, segment, table, by_column),
    }
    for query in queries:  # also compiles
        ranking = contenders["relook"](query)
        for name in ("numpy", "numpy_by_column"):
            ids, scores = contenders[name](query)
            same = np.array_equal(ids[:1], ranking.ids[:1])
            if not same or not np.allclose(scores, ranking.scores, atol=1e-5):
                raise AssertionError(f"{name} and relook disagree")
    times = {name: np.zeros((REPEATS, QUERIES)) for name in contenders}
    for repeat in range(REPEATS):
        for number, query in enumerate(queries):
            for name, contender in contenders.items():
                start = time.perf_counter()
                contender(query)
                times[name][repeat, number] = time.perf_counter() - start
    ms = {name: float(np.median(values)) * 1e3 for name, values in times.items()}
    detail = (
        f"{IMAGES} images of {ROWS} Zipf words of {WORDS}, {BITS} bits, top {TOP}: "
        f"{ms['relook']:.1f} ms; NumPy loop over words {ms['numpy']:.1f} ms, "
        f"with columns added by hand {ms['numpy_by_column']:.1f} ms "
        f"({ms['numpy_by_column'] / ms['relook']:.1f} x)"
    )
    ratio = float(np.median(times["numpy"] / times["relook"]))
    return {"asmk_query_vs_numpy": Measurement(ratio, 15.0, detail)}


def collection(rng: np.random.Generator) -> list[Aggregate]:
    """Images of ROWS distinct words, drawn with probability 1 / rank, and random signatures."""
    ranks = np.arange(1, WORDS + 1, dtype=np.float32)
    codes = []
    for _ in range(IMAGES):
        # The smallest of exponential waiting times are a draw without replacement.
        waiting = rng.standard_exponential(WORDS, dtype=np.float32) * ranks
        words = np.sort(np.argpartition(waiting, ROWS)[:ROWS]).astype(np.int32)
        codes.append(Aggregate(words, rng.integers(0, 1 << 64, (ROWS, 2), dtype=np.uint64)))
    return codes


def noisy(code: Aggregate, rng: np.random.Generator) -> Aggregate:
    """The same image seen again: one bit in eight flipped."""
    flips = [rng.integers(0, 1 << 64, code.vectors.shape, dtype=np.uint64) for _ in range(3)]
    bits = np.asarray(code.vectors, np.uint64)
    return Aggregate(code.words, bits ^ (flips[0] & flips[1] & flips[2]))


def in_numpy(
    query: Aggregate, segment: Segment, table: Scores, add: Callable[[Any], Any]
) -> tuple[NDArray[np.int64], Scores]:
    """The same search as a loop over the query's words."""
    scores = np.zeros(len(segment.ids), np.float32)
    places = np.searchsorted(segment.words, query.words)
    for place, signature in zip(places, query.vectors, strict=True):
        span = slice(segment.offsets[place], segment.offsets[place + 1])
        distances = add(np.bitwise_count(segment.vectors[span] ^ signature))
        scores[segment.images[span]] += table[distances]
    scores *= segment.norms * np.float32(len(query) ** -0.5)
    best = best_positive(scores, top=TOP)
    return segment.ids[best], scores[best]


def summed(counts: NDArray[np.uint8]) -> NDArray[Any]:
    """Bits that differ, as one writes it."""
    return np.asarray(counts.sum(axis=1))


def by_column(counts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bits that differ, as one writes it knowing that a sum over two columns is slow."""
    return counts[:, 0] + counts[:, 1]
