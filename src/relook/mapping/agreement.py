"""Whether two aligned pictures are one picture: their pixels compared, marks and all."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.mapping.alignment import Alignment, Overlap, overlap, sample
from relook.mapping.pictures import Picture

__all__ = ["Agreement", "compare"]

Float32 = NDArray[np.float32]

_LONGEST = 160
"""Longer side at which overlaps are compared: finer detail does not survive blur and JPEG."""
_WINDOW = 13
_NOISE = 3.0
"""Gray levels that say nothing."""
_ALIKE = 0.8
"""Correlation of a window from which it shows the same."""
_OFF = 25.0
"""Gray levels that a flat place may differ by once light and contrast are brought together."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the pixels of two aligned pictures say.

    Attributes:
        share: of the overlap that shows the same, 0 to 1.
        detail: the same of places that have detail in either picture; 0 where none has.
        typical: median correlation of windows that have detail; marks leave it as it is.
        texture: share of the overlap that has detail.
        correlation: of all its pixels.
        changed: share of the overlap where light or color is another altogether.
        sharpness: detail of the second picture over that of the first, where they show the same.
        overlap: where they overlap.
    """

    share: float
    detail: float
    typical: float
    texture: float
    correlation: float
    changed: float
    sharpness: float
    overlap: Overlap


def compare(one: Picture, other: Picture, alignment: Alignment) -> Agreement | None:
    """Compare the pixels of two pictures; None where they do not overlap."""
    shared = overlap(alignment, one.size, other.size)
    if shared is None:
        return None
    first, second = _views(one, other, alignment, shared)
    correlation, detail, others = _windows(first, second)
    textured = np.maximum(detail, others) > _NOISE
    leveled = _level(first, second)
    off = cv2.boxFilter(np.abs(leveled - second), -1, (_WINDOW, _WINDOW))
    alike = np.where(textured, correlation >= _ALIKE, off < _OFF)
    whole = float(np.corrcoef(first.ravel(), second.ravel())[0, 1]) if textured.any() else 0.0
    return Agreement(
        share=float(alike.mean()),
        detail=float(alike[textured].mean()) if textured.any() else 0.0,
        typical=float(np.median(correlation[textured])) if textured.any() else 0.0,
        texture=float(textured.mean()),
        correlation=whole,
        changed=float((off > 2 * _OFF).mean()),
        sharpness=_edges(second, alike) / max(_edges(leveled, alike), 1e-3),
        overlap=shared,
    )


def _views(
    one: Picture, other: Picture, alignment: Alignment, shared: Overlap
) -> tuple[Float32, Float32]:
    """The overlap as either picture shows it, at the same size."""
    left, top, right, bottom = shared.box
    width, height = right - left, bottom - top
    # No finer than the coarser of the two shows it.
    zooms = [
        other.gray.shape[1] / other.size[0],
        one.gray.shape[1] / one.size[0] / abs(alignment.scale_x),
    ]
    zoom = min(*zooms, _LONGEST / max(width, height))
    shape = (max(8, round(width * zoom)), max(8, round(height * zoom)))
    back = (
        (left - alignment.shift_x) / alignment.scale_x,
        (top - alignment.shift_y) / alignment.scale_y,
        (right - alignment.shift_x) / alignment.scale_x,
        (bottom - alignment.shift_y) / alignment.scale_y,
    )
    return (
        sample(one.gray, one.size, back, shape),
        sample(other.gray, other.size, shared.box, shape),
    )


def _windows(first: Float32, second: Float32) -> tuple[Float32, Float32, Float32]:
    """Around each pixel: correlation, and standard deviation of either picture."""

    def mean(values: Float32) -> Float32:
        return np.asarray(cv2.boxFilter(values, -1, (_WINDOW, _WINDOW)), np.float32)

    one, other = mean(first), mean(second)
    var = np.maximum(mean(first * first) - one * one, 0.0)
    other_var = np.maximum(mean(second * second) - other * other, 0.0)
    cov = mean(first * second) - one * other
    # A little noise in both, so that what is nearly flat correlates little.
    correlation = cov / np.sqrt((var + 1.0) * (other_var + 1.0))
    return np.asarray(correlation, np.float32), np.sqrt(var), np.sqrt(other_var)


def _level(first: Float32, second: Float32) -> Float32:
    """The first picture in the light and contrast of the second."""
    spread = float(first.std())
    gain = float(second.std()) / spread if spread > _NOISE else 1.0
    gain = min(max(gain, 0.5), 2.0)
    return np.asarray((first - np.median(first)) * gain + np.median(second), np.float32)


def _edges(values: Float32, where: NDArray[np.bool_]) -> float:
    """How much detail there is in some places; 1 where there are none."""
    edges = np.abs(cv2.Laplacian(values, cv2.CV_32F))
    return float(edges[where].mean()) if where.any() else 1.0
