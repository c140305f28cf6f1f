"""Light and color of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import UsageError
from relook.training.augment.base import Augmentation, check_amount

__all__ = ["Color", "PCAColor", "fit_color_components"]

UInt8 = NDArray[np.uint8]
Float64 = NDArray[np.float64]
Row = tuple[float, float, float]

_LUMA = np.array([0.299, 0.587, 0.114])
_VALUES = (0.2156, 0.0346, 0.0069)
_COMPONENTS = (
    (0.5519, 0.5966, 0.5826),
    (0.7507, -0.0512, -0.6587),
    (0.3631, -0.8009, 0.4761),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Color(Augmentation):
    """Other brightness, contrast, saturation and hue.

    Attributes:
        brightness: standard deviation of the binary logarithm of gamma.
        contrast: that of the natural logarithm of the contrast about the middle gray.
        saturation: that of the natural logarithm of the distance from gray.
        hue: that of the angle about the gray axis, radians.
    """

    brightness: float = 0.3
    contrast: float = 0.2
    saturation: float = 0.2
    hue: float = 0.05

    def _check(self) -> None:
        for name in ("brightness", "contrast", "saturation"):
            check_amount(name, getattr(self, name), most=2.0)
        check_amount("hue", self.hue, most=math.pi)

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        brightness, contrast, saturation, hue = rng.standard_normal(4) * (
            self.brightness, self.contrast, self.saturation, self.hue,
        )  # fmt: skip
        curve = (np.arange(256) / 255) ** 2.0**brightness
        curve = 255 * ((curve - 0.5) * math.exp(contrast) + 0.5)
        toned = cv2.LUT(pixels, curve.astype(np.float32))
        mixed = cv2.transform(toned, _mix(math.exp(saturation), hue).astype(np.float32))
        return np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class PCAColor(Augmentation):
    """Multiples of the principal components of colors added to all pixels.

    Krizhevsky, Sutskever & Hinton (2012), section 4.1: with eigenvectors pₖ and eigenvalues λₖ of
    the covariance of RGB values in [0, 1], every pixel gets Σ αₖ λₖ pₖ, αₖ normal.

    Attributes:
        strength: standard deviation of αₖ.
        values: the three λₖ; those given belong to a mixture of photos of books, places, goods and
            paintings.
        components: the three pₖ, as rows, see :func:`fit_color_components`.
    """

    strength: float = 0.1
    values: Row = _VALUES
    components: tuple[Row, Row, Row] = _COMPONENTS

    def _check(self) -> None:
        check_amount("strength", self.strength, most=10.0)
        try:
            shapes = np.array(self.values, float).shape, np.array(self.components, float).shape
        except (TypeError, ValueError):
            shapes = (), ()
        if shapes != ((3,), (3, 3)):
            raise UsageError("PCA color needs 3 values and 3 components of 3 numbers")

    def _changed(self, pixels: UInt8, rng: np.random.Generator) -> UInt8:
        alphas = rng.normal(0, self.strength, 3)
        shift = (alphas * self.values) @ np.array(self.components)
        curves = np.arange(256)[:, None] + 255 * shift
        table = np.rint(np.clip(curves, 0, 255)).astype(np.uint8)
        return np.asarray(cv2.LUT(pixels, table[None]), np.uint8)


def fit_color_components(pictures: Iterable[UInt8]) -> tuple[Row, tuple[Row, Row, Row]]:
    """Eigenvalues, the largest first, and eigenvectors of the colors of all pixels.

    Args:
        pictures: ``(H, W, 3)`` uint8 RGB each.

    Returns:
        ``values`` and ``components`` of :class:`PCAColor`; the sign of each component makes the
        sum of its numbers positive.

    Raises:
        UsageError: there are fewer than two pixels.
        ShapeError: no ``(H, W, 3)`` uint8 pixels.
    """
    count, total, products = 0, np.zeros(3), np.zeros((3, 3))
    for pixels in pictures:
        check_array("pixels", pixels, shape=(None, None, 3), dtype=np.uint8)
        colors = pixels.reshape(-1, 3) / 255
        count += len(colors)
        total += colors.sum(axis=0)
        products += colors.T @ colors
    if count < 2:
        raise UsageError("colors of two pixels at least are needed for their components")
    mean = total / count
    values, vectors = np.linalg.eigh(products / count - np.outer(mean, mean))
    rows = vectors.T[::-1]
    rows = rows * np.where(rows.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    first, second, third = (_row(row) for row in rows)
    return _row(np.maximum(values[::-1], 0.0)), (first, second, third)


def _row(values: Float64) -> Row:
    red, green, blue = (float(value) for value in values)
    return red, green, blue


def _mix(saturation: float, hue: float) -> Float64:
    """Colors to colors: turned about the gray axis, then farther from or nearer to gray."""
    axis = np.full(3, 1 / math.sqrt(3))
    cross = np.cross(np.eye(3), axis)
    turned = (
        math.cos(hue) * np.eye(3)
        + math.sin(hue) * cross
        + (1 - math.cos(hue)) * np.outer(axis, axis)
    )
    gray = np.tile(_LUMA, (3, 1))
    return np.asarray((gray + saturation * (np.eye(3) - gray)) @ turned, np.float64)
