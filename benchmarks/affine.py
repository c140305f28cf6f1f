"""Affine features under rendered tilts: ours against pycolmap's covariant SIFT."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import Measurement, Skipped, interleaved
from relook.core.records import Image
from relook.features import Sift
from relook.features.affine import HessianAffine

SIZE, FEATURES, REPEATS = (1024, 768), 1000, 3
TILTS = (45, 60, 70)
SCENES = 1

Float = NDArray[np.floating]
Pixels = NDArray[np.uint8]


class Found(NamedTuple):
    """Points ``(N, 2)``, the center of the first pixel at 0, and their descriptors."""

    points: Float
    descriptors: Float


Contender = Callable[[Pixels], Found]


def bench() -> dict[str, Measurement]:
    """Correct matches and time, as ratios to pycolmap's affine SIFT and to plain SIFT."""
    try:
        pycolmap = importlib.import_module("pycolmap")
    except ImportError as error:
        raise Skipped("pycolmap is not installed; pip install pycolmap") from error
    contenders: dict[str, Contender] = {
        "relook": ours(HessianAffine(features=FEATURES)),
        "relook upright": ours(HessianAffine(features=FEATURES, orientation="upright")),
        "pycolmap": theirs(pycolmap, estimate_affine_shape=True),
        "pycolmap upright": theirs(pycolmap, estimate_affine_shape=True, upright=True),
        "sift": ours(Sift(features=FEATURES)),
    }
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return measure(contenders)
    finally:
        cv2.setNumThreads(threads)


def measure(contenders: dict[str, Contender]) -> dict[str, Measurement]:
    """All figures of all contenders, and the ratios of ours to each counterpart."""
    scenes = [clutter(seed) for seed in range(SCENES)]
    right = {name: correct(find, scenes) for name, find in contenders.items()}
    jobs: dict[str, Callable[[], object]] = {
        name: partial(find, scenes[0]) for name, find in contenders.items()
    }
    seconds = interleaved(jobs, repeats=REPEATS)
    tilts = ", ".join(f"{tilt}°" for tilt in TILTS)
    found: dict[str, Measurement] = {}
    for mine, other in (
        ("relook", "pycolmap"),
        ("relook upright", "pycolmap upright"),
        ("relook", "sift"),
    ):
        name = f"{mine}_vs_{other}".replace(" ", "_")
        detail = (
            f"correct mutual matches of {FEATURES} features at tilts {tilts}: "
            f"{right[mine]} against {right[other]}; "
            f"{seconds[mine] * 1e3:.0f} against {seconds[other] * 1e3:.0f} ms per image"
        )
        quality = sum(right[mine]) / max(sum(right[other]), 1)
        found[f"affine_matches_{name}"] = Measurement(quality, None, detail)
        found[f"affine_time_{name}"] = Measurement(seconds[other] / seconds[mine], None, detail)
    return found


def ours(extractor: HessianAffine | Sift) -> Contender:
    """One of our extractors."""

    def find(pixels: Pixels) -> Found:
        features = extractor.extract(Image(pixels, (pixels.shape[1], pixels.shape[0])))
        return Found(features.frames[:, :2], features.descriptors)

    return find


def theirs(pycolmap: Any, **options: Any) -> Contender:
    """SIFT of pycolmap on one thread; it puts the center of the first pixel at one half."""
    settings = pycolmap.FeatureExtractionOptions()
    settings.num_threads = 1
    settings.use_gpu = False
    settings.sift.max_num_features = FEATURES
    for name, value in options.items():
        setattr(settings.sift, name, value)
    extractor = pycolmap.Sift(settings, device=pycolmap.Device.cpu)

    def find(pixels: Pixels) -> Found:
        points, descriptors = extractor.extract(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
        return Found(points[:FEATURES, :2] - 0.5, descriptors[:FEATURES])

    return find


def correct(find: Contender, scenes: list[Pixels]) -> list[int]:
    """Mutually nearest pairs within 3 pixels of where they belong, at each tilt, of all scenes."""
    total = [0] * len(TILTS)
    for scene in scenes:
        first = find(scene)
        for place, degrees in enumerate(TILTS):
            tilted, matrix = tilt(scene, degrees)
            second = find(tilted)
            alike = first.descriptors @ second.descriptors.T
            best = alike.argmax(axis=1)
            mutual = alike.argmax(axis=0)[best] == np.arange(len(best))
            moved = first.points @ matrix[:, :2].T + matrix[:, 2]
            away = np.linalg.norm(moved - second.points[best], axis=1)
            total[place] += int(np.sum(mutual & (away < 3)))
    return total


def clutter(seed: int) -> Pixels:
    """Ellipses and boxes of all sizes upon each other, ``(H, W, 3)``."""
    rng = np.random.default_rng(seed)
    light = np.full((SIZE[1], SIZE[0]), 128, np.float32)
    for _ in range(2000):
        center = (int(rng.integers(SIZE[0])), int(rng.integers(SIZE[1])))
        axes = (int(rng.integers(3, 30)), int(rng.integers(3, 30)))
        angle, level = float(rng.uniform(0, 180)), float(rng.uniform(20, 235))
        if rng.random() < 0.5:
            cv2.ellipse(light, center, axes, angle, 0, 360, level, -1, cv2.LINE_AA)
        else:
            corners = cv2.boxPoints((center, (2 * axes[0], 2 * axes[1]), angle))
            cv2.fillPoly(light, [np.rint(corners).astype(np.int32)], level, cv2.LINE_AA)
    noisy = cv2.GaussianBlur(light, (0, 0), 0.7) + rng.normal(0, 2, light.shape)
    gray = np.rint(np.clip(noisy, 0, 255)).astype(np.uint8)
    return np.repeat(gray[..., None], 3, axis=2)


def tilt(pixels: Pixels, degrees: float) -> tuple[Pixels, Float]:
    """The picture as seen from the side and turned a little, and the affine map to it."""
    factor = float(np.cos(np.deg2rad(degrees)))
    sigma = 0.5 * float(np.sqrt(1 / factor**2 - 1))
    smooth = cv2.GaussianBlur(pixels, (0, 0), sigmaX=sigma, sigmaY=0.1)
    matrix = np.array([[factor, 0.0, 10.0], [0.05, 1.0, 0.0]])
    size = (int(SIZE[0] * factor) + 20, SIZE[1] + 60)
    return np.asarray(cv2.warpAffine(smooth, matrix, size), np.uint8), matrix
