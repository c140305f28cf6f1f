"""Where things lie in a picture: cropped, mirrored, turned, scaled, stretched, sheared, tilted.

What lies beyond the edges of a picture is seen mirrored at them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.training.augment.base import Augmentation, check_amount, check_range, draw_factor
from relook.training.augment.pixels import shrink, warp

__all__ = ["Aspect", "Crop", "Flip", "Perspective", "Rotation", "Scale", "Shear"]

UInt8 = NDArray[np.uint8]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop(Augmentation):
    """A part of the picture, anywhere within it, enlarged to its size.

    Attributes:
        share: smallest and largest part of each side, drawn uniformly.
    """

    share: tuple[float, float] = (0.6, 1.0)

    def _check(self) -> None:
        check_range("share", self.share, least=0.01, most=1.0)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        height, width = pixels.shape[:2]
        share, x, y = rng.uniform(*self.share), rng.random(), rng.random()
        tall, wide = max(1, round(height * share)), max(1, round(width * share))
        top, left = round(y * (height - tall)), round(x * (width - wide))
        part = pixels[top : top + tall, left : left + wide]
        if part.shape == pixels.shape:
            return pixels.copy()
        return np.asarray(cv2.resize(part, (width, height)), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip(Augmentation):
    """The picture mirrored.

    Attributes:
        upside_down: top and bottom change places, and not left and right.
    """

    probability: float = 0.5
    upside_down: bool = False

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        del rng  # pictures are mirrored or not, but not by degrees
        return (pixels[::-1] if self.upside_down else pixels[:, ::-1]).copy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation(Augmentation):
    """The picture turned about its middle.

    Attributes:
        angle: largest angle either way, radians, drawn uniformly.
        quarter: probability of one, two or three quarter turns more.
    """

    angle: float = math.radians(15)
    quarter: float = 0.0

    def _check(self) -> None:
        check_amount("angle", self.angle, most=math.pi)
        check_amount("quarter", self.quarter, most=1.0)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        angle = rng.uniform(-self.angle, self.angle)
        turns = int(rng.integers(1, 4)) if rng.random() < self.quarter else 0
        angle += turns * math.pi / 2
        cosine, sine = math.cos(angle), math.sin(angle)
        return _about_middle(pixels, [(cosine, -sine, 0), (sine, cosine, 0), (0, 0, 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Augmentation):
    """The picture seen larger or smaller.

    Attributes:
        factor: smallest and largest size of things, as a share of theirs, drawn log-uniformly.
    """

    factor: tuple[float, float] = (0.7, 1.4)

    def _check(self) -> None:
        check_range("factor", self.factor, least=0.05, most=20.0)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        factor = draw_factor(self.factor, rng)
        return _about_middle(pixels, [(factor, 0, 0), (0, factor, 0), (0, 0, 1)], least=factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aspect(Augmentation):
    """The picture made wider and lower, or narrower and higher, of equal area.

    Attributes:
        stretch: standard deviation of the logarithm of width / height.
    """

    stretch: float = 0.15

    def _check(self) -> None:
        check_amount("stretch", self.stretch, most=1.0)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        wider = math.exp(rng.normal(0, self.stretch) / 2)
        return _about_middle(pixels, [(wider, 0, 0), (0, 1 / wider, 0), (0, 0, 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Shear(Augmentation):
    """Rows pushed aside or columns up and down; the other direction keeps its structure.

    Tensmeyer & Martinez (2017) found it the best augmentation of documents.

    Attributes:
        shear: largest shift either way per pixel of height (of width), drawn uniformly.
    """

    shear: float = 0.2

    def _check(self) -> None:
        check_amount("shear", self.shear, most=2.0)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        shift = rng.uniform(-self.shear, self.shear)
        x, y = (shift, 0.0) if rng.random() < 0.5 else (0.0, shift)
        return _about_middle(pixels, [(1, x, 0), (y, 1, 0), (0, 0, 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Perspective(Augmentation):
    """The picture as a camera sees it that stands aside.

    Attributes:
        lean: standard deviation, on each axis, of how much nearer an edge is than the middle, as
            a share of the distance; cut at ``0.4``.
    """

    lean: float = 0.12

    def _check(self) -> None:
        check_amount("lean", self.lean, most=1.0)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        height, width = pixels.shape[:2]
        x, y = rng.normal(0, self.lean, 2).clip(-0.4, 0.4)
        matrix = [(1, 0, 0), (0, 1, 0), (2 * x / width, 2 * y / height, 1)]
        return _about_middle(pixels, matrix)


def _about_middle(
    pixels: UInt8, matrix: Sequence[tuple[float, ...]], *, least: float = 1.0
) -> UInt8:
    """Move what is at p, from the middle of the picture, to ``matrix`` p.

    ``least`` below 1 says that everything gets smaller: it is averaged first, as a camera does.
    """
    height, width = pixels.shape[:2]
    middle = np.array([(1, 0, (width - 1) / 2), (0, 1, (height - 1) / 2), (0, 0, 1.0)])
    whole = middle @ np.array(matrix, np.float64) @ np.linalg.inv(middle)
    small = shrink(pixels, least) if least < 1 else pixels
    x, y = width / small.shape[1], height / small.shape[0]
    enlarged = np.array([(x, 0, (x - 1) / 2), (0, y, (y - 1) / 2), (0, 0, 1.0)])
    return warp(small, whole @ enlarged, (width, height))
