"""Copies made of real photos: how many are found, and how many pairs are right."""

from __future__ import annotations

import hashlib
import importlib
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

import relook
from benchmarks.data import CACHE, photos, test_data
from benchmarks.harness import Measurement, Skipped
from relook.collection import Collection
from relook.images import is_picture, read
from relook.mapping.duplicates import Duplicates, find_duplicates

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

makers = importlib.import_module("oracles.copies")
"""The tests' own generator of copies."""

COPIES, SEED, JOBS = 1000, 7, 2
RECALL, PRECISION = 0.98, 0.99
SAME = 0.99
"""Correlation of thumbnails from which two of the photos themselves are one picture."""


def bench() -> dict[str, Measurement]:
    """Every kind in turn, of photos drawn at random; the collection is kept."""
    sources, what = _sources()
    made = _make(sources)
    workdir = CACHE / f"copies-{_key(sources)}"
    if not (workdir / "catalog.sqlite").exists():
        relook.create(workdir).close()
    with relook.open(workdir) as collection:
        collection.add([*sources, *made], jobs=JOBS)
        started = time.perf_counter()
        found = find_duplicates(collection)
        spent = time.perf_counter() - started
        groups = _groups(collection, found)
    picture = _pictures(sources)
    source_of = {file: picture[file] for file in sources}
    source_of |= {file: picture[source] for file, source in made.items()}
    group_of = {file: number for number, group in enumerate(groups) for file in group}
    hits: dict[str, list[bool]] = defaultdict(list)
    for file, source in made.items():
        kind = file.stem.partition("-")[0]
        hits[kind].append(group_of.get(file, -1) == group_of.get(source, -2))
    recall = float(np.mean([hit for kind in hits.values() for hit in kind]))
    right = [source_of[one] == source_of[other]
             for group in groups for one, other in combinations(group, 2)]  # fmt: skip
    precision = float(np.mean(right)) if right else 0.0
    kinds = ", ".join(f"{kind} {sum(found)}/{len(found)}" for kind, found in hits.items())
    return {
        "copies_recall": Measurement(recall / RECALL, 1.0, f"{recall:.4f}: {kinds}; {what}"),
        "copies_precision": Measurement(
            precision / PRECISION, 1.0, f"{precision:.4f} of {len(right):,} pairs"
        ),
        "copies_seconds": Measurement(
            1.0, None, f"{spent:.0f} s for {found.images:,} pictures, one process"
        ),
    }


def _sources() -> tuple[list[Path], str]:
    try:
        return sorted(filter(is_picture, test_data("photos").rglob("*"))), "real photos"
    except Skipped:
        return photos()


def _key(sources: Sequence[Path]) -> str:
    return hashlib.sha256("\n".join(map(str, sources)).encode()).hexdigest()[:12]


def _make(sources: Sequence[Path]) -> dict[Path, Path]:
    """Copies, each with its source; drawn once and kept."""
    folder = CACHE / f"copies-{_key(sources)}-photos"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = random.Random(SEED).sample(range(len(sources)), min(COPIES, len(sources)))
    made: dict[Path, Path] = {}
    for number, place in enumerate(chosen):
        kind = makers.KINDS[number % len(makers.KINDS)]
        file = folder / f"{kind}-{place:05d}.jpg"
        if not file.exists():
            pixels, quality = makers.make_copy(read(sources[place]).pixels, kind, seed=number)
            file.write_bytes(makers.encode(pixels, quality))
        made[file] = sources[place]
    return made


def _groups(collection: Collection, found: Duplicates) -> list[list[Path]]:
    return [
        sorted({file for copy in (group.original, *group.copies)
                for file in collection.files_of(copy.id)})
        for group in found.groups
    ]  # fmt: skip


def _pictures(sources: Sequence[Path]) -> dict[Path, int]:
    """Which of the photos are one picture from the start: a number for each."""
    rows = []
    for file in sources:
        pixels = read(file, longest=256).pixels
        small = cv2.resize(pixels, (24, 24), interpolation=cv2.INTER_AREA).astype(np.float32)
        row = small.ravel() - small.mean()
        rows.append(row / max(float(np.linalg.norm(row)), 1e-6))
    table = np.array(rows)
    number = np.arange(len(sources))
    for one, other in np.argwhere(np.triu(table @ table.T >= SAME, 1)).tolist():
        number[number == number[other]] = number[one]
    return dict(zip(sources, number.tolist(), strict=True))
