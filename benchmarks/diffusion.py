"""Truncated diffusion and query expansion at 200,000 images; the solver against SciPy's."""

from __future__ import annotations

import statistics
import time

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array
from scipy.sparse.linalg import cg, spsolve

from benchmarks.harness import Measurement, interleaved
from relook.core.records import Ranking
from relook.index.vectors import FlatIndex
from relook.reranking import Affinity, AlphaQueryExpansion, Diffusion, NeighborGraph, Seeds
from relook.reranking.linear import solve
from relook.reranking.sparse import extract

IMAGES, K, TRUNCATE, PART, SIDE = 200_000, 50, 1000, 10_000, 64
DIMENSIONS, TOP, QUERIES, REPEATS = 512, 1000, 20, 5

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def bench() -> dict[str, Measurement]:
    """Medians of single queries."""
    rng = np.random.default_rng(0)
    vectors = clustered(rng, SIDE, IMAGES // 100)
    affinity = Affinity.of(made_graph(vectors))
    return {
        "truncated_diffusion_200k": truncated(rng, vectors, affinity),
        "conjugate_gradient_vs_scipy": against_scipy(rng, vectors, affinity),
        "alpha_query_expansion": expansion(rng),
    }


def truncated(rng: np.random.Generator, vectors: Float32, affinity: Affinity) -> Measurement:
    """From a first ranking to the last one: seeds, cut, solve, sort."""
    diffusion = Diffusion(truncate=TRUNCATE, k_query=10, alpha=0.99)
    rankings = [first_stage(rng, vectors) for _ in range(QUERIES)]
    times = []
    for number, ranking in enumerate([rankings[0], *rankings]):  # the first compiles
        started = time.perf_counter()
        found = diffusion.rerank(ranking, affinity)
        if number:
            times.append(time.perf_counter() - started)
        if sorted(found.ids) != sorted(ranking.ids):
            raise AssertionError("images were lost")
    ms = statistics.median(times) * 1e3
    edges = len(affinity.weights.columns) / len(affinity)
    detail = f"{ms:.2f} ms on {IMAGES} nodes of {edges:.0f} edges, the best {TRUNCATE} cut out"
    return Measurement(20.0 / ms, 1.0, detail)


def against_scipy(rng: np.random.Generator, vectors: Float32, affinity: Affinity) -> Measurement:
    """Cutting and solving to the same residual."""
    ranking, weights = first_stage(rng, vectors), affinity.normalized
    seeds, nodes = Seeds.nearest(ranking, k=10), np.sort(ranking.ids[:TRUNCATE])
    y = np.zeros(len(nodes))
    y[np.searchsorted(nodes, seeds.ids)] = seeds.weights
    theirs = csr_array((weights.weights, weights.columns, weights.offsets), (IMAGES, IMAGES))
    system = (eye_array(IMAGES) - 0.99 * theirs).tocsr()

    def ours() -> NDArray[np.float64]:
        return solve(extract(weights, nodes), y, tolerance=1e-6)

    def scipy_cg() -> NDArray[np.float64]:
        return np.asarray(cg(system[nodes][:, nodes], 0.01 * y, rtol=1e-6)[0])

    def scipy_direct() -> NDArray[np.float64]:
        return np.asarray(spsolve(system[nodes][:, nodes].tocsc(), 0.01 * y))

    wanted = scipy_direct()
    for found in (ours(), scipy_cg()):
        if not np.allclose(found, wanted, atol=1e-4 * wanted.max()):
            raise AssertionError("the solvers disagree")
    contenders = {"ours": ours, "cg": scipy_cg, "spsolve": scipy_direct}
    seconds = interleaved(contenders, repeats=QUERIES)
    ms = {name: value * 1e3 for name, value in seconds.items()}
    detail = (
        f"the best {TRUNCATE} cut out and solved to 1e-6: {ms['ours']:.2f} ms, "
        f"scipy cg {ms['cg']:.1f} ms, spsolve {ms['spsolve']:.1f} ms"
    )
    return Measurement(ms["cg"] / ms["ours"], 1.0, detail)


def expansion(rng: np.random.Generator) -> Measurement:
    """αQE with the paper's 50 images, against one search of the same exact index."""
    vectors = clustered(rng, DIMENSIONS, IMAGES // 100)
    index = FlatIndex(DIMENSIONS, precision="int8", threads=2)
    index.add(np.arange(IMAGES), vectors)
    queries = vectors[rng.choice(IMAGES, QUERIES, replace=False)]
    index.search(queries[0], top=TOP)  # compiles
    expand = AlphaQueryExpansion()
    ratios, single = [], []
    for query in queries:
        contenders = {
            "one": lambda query=query: index.search(query, top=TOP),
            "expanded": lambda query=query: expand.search(query, index, top=TOP),
        }
        seconds = interleaved(contenders, repeats=REPEATS)
        ratios.append(seconds["expanded"] / seconds["one"])
        single.append(seconds["one"] * 1e3)
    cost = statistics.median(ratios)
    detail = (
        f"{cost:.2f} x one search of {statistics.median(single):.1f} ms "
        f"({IMAGES} x {DIMENSIONS}, best {TOP}); the bar is 2 x"
    )
    return Measurement(2.0 / cost, 1.0, detail)


def clustered(rng: np.random.Generator, dimensions: int, clusters: int) -> Float32:
    """Unit vectors around centers, those of a cluster in a row."""
    centers = rng.standard_normal((clusters, dimensions), dtype=np.float32)
    rows = np.repeat(centers, IMAGES // clusters, axis=0)
    rows += 0.8 * rng.standard_normal(rows.shape, dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def made_graph(vectors: Float32) -> NeighborGraph:
    """Lists that are exact within parts of the collection, which takes seconds, not minutes."""
    ids = np.arange(IMAGES)
    parts = [
        NeighborGraph.build(ids[first : first + PART], vectors[first : first + PART], k=K)
        for first in range(0, IMAGES, PART)
    ]
    neighbors = [part.neighbors + np.int32(place * PART) for place, part in enumerate(parts)]
    similarities = np.concatenate([part.similarities for part in parts])
    return NeighborGraph(ids, np.concatenate(neighbors), similarities)


def first_stage(rng: np.random.Generator, vectors: Float32) -> Ranking:
    """What an exact search finds for a view of an image."""
    query = vectors[rng.integers(len(vectors))] + 0.05 * rng.standard_normal(SIDE).astype("f4")
    scores = vectors @ (query / np.linalg.norm(query))
    best = np.argsort(-scores, kind="stable")[:TRUNCATE]
    return Ranking(best, scores[best])
