"""Recognition among 100,000 labelled vectors: what it adds to the search, and its own parts.

The votes' bar is on the search that they follow; the means are compared with the loop over queries
and classes that one would write first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Measurement, interleaved
from benchmarks.vector_data import Clustered
from relook.index.vectors import FlatIndex
from relook.recognition.matrix import matrix_similarity, similarity_matrices
from relook.recognition.vote import Votes, expanded_mean_knn, knn_vote, mean_knn

THREADS, DIMENSIONS, IMAGES, BLOCK = 2, 512, 100_000, 10_000
QUERIES, TOP, SHARE, REPEATS = 1000, 100, 0.1, 7
ALPHA, NEIGHBORS = 0.7, 23
SCALES, SMALL = 5, 10_000

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def bench() -> dict[str, Measurement]:
    """Votes beside their search, means beside a loop, matrices beside the whole array."""
    data = Clustered(DIMENSIONS, clusters=IMAGES // 50)
    database = np.concatenate([data.block(i, count=BLOCK) for i in range(IMAGES // BLOCK)])
    queries = data.block(IMAGES, count=QUERIES)
    classes = _classes(database, data.centers)
    index = FlatIndex(DIMENSIONS, precision="int8", threads=THREADS)
    index.add(np.arange(IMAGES), database)
    index.compact()
    rows, similarities = index.search_batch(queries, top=TOP)
    return {
        **_votes(index, queries, classes, rows, similarities),
        **_means(queries, database, classes, rows),
        **_matrices(database),
    }


def _classes(database: Float32, centers: Float32) -> Int64:
    """The center that each point belongs to; every tenth point has no label."""
    near = [(part @ centers.T).argmax(axis=1) for part in np.array_split(database, 20)]
    classes = np.concatenate(near).astype(np.int64)
    classes[::10] = -1
    return classes


def _votes(
    index: FlatIndex, queries: Float32, classes: Int64, rows: Int64, similarities: Float32
) -> dict[str, Measurement]:
    one = interleaved(
        {
            "search": lambda: index.search(queries[0], top=TOP),
            "vote": lambda: knn_vote(similarities[:1], classes[rows[:1]]),
        },
        repeats=5 * REPEATS,
    )
    many = interleaved(
        {
            "search": lambda: index.search_batch(queries, top=TOP),
            "vote": lambda: knn_vote(similarities, classes[rows]),
        },
        repeats=REPEATS,
    )
    what = f"top {TOP} of {IMAGES:,} × {DIMENSIONS}, {THREADS} threads"
    return {
        f"vote_adds_less_than_{SHARE:.0%}": Measurement(
            SHARE * one["search"] / one["vote"],
            1.0,
            f"{what}, one query: search {one['search'] * 1e3:.2f} ms, vote "
            f"{one['vote'] * 1e3:.3f} ms",
        ),
        f"votes_add_less_than_{SHARE:.0%}": Measurement(
            SHARE * many["search"] / many["vote"],
            1.0,
            f"{what}, {QUERIES:,} queries: search {many['search'] * 1e3:.0f} ms, votes "
            f"{many['vote'] * 1e3:.1f} ms",
        ),
    }


def _means(
    queries: Float32, database: Float32, classes: Int64, rows: Int64
) -> dict[str, Measurement]:
    near = np.ascontiguousarray(rows[:, :NEIGHBORS])
    ours: dict[str, Callable[[], Votes]] = {
        "mean_knn": lambda: mean_knn(queries, database, classes, near),
        "expanded_mean_knn": lambda: expanded_mean_knn(
            queries, database, classes, near, alpha=ALPHA
        ),
    }
    figures = {}
    for name, function in ours.items():
        alpha = ALPHA if name == "expanded_mean_knn" else None

        def loop(alpha: float | None = alpha) -> Votes:
            return plain(queries, database, classes, near, alpha=alpha)

        _same(function(), loop())
        seconds = interleaved({"relook": function, "loop": loop}, repeats=REPEATS)
        detail = (
            f"{len(queries):,} queries, {NEIGHBORS} neighbors of {IMAGES:,} × {DIMENSIONS}"
            f"{'' if alpha is None else f', alpha {alpha}'}: relook "
            f"{seconds['relook'] * 1e3:.1f} ms, loop in NumPy {seconds['loop'] * 1e3:.1f} ms"
        )
        ratio = seconds["loop"] / seconds["relook"]
        figures[f"{name}_vs_loop"] = Measurement(ratio, None, detail)
    return figures


def plain(
    queries: Float32, database: Float32, classes: Int64, rows: Int64, *, alpha: float | None
) -> Votes:
    """Query by query and class by class, as the equations are written."""
    found = np.empty(len(queries), np.int64)
    best = np.full(len(queries), -np.inf, np.float32)
    members = {int(name): np.flatnonzero(classes == name) for name in np.unique(classes[rows])}
    for number, query in enumerate(queries):
        own = classes[rows[number]]
        for name in dict.fromkeys(own.tolist()):
            if name < 0:
                continue
            vectors = database[rows[number][own == name]]
            if alpha is not None:
                whole = database[members[name]]
                vectors = whole[(2 - 2 * vectors @ whole.T < alpha**2).any(axis=0)]
            mean = vectors.mean(axis=0)
            cosine = query @ mean / (np.linalg.norm(query) * np.linalg.norm(mean))
            if cosine > best[number]:
                found[number], best[number] = name, cosine
    return Votes(found, best)


def _same(one: Votes, two: Votes) -> None:
    if not np.allclose(one.confidences, two.confidences, atol=1e-4):
        raise AssertionError("the means of relook and of the loop disagree")


def _matrices(database: Float32) -> dict[str, Measurement]:
    images = np.ascontiguousarray(database[: SMALL * SCALES].reshape(SMALL, SCALES, DIMENSIONS))
    queries = images[:10]

    def whole() -> Float32:
        best: Float32 = similarity_matrices(queries, images).max(axis=-1).sum(axis=-1)
        return best

    def parts() -> Float32:
        return matrix_similarity(queries, images, measure="sum_max_rows")

    if not np.allclose(whole(), parts(), atol=1e-4):
        raise AssertionError("parts and the whole disagree")
    seconds = interleaved({"parts": parts, "whole": whole}, repeats=REPEATS)
    detail = (
        f"{len(queries)} queries, {SMALL:,} images of {SCALES} × {DIMENSIONS}, sum of max rows: "
        f"part by part {seconds['parts'] * 1e3:.0f} ms, all matrices first "
        f"{seconds['whole'] * 1e3:.0f} ms"
    )
    return {"matrix_parts_vs_whole": Measurement(seconds["whole"] / seconds["parts"], None, detail)}
