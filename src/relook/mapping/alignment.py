"""How a copy lies in its original: scaled and cut out, perhaps mirrored, but never turned."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Alignment", "Overlap", "fit", "overlap", "sample", "whole"]

Float32 = NDArray[np.float32]
Size = tuple[int, int]

_STRETCH = 0.25
"""Natural log of how much more one axis may be scaled than the other."""
_RESIDUAL = 0.003
"""Median distance of matches from the fit, as a share of the longer side."""
_LEAST = 6


@dataclass(frozen=True, slots=True)
class Alignment:
    """x' = scale_x · x + shift_x and y' = scale_y · y + shift_y, in pixels of the originals.

    A negative scale_x mirrors.
    """

    scale_x: float
    scale_y: float
    shift_x: float
    shift_y: float

    @property
    def mirrored(self) -> bool:
        """Whether left and right change places."""
        return self.scale_x < 0


@dataclass(frozen=True, slots=True)
class Overlap:
    """What two aligned pictures share.

    Attributes:
        box: left, top, right, bottom in pixels of the second; edges of pixels lie at ± .5.
        share: of the first picture's area.
        other_share: of the second picture's area.
    """

    box: tuple[float, float, float, float]
    share: float
    other_share: float


def whole(size: Size, other: Size, *, mirrored: bool) -> Alignment:
    """All of one picture on all of another, sizes as (width, height)."""
    x, y = other[0] / size[0], other[1] / size[1]
    shift_y = 0.5 * y - 0.5
    if mirrored:
        return Alignment(-x, y, other[0] - 0.5 - 0.5 * x, shift_y)
    return Alignment(x, y, 0.5 * x - 0.5, shift_y)


def fit(points: Float32, others: Float32, *, longest: int) -> Alignment | None:
    """The alignment of ``(K, 2)`` matched points, or None where they fit none.

    Args:
        points: in the first picture.
        others: the same points in the second.
        longest: longer side of the second in pixels; what is tolerated grows with it.
    """
    first, second = points.astype(np.float64), others.astype(np.float64)
    inside = np.ones(len(first), np.bool_)
    solution = np.zeros((2, 2))
    apart = np.zeros(len(first))
    for _ in range(4):
        if inside.sum() < _LEAST or min(np.ptp(first[inside], axis=0)) < 4:
            return None
        solution = np.array(
            [np.polyfit(first[inside, axis], second[inside, axis], 1) for axis in (0, 1)]
        )
        apart = np.linalg.norm(first * solution[:, 0] + solution[:, 1] - second, axis=1)
        inside = apart <= max(2.5 * float(np.median(apart)), 1e-3 * longest)
    (scale_x, shift_x), (scale_y, shift_y) = solution.tolist()
    if scale_x == 0 or scale_y <= 0 or abs(np.log(abs(scale_x) / scale_y)) > _STRETCH:
        return None
    if float(np.median(apart)) > _RESIDUAL * longest:
        return None
    return Alignment(scale_x, scale_y, shift_x, shift_y)


def overlap(alignment: Alignment, size: Size, other: Size) -> Overlap | None:
    """What two pictures share, or None."""
    x = sorted((alignment.scale_x * edge + alignment.shift_x) for edge in (-0.5, size[0] - 0.5))
    y = [(alignment.scale_y * edge + alignment.shift_y) for edge in (-0.5, size[1] - 0.5)]
    left, right = max(x[0], -0.5), min(x[1], other[0] - 0.5)
    top, bottom = max(y[0], -0.5), min(y[1], other[1] - 0.5)
    if right - left < 1 or bottom - top < 1:
        return None
    area = (right - left) * (bottom - top)
    mapped = (x[1] - x[0]) * (y[1] - y[0])
    return Overlap((left, top, right, bottom), area / mapped, area / (other[0] * other[1]))


def sample(
    gray: Float32, size: Size, box: tuple[float, float, float, float], shape: Size
) -> Float32:
    """``(h, w)`` float32 of a box of a picture; left > right mirrors.

    Args:
        gray: the picture, shrunk to any size.
        size: (width, height) of the original.
        box: left, top, right, bottom in pixels of the original.
        shape: (w, h) of the answer.
    """
    zoom_x, zoom_y = gray.shape[1] / size[0], gray.shape[0] / size[1]
    left, top = (box[0] + 0.5) * zoom_x - 0.5, (box[1] + 0.5) * zoom_y - 0.5
    step_x = (box[2] - box[0]) * zoom_x / shape[0]
    step_y = (box[3] - box[1]) * zoom_y / shape[1]
    blur_x, blur_y = 0.5 * abs(step_x), 0.5 * abs(step_y)
    if max(blur_x, blur_y) > 0.6:  # several pixels become one
        soft = cv2.GaussianBlur(gray, (0, 0), max(blur_x, 0.1), sigmaY=max(blur_y, 0.1))
        gray = np.asarray(soft, np.float32)
    matrix = np.array([[step_x, 0, left + 0.5 * step_x], [0, step_y, top + 0.5 * step_y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(gray, matrix, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.float32)
