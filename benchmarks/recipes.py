"""What each recipe that needs no weights asks of one core, and of the disk, per picture."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import cv2

from benchmarks.data import photos
from benchmarks.harness import Measurement
from relook.core.protocols import Describer
from relook.core.records import Image
from relook.images import read
from relook.search import DEFAULT_RECIPE, load_recipe, make_engine, shipped_recipes

COUNT = 40


def bench() -> dict[str, Measurement]:
    """Time of the default recipe by that of each, in milliseconds of the processor."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return _bench()
    finally:
        cv2.setNumThreads(before)


def _bench() -> dict[str, Measurement]:
    files, kind = photos()
    # Processor time, because other work on the machine must not count.
    images = [read(path, longest=1024) for path in files[:: max(1, len(files) // COUNT)]][:COUNT]
    found = {}
    for name in shipped_recipes():
        recipe = load_recipe(name)
        if recipe.network is None:
            found[name] = _measure(make_engine(recipe).make_describer(), images)
    usual = found[DEFAULT_RECIPE][0]
    return {
        f"recipe_{name}": Measurement(
            usual / milliseconds,
            None,
            f"{milliseconds:.0f} ms to describe one of {len(images)} {kind} on one core, "
            f"{size:,.0f} bytes of description",
        )
        for name, (milliseconds, size) in found.items()
    }


def _measure(describer: Describer, images: Sequence[Image]) -> tuple[float, float]:
    """Median milliseconds of the processor, and mean bytes."""
    describer.describe(images[0])  # compiles
    times, sizes = [], []
    for image in images:
        start = time.process_time()
        sizes.append(sum(len(part) for part in describer.describe(image).values()))
        times.append(1e3 * (time.process_time() - start))
    return statistics.median(times), statistics.mean(sizes)
