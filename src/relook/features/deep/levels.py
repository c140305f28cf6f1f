"""A picture at several scales, and the strongest features of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.records import Image, LocalFeatures

__all__ = ["CELL", "Found", "Level", "gather", "levels"]

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

CELL = 32
"""Sides of levels are multiples of so many pixels: the cells of every network fit in."""
SIGMAS_PER_CELL = 3.0
"""A feature of a cell sees about four cells, and SIFT twelve standard deviations."""
_ALIASING = 0.8
"""Above this factor interpolation between neighbors is as good as averaging."""


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """A picture at one scale.

    Attributes:
        pixels: ``(h, w, 3)`` uint8 RGB.
        factors: (x, y), its pixels per pixel of the image it was made of.
    """

    pixels: UInt8
    factors: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Features of one level.

    Attributes:
        points: ``(N, 2)`` (x, y) in pixels of the level, the center of the first at 0.
        sigma: their scale in pixels of the level.
        responses: ``(N,)`` strengths, comparable between levels.
        descriptors: ``(N, D)``.
    """

    points: Float32
    sigma: float
    responses: Float32
    descriptors: Float32


def levels(image: Image, scales: Sequence[float]) -> Iterator[Level]:
    """The picture at each scale, no two of one size; none of a picture without pixels."""
    height, width = image.pixels.shape[:2]
    if not (height and width):
        return
    sizes = {(_side(width * scale), _side(height * scale)) for scale in scales}
    for size in sorted(sizes, reverse=True):
        factors = (size[0] / width, size[1] / height)
        averaged = min(factors) < _ALIASING
        method = cv2.INTER_AREA if averaged else cv2.INTER_LINEAR
        pixels = cv2.resize(image.pixels, size, interpolation=method)
        yield Level(np.asarray(pixels, np.uint8), factors)


def gather(image: Image, found: Iterable[tuple[Level, Found]], *, features: int) -> LocalFeatures:
    """The strongest features of all levels, in original pixels, upright; the first of equals.

    A point x of a level of factor s lies at (x + .5) / s − .5 of the image.
    """
    frames, responses, descriptors = [], [], []
    for level, one in found:
        points = (one.points.astype(np.float64) + 0.5) / level.factors - 0.5
        scale = np.sqrt(np.prod(level.factors) * np.prod(image.scale))
        table = np.zeros((len(points), 4), np.float32)
        table[:, :2] = image.to_original(points)
        table[:, 2] = one.sigma / scale
        frames.append(table)
        responses.append(one.responses)
        descriptors.append(one.descriptors)
    if not frames:
        return LocalFeatures(
            np.zeros((0, 4), np.float32), np.zeros((0, 128), np.float32),
            np.zeros(0, np.float32), image.size,
        )  # fmt: skip
    strengths = np.concatenate(responses)
    best = np.argsort(-strengths, kind="stable")[:features]
    return LocalFeatures(
        frames=np.concatenate(frames)[best],
        descriptors=np.concatenate(descriptors)[best],
        responses=strengths[best],
        size=image.size,
    )


def _side(length: float) -> int:
    return max(CELL, round(length / CELL) * CELL)
