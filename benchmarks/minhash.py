"""Min-hash: sketches against plain NumPy, and what clusters of real photos are worth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import combinations

import numpy as np

import relook
from benchmarks.data import CACHE, test_data
from benchmarks.harness import Measurement, Skipped, interleaved
from relook.datasets.gnd import load_gnd
from relook.datasets.truth import GroundTruth
from relook.encodings.minhash import MinHash, collisions
from relook.mapping.clusters import find_clusters

WORDS, SKETCHES = 1000, 1024
TABLE = 100_000
SUBSETS = ("dvd", "multiview")
PRECISION, RECALL = 0.95, 0.6
JOBS = 2


def bench() -> dict[str, Measurement]:
    """Sketches and collisions of made sets; clusters where the photos are there."""
    found = {"minhash_sketch": sketching(), "minhash_collisions": colliding()}
    try:
        return found | clustering()
    except Skipped:
        return found


def sketching() -> Measurement:
    """One image: the same hash functions, all words by all functions at once in NumPy."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 16384, WORDS).astype(np.int32)
    seeds = rng.integers(0, 1 << 64, SKETCHES, np.uint64)
    hashing = MinHash(sketches=SKETCHES, size=1)

    def by_numpy() -> object:
        value = np.bitwise_xor(seeds[:, None], words.astype(np.uint64))
        value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return (value ^ (value >> np.uint64(31))).min(axis=1)

    hashing.encode(words)
    seconds = interleaved({"ours": lambda: hashing.encode(words), "numpy": by_numpy}, repeats=15)
    detail = (
        f"{SKETCHES} sketches of {WORDS} words: {1e3 * seconds['ours']:.1f} ms, NumPy "
        f"{1e3 * seconds['numpy']:.1f} ms"
    )
    return Measurement(seconds["numpy"] / seconds["ours"], None, detail)


def colliding() -> Measurement:
    """A table ten times as long should take little more than ten times as long."""
    rng = np.random.default_rng(0)

    def seconds(rows: int) -> float:
        table = rng.integers(1, 20 * rows, (rows, 32), np.uint64)
        started = time.perf_counter()
        collisions(table)
        return time.perf_counter() - started

    small, large = min(seconds(TABLE // 10) for _ in range(3)), seconds(TABLE)
    detail = f"32 columns of {TABLE:,} rows: {large:.2f} s, of a tenth: {small:.2f} s"
    return Measurement(10 * small / large, None, detail)


def clustering() -> dict[str, Measurement]:
    """Pairs of photos of one instance, against pairs in one cluster; distractors count."""
    folder = test_data("minibench")
    workdir = CACHE / "minhash-minibench"
    if not (workdir / "catalog.sqlite").exists():
        relook.create(workdir).close()
    with relook.open(workdir) as collection:
        collection.add([folder], jobs=JOBS)
        started = time.perf_counter()
        found = find_clusters(collection)
        spent = time.perf_counter() - started
        members = [cluster.members for cluster in found.clusters]
        files = {id_: collection.files_of(id_)[0] for ids in members for id_ in ids}
    dataset = load_gnd(folder)
    out = {
        "clusters_seconds": Measurement(
            180 / spent, 1.0, f"{spent:.0f} s for {found.images:,} photos, {found.seeds} seeds"
        )
    }
    named = [[files[id_].relative_to(folder).as_posix() for id_ in ids] for ids in members]
    for subset in SUBSETS:
        precision, recall = scores(named, instances(dataset, subset))
        out[f"clusters_precision_{subset}"] = Measurement(
            precision / PRECISION, 1.0, f"pairwise precision {precision:.3f}"
        )
        out[f"clusters_recall_{subset}"] = Measurement(
            recall / RECALL, 1.0, f"pairwise recall {recall:.3f}"
        )
    return out


def scores(clusters: Sequence[Sequence[str]], truth: dict[str, str]) -> tuple[float, float]:
    """Precision of pairs that have a photo of the subset, and recall of pairs in it."""
    right = wrong = 0
    for cluster in clusters:
        for one, other in combinations(cluster, 2):
            same = one in truth and truth[one] == truth.get(other)
            right += same
            wrong += not same and (one in truth or other in truth)
    sizes = np.unique(list(truth.values()), return_counts=True)[1]
    return right / max(1, right + wrong), right / float((sizes * (sizes - 1) / 2).sum())


def instances(dataset: GroundTruth, subset: str) -> dict[str, str]:
    """By path what each photo of a subset shows."""
    shown = {image.id: image.label for image in dataset.images}
    wanted = {shown[query.id] for query in dataset.queries if query.subset == subset}
    return {
        image.path: image.label
        for image in dataset.images
        if image.label is not None and image.label in wanted
    }
