"""A whole answer among 100,000 labelled images: what recognition adds to the search before it."""

from __future__ import annotations

import hashlib
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import relook
from benchmarks.harness import Measurement, Skipped
from relook.collection import Recognizer
from relook.collection.writer import Content, Entry, Writer
from relook.core.errors import FetchError
from relook.descriptors import pack_vectors
from relook.search.channels import GLOBAL

RECIPE, DIMENSIONS = "mobilenetv2-gem", 576
IMAGES, CLASSES, BATCH = 100_000, 20_000, 5_000
QUERIES, SHARE = 50, 0.1


def bench() -> dict[str, Measurement]:
    """Milliseconds of labels, claims and verdict, beside the whole search and its scan alone."""
    with tempfile.TemporaryDirectory(prefix="relook-bench-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "collection"
        try:
            _build(place)
        except FetchError as error:
            raise Skipped(f"{error}") from error
        with Recognizer(place) as recognizer:
            random = np.random.default_rng(1)
            spent = []
            for _ in range(QUERIES + 3):
                pixels = random.integers(0, 256, (240, 320, 3), np.uint8)
                spent.append(recognizer.recognize(pixels).milliseconds)
    scan = statistics.median(one["search"] for one in spent[3:])
    added = statistics.median(one["recognize"] for one in spent[3:])
    whole = statistics.median(one["total"] - one["recognize"] for one in spent[3:])
    detail = f"{IMAGES:,} images of {CLASSES:,} labels: recognition {added:.2f} ms more"
    return {
        "adds_to_a_search": Measurement(
            SHARE * whole / added, 1.0, f"{detail} than a search of {whole:.1f} ms, describing too"
        ),
        "adds_to_the_scan": Measurement(
            SHARE * scan / added, 1.0, f"{detail} than the scan alone, {scan:.1f} ms"
        ),
    }


def _build(place: Path) -> None:
    """A collection as an index run and labelling leave it, of photos that never were."""
    with relook.create(place, recipe=RECIPE) as collection:
        with Writer(place) as writer:
            root = writer.add_root("/photos")
            random = np.random.default_rng(0)
            for start in range(0, IMAGES, BATCH):
                writer.write(_entries(root, start, random))
        ids = collection.catalog.searchable().tolist()
        collection.apply_labels({key: [f"thing {key % CLASSES}"] for key in ids})
    with relook.open(place) as collection:
        collection._shelves.refresh()


def _entries(root: int, start: int, random: np.random.Generator) -> Iterator[Entry]:
    centers = random.standard_normal((BATCH // 5, DIMENSIONS)).astype(np.float32)
    rows = np.repeat(centers, 5, axis=0)
    rows += random.standard_normal(rows.shape).astype(np.float32)
    for number, row in enumerate(rows, start):
        sha256 = hashlib.sha256(str(number).encode()).digest()
        blob = {GLOBAL: pack_vectors(row)}
        content = Content(sha256, 200_000, size=(1000, 700), descriptions=blob)
        yield Entry(root, f"{number:06d}.jpg", 200_000, 0, content=content)
