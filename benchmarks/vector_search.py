"""Search among vectors: exact against FAISS's exact index, and a million in 320 bytes each.

What is approximate is compared with the exact answer over the same generated points.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Measurement, interleaved
from benchmarks.vector_data import Clustered
from relook.index.vectors import FlatIndex, IvfIndex

THREADS, DIMENSIONS = 2, 2048
EXACT, EXACT_TOP, REPEATS = 200_000, 100, 7
MANY, CELLS, PROBES, QUERIES, TOP = 1_000_000, 2048, 8, 200, 10
BYTES, BLOCK = 293, 10_000

Float32 = NDArray[np.float32]


def bench() -> dict[str, Measurement]:
    """Exact search, one query and many, then a million coded vectors."""
    faiss.omp_set_num_threads(THREADS)
    return {**exact(), **coded()}


def exact() -> dict[str, Measurement]:
    """The same list as ``faiss.IndexFlatIP``, for one query and for a hundred."""
    data = Clustered(DIMENSIONS, clusters=EXACT // 50)
    ours = FlatIndex(DIMENSIONS, precision="int8", threads=THREADS)
    theirs = faiss.IndexFlatIP(DIMENSIONS)
    for number in range(EXACT // BLOCK):
        rows = data.block(number, count=BLOCK)
        ours.add(np.arange(number * BLOCK, (number + 1) * BLOCK), rows)
        theirs.add(rows)
    ours.compact()
    queries = data.block(EXACT, count=QUERIES)[:100]
    same = same_lists(ours, theirs, queries[:20])
    one = _ratio(
        {
            "relook": lambda: ours.search(queries[0], top=EXACT_TOP),
            "faiss": lambda: theirs.search(queries[:1], EXACT_TOP),
        }
    )
    many = _ratio(
        {
            "relook": lambda: ours.search_batch(queries, top=EXACT_TOP),
            "faiss": lambda: theirs.search(queries, EXACT_TOP),
        }
    )
    what = f"top {EXACT_TOP} of {EXACT:,} × {DIMENSIONS:,}, {THREADS} threads"
    one_detail = f"{what}, one query: {one[1]}; {same}"
    return {
        "exact_query_vs_faiss": Measurement(one[0], 3.0, one_detail),
        "exact_batch_vs_faiss": Measurement(many[0], None, f"{what}, 100 queries: {many[1]}"),
    }


def same_lists(ours: FlatIndex, theirs: Any, queries: Float32) -> str:
    """Raise unless both name the same images; order may differ where FAISS's rounding does."""
    equal = 0
    for query in queries:
        ranking = ours.search(query, top=EXACT_TOP)
        scores, ids = theirs.search(query[None], EXACT_TOP)
        equal += np.array_equal(ids[0], ranking.ids)
        if not np.allclose(scores[0], ranking.scores, atol=1e-5):
            raise AssertionError("relook and FAISS disagree")
    return f"{equal} of {len(queries)} lists are identical"


def coded() -> dict[str, Measurement]:
    """Bytes on the disk, recall of the ten best and time of one query, of a million vectors."""
    data = Clustered(DIMENSIONS, clusters=MANY // 50)
    queries = data.block(MANY, count=QUERIES)
    index = IvfIndex(
        DIMENSIONS, code_bytes=BYTES, cells=CELLS, probes=PROBES, keep=False, threads=THREADS
    )
    started = time.perf_counter()
    sample = [data.block(number, count=BLOCK) for number in range(CELLS * 40 // BLOCK)]
    index.train(np.concatenate(sample))
    trained = time.perf_counter()
    del sample
    truth = _fill(index, data, queries)
    filled = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        state = index.save(Path(folder))
        size = sum(file.stat().st_size for file in Path(folder).iterdir()) / len(index)
        index = IvfIndex.load(Path(folder), state, threads=THREADS)
        found, times = [], []
        for query in np.concatenate([queries[:10], queries]):
            start = time.perf_counter()
            found.append(index.search(query, top=TOP).ids)
            times.append(time.perf_counter() - start)
    hits = [len(np.intersect1d(*pair)) for pair in zip(found[10:], truth, strict=True)]
    recall = sum(hits) / (TOP * QUERIES)
    ms = float(np.median(times[10:])) * 1e3
    detail = (
        f"{MANY:,} × {DIMENSIONS:,} in {CELLS:,} cells of which {PROBES} are read, {THREADS} "
        f"threads: {size:.0f} bytes per vector on the disk, recall@{TOP} {recall:.3f}, "
        f"{ms:.1f} ms; trained in {trained - started:.0f} s, filled in {filled - trained:.0f} s"
    )
    return {
        "ivf_bytes_at_most_320": Measurement(320 / size, 1.0, detail),
        "ivf_recall_at_least_0.9": Measurement(recall / 0.9, 1.0, detail),
        "ivf_ms_at_most_10": Measurement(10 / ms, 1.0, detail),
    }


def _fill(index: IvfIndex, data: Clustered, queries: Float32) -> NDArray[np.int64]:
    """Add all blocks, and find the exact answers while they are at hand."""
    best = np.full((len(queries), TOP), -np.inf, np.float32)
    truth = np.zeros((len(queries), TOP), np.int64)
    for number in range(MANY // BLOCK):
        rows = data.block(number, count=BLOCK)
        ids = np.arange(number * BLOCK, (number + 1) * BLOCK)
        index.add(ids, rows)
        scores = np.concatenate([best, queries @ rows.T], axis=1)
        names = np.concatenate([truth, np.broadcast_to(ids, (len(queries), BLOCK))], axis=1)
        order = np.argsort(-scores, axis=1)[:, :TOP]
        best = np.take_along_axis(scores, order, axis=1)
        truth = np.take_along_axis(names, order, axis=1)
    index.compact()
    return truth


def _ratio(contenders: dict[str, Callable[[], object]]) -> tuple[float, str]:
    for contender in contenders.values():
        contender()
    seconds = interleaved(contenders, repeats=REPEATS)
    figures = ", ".join(f"{name} {value * 1e3:.1f} ms" for name, value in seconds.items())
    return seconds["faiss"] / seconds["relook"], figures
