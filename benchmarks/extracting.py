"""From JPEG files to descriptors, against the bare network on pictures that lie ready in memory."""

from __future__ import annotations

import os
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial

import cv2
import numpy as np
import simplejpeg

from benchmarks.harness import Measurement
from relook.descriptors.extract import extract
from relook.descriptors.multiscale import MultiScale
from relook.descriptors.vector import VectorDescriber
from relook.networks.retrieval import RetrievalNetwork
from relook.networks.runtime import Runtime, load_module
from relook.networks.spec import NetworkSpec

THREADS, BATCH, REPEATS = 2, 4, 3
SIZE = (1024, 768)
BAR = 0.8
NETWORKS = ("resnet50", "mobilenet_v2")
SECONDS = 4.0
"""About as long as one run of one side."""
FEWEST, MOST = 4, 32
"""Batches in one run."""


def bench() -> dict[str, Measurement]:
    """Pictures per second of either side, on the same two cores, in turns."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        with two_cores() as where:
            return {f"extract_{name}": one(name, where) for name in NETWORKS}
    finally:
        cv2.setNumThreads(before)


def one(name: str, where: str) -> Measurement:
    """Extraction from files with random weights against the runtime alone."""
    runtime = network(name)
    describer = VectorDescriber(runtime, multiscale=MultiScale(scales=(1.0,)))
    files = [photo(seed) for seed in range(BATCH)]
    batch = np.stack([simplejpeg.decode_jpeg(file) for file in files])
    exhaust(runtime.describe_all([batch] * 2))  # compiles
    seconds = timed(partial(runtime.describe_all, [batch] * 2))[0] / 2
    batches = min(max(FEWEST, round(SECONDS / seconds)), MOST)
    files *= batches
    sides = {
        "bare": partial(runtime.describe_all, [batch] * batches),
        "extract": partial(extract, files, describer, batch=BATCH),
        "decode": partial(map, simplejpeg.decode_jpeg, files),
    }
    times: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
    for _ in range(REPEATS):
        for side, run in sides.items():
            times[side].append(timed(run))
    ms = {
        side: 1e3 * statistics.median(wall for wall, _ in values) / len(files)
        for side, values in times.items()
    }
    pairs = list(zip(times["bare"], times["extract"], strict=True))
    ratio, cpu = (
        statistics.median(bare[clock] / ours[clock] for bare, ours in pairs) for clock in (0, 1)
    )
    return Measurement(
        ratio,
        BAR,
        f"{len(files)} JPEG files of {SIZE[0]} x {SIZE[1]}, {name} in {runtime.precision} on "
        f"{runtime.backend}, {where}: {ms['extract']:.1f} ms per picture, the network alone "
        f"{ms['bare']:.1f}, decoding alone {ms['decode']:.1f} on one thread; by processor "
        f"time, which a busy machine does not blur, {cpu:.2f}",
    )


def network(name: str) -> Runtime:
    """A network with random weights."""
    return load_module(RetrievalNetwork(NetworkSpec(backbone=name)), threads=THREADS)


def timed(make: Callable[[], Iterable[object]]) -> tuple[float, float]:
    """Seconds to go through what is made, and seconds of the processor."""
    start = time.perf_counter(), time.process_time()
    exhaust(make())
    return time.perf_counter() - start[0], time.process_time() - start[1]


def exhaust(results: Iterable[object]) -> None:
    """Go through results and keep nothing."""
    deque(results, maxlen=0)


def photo(seed: int) -> bytes:
    """Noise at several scales in color, as large a file as a photo of that size."""
    rng = np.random.default_rng(seed)
    light = np.zeros((SIZE[1], SIZE[0], 3))
    for spread in (1.5, 3.0, 6.0, 12.0):
        noise = cv2.GaussianBlur(rng.standard_normal(light.shape), (0, 0), spread)
        light += noise / noise.std()
    pixels = np.rint(np.clip(128 + 25 * light, 0, 255)).astype(np.uint8)
    return simplejpeg.encode_jpeg(pixels, quality=85)


@contextmanager
def two_cores() -> Iterator[str]:
    """Both sides have the same cores, however many threads they start."""
    if not hasattr(os, "sched_setaffinity"):
        yield f"{THREADS} threads of the network and {THREADS} that decode"
        return
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(cores)[:THREADS])
    try:
        yield f"on {min(THREADS, len(cores))} cores"
    finally:
        os.sched_setaffinity(0, cores)
