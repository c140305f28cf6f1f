"""By what light and with what camera a view is taken."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.training.augment.base import check_amount, check_pair, check_range
from relook.training.augment.pixels import add_noise, blur, compress

__all__ = ["Light"]

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]

_LUMA = np.array([0.30, 0.59, 0.11], np.float32)
_LARGEST_GAMMA = 3.5


@dataclass(frozen=True, slots=True)
class Light:
    """How tone, color, sharpness and noise vary. Values are in [0, 1] where not said otherwise.

    Attributes:
        dark: probability of dusk, night or a poor lamp.
        dark_stops: smallest and largest binary logarithm of gamma then.
        stops: its standard deviation otherwise.
        contrast: standard deviation of the logarithm of the contrast about the middle gray.
        warmth: standard deviation of the logarithm of the gain of red, and of the loss of blue.
        dark_warmth: what is added to it in the dark.
        green: standard deviation of the logarithm of the gain of green.
        uneven: probability that one side is lit more.
        slope: standard deviation of the change of the gain from the middle to an edge, per axis.
        most_slope: its largest absolute value.
        gray: probability of a view without colors.
        glare: probability of a reflected lamp.
        glare_size: smallest and largest standard deviation of it, in sides of the view.
        glare_strength: smallest and largest value that it adds.
        blur: probability of blur.
        blur_size: smallest standard deviation, and that of what is added to it, in pixels.
        noise: probability of noise.
        noise_size: standard deviation of the noise's standard deviation; twice in the dark.
        jpeg: probability of compression.
        qualities: smallest and largest JPEG quality.
    """

    dark: float = 0.15
    dark_stops: tuple[float, float] = (0.7, 1.5)
    stops: float = 0.4
    contrast: float = 0.2
    warmth: float = 0.12
    dark_warmth: float = 0.2
    green: float = 0.04
    uneven: float = 0.5
    slope: float = 0.2
    most_slope: float = 0.6
    gray: float = 0.1
    glare: float = 0.15
    glare_size: tuple[float, float] = (0.05, 0.2)
    glare_strength: tuple[float, float] = (0.3, 0.9)
    blur: float = 0.4
    blur_size: tuple[float, float] = (0.3, 0.9)
    noise: float = 0.5
    noise_size: float = 0.025
    jpeg: float = 0.5
    qualities: tuple[int, int] = (30, 94)

    def __post_init__(self) -> None:
        for name in ("dark", "uneven", "gray", "glare", "blur", "noise", "jpeg"):
            check_amount(f"light: {name}", getattr(self, name), most=1.0)
        for name in ("stops", "contrast", "warmth", "dark_warmth", "green", "slope", "most_slope"):
            check_amount(f"light: {name}", getattr(self, name), most=10.0)
        check_amount("light: noise_size", self.noise_size, most=1.0)
        check_range("light: dark_stops", self.dark_stops, most=10.0)
        check_range("light: glare_size", self.glare_size, least=0.001, most=10.0)
        check_range("light: glare_strength", self.glare_strength, most=10.0)
        check_range("light: qualities", self.qualities, least=1, most=100)
        check_pair("light: blur_size", self.blur_size, least=0.01, most=100.0)

    def expose(self, view: UInt8, rng: np.random.Generator) -> UInt8:
        """Take a view ``(H, W, 3)`` by other light with another camera."""
        is_dark = bool(rng.random() < self.dark)
        values = np.asarray(cv2.LUT(view, self._curves(rng, is_dark=is_dark)), np.float32)
        if rng.random() < self.uneven:
            values *= self._field(values.shape, rng)
        if rng.random() < self.gray:
            values = np.asarray(cv2.transform(values, np.tile(_LUMA, (3, 1))), np.float32)
        if rng.random() < self.glare:
            values += self._lamp(values.shape, rng)
        if rng.random() < self.blur:
            least, more = self.blur_size
            values = blur(values, least + abs(rng.normal(0, more)))
        if rng.random() < self.noise:
            sigma = abs(rng.normal(0, self.noise_size)) * (2 if is_dark else 1)
            values = add_noise(values, 255 * sigma, rng)
        taken = np.asarray(cv2.add(values, np.zeros(1), dtype=cv2.CV_8U), np.uint8)
        if rng.random() < self.jpeg:
            taken = compress(taken, int(rng.integers(*self.qualities, endpoint=True)))
        return taken

    def _curves(self, rng: np.random.Generator, *, is_dark: bool) -> Float32:
        """``(1, 256, 3)``: what each value of each color becomes, not cut at 0 and 255."""
        stops = rng.uniform(*self.dark_stops) if is_dark else rng.normal(0, self.stops)
        contrast = math.exp(rng.normal(0, self.contrast))
        warmth = rng.normal(0, self.warmth) + (rng.normal(0, self.dark_warmth) if is_dark else 0.0)
        gains = np.exp([warmth, rng.normal(0, self.green), -warmth])
        curve = (np.arange(256) / 255) ** min(2.0**stops, _LARGEST_GAMMA)
        curve = 255 * ((curve - 0.5) * contrast + 0.5)
        return np.asarray(curve[None, :, None] * gains, np.float32)

    def _field(self, shape: tuple[int, ...], rng: np.random.Generator) -> Float32:
        """Gains of each value; negative ones are cut when the view is taken."""
        height, width, colors = shape
        x, y = np.clip(rng.normal(0, self.slope, 2), -self.most_slope, self.most_slope)
        across = np.repeat(np.linspace(1 - x, 1 + x, width, dtype=np.float32), colors)
        down = np.linspace(-y, y, height, dtype=np.float32)
        return np.add.outer(down, across).reshape(shape)

    def _lamp(self, shape: tuple[int, ...], rng: np.random.Generator) -> Float32:
        """A bright spot that adds to each value."""
        height, width, colors = shape
        x, y = rng.uniform(0, 1, 2) * (width, height)
        strength, sigma = rng.uniform(*self.glare_strength), rng.uniform(*self.glare_size) * width
        across = np.exp(-((np.arange(width) - x) ** 2) / (2 * sigma**2)).astype(np.float32)
        down = np.exp(-((np.arange(height) - y) ** 2) / (2 * sigma**2)).astype(np.float32)
        spot = np.outer(np.float32(255 * strength) * down, np.repeat(across, colors))
        return np.asarray(spot, np.float32).reshape(shape)
