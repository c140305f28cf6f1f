"""How long each extractor takes for a picture, against OpenCV's SIFT; nothing is promised."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from benchmarks.harness import Measurement, interleaved
from relook.core.records import Image
from relook.features import EXTRACTORS, make_features

SIZE = (1024, 768)
FEATURES, REPEATS = 1000, 5


def bench() -> dict[str, Measurement]:
    """Seconds of OpenCV's SIFT by the seconds of each, one thread, in turns."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return _bench()
    finally:
        cv2.setNumThreads(before)


def _bench() -> dict[str, Measurement]:
    image = Image(picture(), SIZE)
    gray = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY)
    detector = cv2.SIFT.create(nfeatures=FEATURES)
    extractors = {name: make_features(name, features=FEATURES) for name in EXTRACTORS}
    found = {name: len(one.extract(image)) for name, one in extractors.items()}  # compiles
    contenders = {name: partial(one.extract, image) for name, one in extractors.items()}
    times = interleaved(
        {"OpenCV": partial(detector.detectAndCompute, gray, None), **contenders}, repeats=REPEATS
    )
    return {
        f"features_{name}": Measurement(
            times["OpenCV"] / times[name],
            None,
            f"{SIZE[0]} x {SIZE[1]}, one thread: {1e3 * times[name]:.0f} ms for {count} features, "
            f"cv2.SIFT {1e3 * times['OpenCV']:.0f} ms",
        )
        for name, count in found.items()
    }


def picture() -> np.ndarray:
    """Noise at several scales with some disks and squares, ``(H, W, 3)`` uint8."""
    rng = np.random.default_rng(0)
    light = np.zeros((SIZE[1], SIZE[0]), np.float32)
    for spread in (1.5, 3.0, 6.0, 12.0):
        noise = cv2.GaussianBlur(
            rng.standard_normal(light.shape).astype(np.float32), (0, 0), spread
        )
        light += noise / noise.std()
    levels = np.rint(np.clip(128 + 30 * light, 0, 255)).astype(np.uint8)
    for _ in range(60):
        x, y, radius, level = (int(v) for v in rng.integers(0, (*SIZE, 60, 256)))
        if level % 2:
            cv2.circle(levels, (x, y), radius, level, -1, cv2.LINE_AA)
        else:
            cv2.rectangle(levels, (x, y), (x + radius, y + radius), level, -1)
    return np.repeat(levels[..., None], 3, axis=2)
