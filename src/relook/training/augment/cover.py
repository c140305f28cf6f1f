"""What hides a part of a picture, and what is seen around it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.training.augment.base import Augmentation, check_amount, check_range
from relook.training.augment.pixels import shrink, warp_onto

__all__ = ["Background", "Occlusion"]

UInt8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occlusion(Augmentation):
    """Boxes of one color, or of noise, that hide parts of the picture.

    Attributes:
        most: boxes at most; one at least.
        share: smallest and largest part of each side of the picture that a box takes.
        plain: probability that a box has one color.
    """

    most: int = 2
    share: tuple[float, float] = (0.1, 0.4)
    plain: float = 0.5

    def _check(self) -> None:
        check_amount("most", self.most, least=1)
        check_range("share", self.share, most=1.0)
        check_amount("plain", self.plain, most=1.0)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        changed = pixels.copy()
        size = np.array(pixels.shape[:2])
        for _ in range(int(rng.integers(1, int(self.most), endpoint=True))):
            tall, wide = (int(side) for side in np.rint(rng.uniform(*self.share, 2) * size))
            top = int(rng.integers(0, size[0] - tall, endpoint=True))
            left = int(rng.integers(0, size[1] - wide, endpoint=True))
            filling = (1, 1, 3) if rng.random() < self.plain else (tall, wide, 3)
            box = rng.integers(0, 256, filling, dtype=np.uint8)
            changed[top : top + tall, left : left + wide] = box
        return changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Background(Augmentation):
    """The picture smaller, turned, before something else: a plain ground, a slope, a texture.

    Another picture as background is what :class:`relook.training.augment.views.Viewer` does.

    Attributes:
        share: smallest and largest part of each side that the picture keeps.
        angle: largest angle either way, radians.
    """

    share: tuple[float, float] = (0.5, 0.95)
    angle: float = math.radians(15)

    def _check(self) -> None:
        check_range("share", self.share, least=0.05, most=1.0)
        check_amount("angle", self.angle, most=math.pi)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        height, width = pixels.shape[:2]
        share, angle = rng.uniform(*self.share), rng.uniform(-self.angle, self.angle)
        x, y = rng.uniform(-0.5, 0.5, 2) * (1 - share) * (width, height)
        small = shrink(pixels, share)
        cosine, sine = math.cos(angle), math.sin(angle)
        turned = np.array([(cosine, -sine, 0), (sine, cosine, 0), (0, 0, 1.0)])
        scale = np.diag([share * width / small.shape[1], share * height / small.shape[0], 1.0])
        matrix = (
            _shift((width - 1) / 2 + x, (height - 1) / 2 + y)
            @ turned
            @ scale
            @ _shift(-(small.shape[1] - 1) / 2, -(small.shape[0] - 1) / 2)
        )
        return warp_onto(small, matrix, _ground((height, width), rng))


def _shift(x: float, y: float) -> NDArray[np.float64]:
    return np.array([(1, 0, x), (0, 1, y), (0, 0, 1.0)])


def _ground(shape: tuple[int, int], rng: np.random.Generator) -> UInt8:
    """Random colors, so many on a coarse grid and smooth between: one is plain, two a slope."""
    height, width = shape
    cells = int(rng.choice((1, 2, 4, 16, 64)))
    colors = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(colors, (width, height)), np.uint8)
