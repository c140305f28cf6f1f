"""Finding the words of a picture among 65,536, and fitting so many: relook against FAISS."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.data import CACHE, photos
from benchmarks.harness import Measurement, interleaved
from relook.encodings import Codebook
from relook.images import read
from relook.search import DEFAULT_RECIPE, load_recipe

WORDS, THREADS, ITERATIONS = 65_536, 2, 2
ROWS, ASKED, HELD_OUT, REPEATS = 131_072, 1000, 8000, 15
ALLOWED_MS, RECALL = 15.0, 0.95

Float32 = NDArray[np.float32]


def bench() -> dict[str, Measurement]:
    """Fit once with either, then assign 1,000 descriptors of pictures that were not fitted on."""
    faiss.omp_set_num_threads(THREADS)
    files, kind = photos()
    images = described(files, CACHE / f"rootsift-{len(files)}.npz")
    rows = np.concatenate(thinned(images[::10], HELD_OUT))
    others = [image for number, image in enumerate(images) if number % 10]
    book, fitting = fit(thinned(others, ROWS), rows)
    return {**assign(book, rows, kind), **fitting}


def assign(book: Codebook, rows: Float32, kind: str) -> dict[str, Measurement]:
    """The nearest word of each of 1,000 descriptors, and how often it is the exact one."""
    flat = faiss.IndexFlatL2(book.dimensions)
    flat.add(book.centers)
    some = rows[:ASKED].copy()
    seconds = interleaved(
        {
            "relook": lambda: book.assign(some, threads=THREADS),
            "faiss": lambda: flat.search(some, 1),
        },
        repeats=REPEATS,
    )
    exact = flat.search(rows, 1)[1][:, 0]
    recall = float(np.mean(book.assign(rows, threads=THREADS)[:, 0] == exact))
    ms = {name: value * 1e3 for name, value in seconds.items()}
    said = (
        f"{ASKED:,} descriptors of {kind} to {WORDS:,} words, {THREADS} threads: "
        f"{ms['relook']:.1f} ms; faiss.IndexFlatL2 {ms['faiss']:.1f} ms; recall {recall:.3f}"
    )
    found = f"{recall:.3f} of the exact nearest words, {len(rows):,} descriptors"
    return {
        "assign_vs_faiss_flat": Measurement(ms["faiss"] / ms["relook"], None, said),
        "assign_in_15_ms": Measurement(ALLOWED_MS / ms["relook"], 1.0, said),
        "assign_recall": Measurement(recall / RECALL, 1.0, found),
    }


def fit(images: list[Float32], held_out: Float32) -> tuple[Codebook, dict[str, Measurement]]:
    """A codebook, with its idf, and exact k-means of FAISS in as many iterations."""
    rows = np.concatenate(images)
    Codebook.fit(images[:9], words=64, kind="approximate", iterations=1)  # compiles
    start = time.perf_counter()
    book = Codebook.fit(
        images, words=WORDS, kind="approximate", iterations=ITERATIONS, threads=THREADS
    )
    ours = time.perf_counter() - start
    options: dict[str, Any] = {"niter": ITERATIONS, "seed": 0, "min_points_per_centroid": 1}
    exact = faiss.Kmeans(rows.shape[1], WORDS, **options)
    start = time.perf_counter()
    exact.train(rows)
    theirs = time.perf_counter() - start
    away = [inertia(centers, held_out) for centers in (book.centers, exact.centroids)]
    detail = (
        f"{WORDS:,} words of {len(rows):,} descriptors, {ITERATIONS} iterations, {THREADS} "
        f"threads: {ours:.1f} s with the idf, faiss.Kmeans {theirs:.1f} s; mean squared distance "
        f"of other descriptors {away[0]:.4f} and {away[1]:.4f}"
    )
    return book, {"approximate_kmeans_vs_faiss": Measurement(theirs / ours, None, detail)}


def inertia(centers: Float32, rows: Float32) -> float:
    """Mean squared distance to the exact nearest center."""
    flat = faiss.IndexFlatL2(centers.shape[1])
    flat.add(centers)
    return float(flat.search(rows, 1)[0].mean())


def thinned(images: list[Float32], most: int) -> list[Float32]:
    """The same share of each image's descriptors, about so many in all."""
    share = min(1.0, most / sum(map(len, images)))
    rng = np.random.default_rng(0)
    return [rows[rng.random(len(rows)) < share] for rows in images]


def described(files: list[Path], cache: Path) -> list[Float32]:
    """RootSIFT of each picture as the default recipe describes it; kept for the next run."""
    if not cache.exists():
        channel = load_recipe(DEFAULT_RECIPE).local
        if channel is None:
            raise RuntimeError(f"{DEFAULT_RECIPE} has no local features")
        sift, longest = channel.sift, channel.longest
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(
                pool.map(lambda file: sift.extract(read(file, longest=longest)).descriptors, files)
            )
        cache.parent.mkdir(parents=True, exist_ok=True)
        starts = np.cumsum([0, *map(len, found)])
        np.savez(cache, rows=np.concatenate(found).astype(np.float16), starts=starts)
    kept = np.load(cache)
    return np.split(kept["rows"].astype(np.float32), kept["starts"][1:-1])
