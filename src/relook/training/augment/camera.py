"""What cameras, screens and files do to a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.training.augment.base import Augmentation, check_range, draw_factor
from relook.training.augment.pixels import blur, compress

__all__ = ["JPEG", "Blur", "Moire"]

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blur(Augmentation):
    """The picture out of focus.

    Attributes:
        sigma: smallest and largest standard deviation of a Gaussian, in pixels, drawn uniformly.
    """

    sigma: tuple[float, float] = (0.0, 1.5)

    def _check(self) -> None:
        check_range("sigma", self.sigma, most=100.0)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        sigma = rng.uniform(*self.sigma)
        return blur(pixels, sigma) if sigma > 0 else pixels.copy()


@dataclass(frozen=True, slots=True, kw_only=True)
class JPEG(Augmentation):
    """The picture compressed.

    Attributes:
        quality: smallest and largest JPEG quality, 1 to 100, drawn uniformly.
    """

    quality: tuple[int, int] = (30, 95)

    def _check(self) -> None:
        check_range("quality", self.quality, least=1, most=100)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        lowest, highest = (round(value) for value in self.quality)
        return compress(pixels, int(rng.integers(lowest, highest, endpoint=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moire(Augmentation):
    """The stripes of a photographed screen.

    Its rows and columns of red, green and blue dots beat with the grid of the sensor: two waves at
    about a right angle, a third of a period apart in each color, that lighten and darken.

    Attributes:
        strength: smallest and largest share of the light that a wave takes away or adds.
        period: shortest and longest wave, in pixels, drawn log-uniformly.
    """

    strength: tuple[float, float] = (0.03, 0.15)
    period: tuple[float, float] = (3.0, 30.0)

    def _check(self) -> None:
        check_range("strength", self.strength, most=1.0)
        check_range("period", self.period, least=2.0)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        angle = rng.uniform(0, math.pi)
        rows = self._wave(pixels.shape[:2], angle, rng)
        columns = self._wave(pixels.shape[:2], angle + math.pi / 2 + rng.normal(0, 0.1), rng)
        light = np.clip(pixels * (1 + rows + columns), 0, 255)
        return np.asarray(np.rint(light), np.uint8)

    def _wave(self, shape: tuple[int, ...], angle: float, rng: np.random.Generator) -> Float32:
        height, width = shape
        period = draw_factor(self.period, rng)
        strength, start = rng.uniform(*self.strength), rng.uniform(0, 2 * math.pi)
        across = np.arange(width, dtype=np.float32) * (2 * math.pi / period * math.cos(angle))
        down = np.arange(height, dtype=np.float32) * (2 * math.pi / period * math.sin(angle))
        phase = np.add.outer(down, across) + np.float32(start)
        colors = [np.cos(phase + np.float32(2 * math.pi / 3 * color)) for color in range(3)]
        return np.asarray(np.float32(strength) * cv2.merge(colors), np.float32)
