"""Opening a collection of 100,000 images: seconds until it has answered and could be searched."""

from __future__ import annotations

import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import relook
from benchmarks.harness import Measurement
from relook.collection import Collection
from relook.collection.writer import Content, Entry, Writer
from relook.core.records import LocalFeatures
from relook.search import load_recipe
from relook.search.channels import LOCAL
from relook.search.encoding import make_encoder

IMAGES, FEATURES, BATCH = 100_000, 8, 5_000
DIFFERENT = 500
"""Descriptions; each is that of many images, so that building does not take all day."""
REPEATS = 5
BAR_SECONDS = 1.0

OPEN = """
import sys, time
import numpy, cv2, faiss, numba, relook, relook.collection, relook.search.composer
start = time.perf_counter()
with relook.open(sys.argv[1]) as collection:
    opened = time.perf_counter()
    images = collection.info().images
    answered = time.perf_counter()
    held = len(collection._shelves.index("local").ids)
    loaded = time.perf_counter()
    if images != held:
        sys.exit(f"{images} images, {held} of them in the index")
print(opened - start, answered - opened, loaded - answered)
"""
"""Interpreter start and imports are not measured; the codebook and everything on disk are."""


def bench() -> dict[str, Measurement]:
    """One second by the measured time, median over fresh processes."""
    with tempfile.TemporaryDirectory(prefix="relook-bench-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "collection"
        start = time.perf_counter()
        build(place)
        seconds = time.perf_counter() - start
        runs = [_open(place) for _ in range(REPEATS)]
    opened, answered, loaded = (statistics.median(column) for column in zip(*runs, strict=True))
    total = statistics.median(map(sum, runs))
    detail = (
        f"{IMAGES:,} images of {FEATURES} features: {total:.2f} s (open {opened:.2f}, info "
        f"{answered:.2f}, map the index {loaded:.2f}); built in {seconds:.0f} s"
    )
    return {"opening": Measurement(BAR_SECONDS / total, 1.0, detail)}


def build(place: Path) -> None:
    """A collection as an index run leaves it, of photos that never were."""
    with relook.create(place) as collection, Writer(place) as writer:
        root = writer.add_root("/photos")
        blobs = _descriptions()
        for start in range(0, IMAGES, BATCH):
            entries = range(start, start + BATCH)
            writer.write(_entry(root, number, blobs[number % DIFFERENT]) for number in entries)
    with relook.open(place) as collection:
        _derive(collection)


def _descriptions() -> list[bytes]:
    """Packed by the encoder, of random features."""
    channel = load_recipe("sift-asmk").local
    if channel is None:
        raise LookupError("the recipe has no local features")
    encoder, rng = make_encoder(channel, assignments=1), np.random.default_rng(0)
    return [encoder.pack(encoder.encode(features)) for features in _features(rng)]


def _features(rng: np.random.Generator) -> Iterator[LocalFeatures]:
    for _ in range(DIFFERENT):
        frames = rng.uniform(1, 6, (FEATURES, 4)).astype(np.float32)
        frames[:, :2] *= 100
        rows = rng.uniform(0, 1, (FEATURES, 128)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        yield LocalFeatures(frames, rows, np.ones(FEATURES, np.float32), (1000, 700))


def _entry(root: int, number: int, blob: bytes) -> Entry:
    sha256 = hashlib.sha256(str(number).encode()).digest()
    content = Content(sha256, 200_000, size=(1000, 700), descriptions={LOCAL: blob})
    path = f"{number // 1000:03d}/photo-{number:06d}.jpg"
    return Entry(root, path, 200_000, 0, content=content)


def _derive(collection: Collection) -> None:
    """What the end of an index run does: the search index, on the disk."""
    collection._shelves.refresh()


def _open(place: Path) -> tuple[float, ...]:
    command = [sys.executable, "-c", OPEN, str(place)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise RuntimeError(answer.stderr.strip().splitlines()[-1])
    return tuple(float(word) for word in answer.stdout.split())
