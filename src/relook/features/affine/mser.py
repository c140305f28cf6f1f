"""Maximally stable extremal regions, as ellipses of the same moments."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.numba_cache import compiled
from relook.features.affine.adaptation import ELONGATED
from relook.features.affine.extractor import AffineExtractor
from relook.features.affine.pyramid import Pyramid, level_of, sample

__all__ = ["Mser"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

SMALLEST = 3
"""Pixels of the shorter side of a picture that has regions at all."""
SIMILAR, NEAR = 1.25, 0.5
"""Regions whose scales differ by less than a factor, and whose centers by less than so many
scales, are one; that of most contrast stays."""
LOOK = 9
"""Samples per side by which inside and outside of a region are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mser(AffineExtractor):
    """Regions of the picture that stay alike over many thresholds, dark and light.

    The scale is that of a Hessian blob of the same extent: 1/√2 of the mean radius of the
    ellipse. The response is the difference in gray between inside and outside.

    Attributes:
        delta: thresholds, of 255, over which a region must be stable.
        least: smallest area in pixels.
        most: largest area, as a share of the picture.

    Source: Matas, Chum, Urban, Pajdla, "Robust wide-baseline stereo from maximally stable
    extremal regions", BMVC 2002; the detector is OpenCV's.
    """

    delta: int = 5
    least: int = 30
    most: float = 0.1

    def __post_init__(self) -> None:
        AffineExtractor.__post_init__(self)
        if not 1 <= self.delta <= 255:
            raise UsageError("delta must be from 1 to 255")
        if not (self.least >= 5 and 0 < self.most <= 1):
            raise UsageError("least must be 5 or more, and most above 0 and up to 1")

    def _find(self, gray: NDArray[np.uint8], pyramid: Pyramid) -> tuple[Float32, Float32]:
        moments = self._moments(gray)
        covariances = moments[:, 2:].astype(np.float64)
        xx, xy, yy = covariances.T
        root = np.sqrt(xx * yy - xy * xy)
        long = np.isfinite(root) & (xx + yy <= (ELONGATED + 1 / ELONGATED) * root)
        moments, xx, xy, root = moments[long], xx[long], xy[long], root[long]
        a = np.sqrt(xx / root)
        shapes = np.stack([a, xy / (root * a)], axis=1).astype(np.float32)
        points = np.empty((len(a), 4), np.float32)
        points[:, :2] = moments[:, :2]
        points[:, 2] = np.sqrt(2 * root)  # an ellipse of radius R has the variance R²/4
        points[:, 3] = _contrasts(pyramid, points, shapes)
        best = np.argsort(-points[:, 3], kind="stable")
        best = best[_differ(points[best])]
        return points[best], shapes[best]

    def _moments(self, gray: NDArray[np.uint8]) -> Float64:
        """Means and covariances of the regions, ``(N, 5)``: x, y, xx, xy, yy."""
        if min(gray.shape) < SMALLEST:
            return np.zeros((0, 5))
        most = int(self.most * gray.size)
        if most <= self.least:
            return np.zeros((0, 5))
        detector = cv2.MSER.create(
            delta=self.delta, min_area=self.least, max_area=most, min_diversity=0.0
        )  # its own choice among nested regions drops good ones with the others
        regions, _ = detector.detectRegions(gray)
        if not len(regions):
            return np.zeros((0, 5))
        lengths = np.array([len(region) for region in regions], np.int64)
        pixels = np.concatenate(list(regions)).astype(np.int32)
        return _sum_moments(pixels, np.cumsum(lengths) - lengths, lengths)


@compiled()
def _sum_moments(
    pixels: NDArray[np.int32], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> Float64:
    out = np.zeros((len(starts), 5))
    for row in range(len(starts)):
        count = lengths[row]
        x = y = xx = xy = yy = 0.0
        for place in range(starts[row], starts[row] + count):
            x += pixels[place, 0]
            y += pixels[place, 1]
        x, y = x / count, y / count
        for place in range(starts[row], starts[row] + count):
            dx, dy = pixels[place, 0] - x, pixels[place, 1] - y
            xx += dx * dx
            xy += dx * dy
            yy += dy * dy
        # A pixel is a square of variance 1/12, not a point.
        out[row] = x, y, xx / count + 1 / 12, xy / count, yy / count + 1 / 12
    return out


@compiled()
def _differ(points: Float32) -> NDArray[np.bool_]:
    """Which regions are not nearly the same as one before them."""
    kept = np.ones(len(points), np.bool_)
    for row in range(len(points)):
        x, y, scale = points[row, 0], points[row, 1], points[row, 2]
        for before in range(row):
            ratio = scale / points[before, 2]
            if not (kept[before] and 1 / SIMILAR < ratio < SIMILAR):
                continue
            if abs(x - points[before, 0]) + abs(y - points[before, 1]) < NEAR * scale:
                kept[row] = False
                break
    return kept


@compiled()
def _contrasts(pyramid: Pyramid, points: Float32, shapes: Float32) -> Float32:
    """Mean gray of the ellipse against that of the ring around it, 0 to 1."""
    out = np.empty(len(points), np.float32)
    look = np.empty((LOOK, LOOK), np.float32)
    for row in range(len(points)):
        a, b = np.float64(shapes[row, 0]), np.float64(shapes[row, 1])
        # The ellipse has a radius of √2 scales, which are two and a half samples.
        step = np.float64(points[row, 2]) * 2**0.5 / 2.5
        center = (np.float64(points[row, 0]), np.float64(points[row, 1]))
        sample(pyramid, level_of(pyramid, step), center, (step * a, 0.0, step * b, step / a), look)
        inside = outside = 0.0
        within = beyond = 0
        for i in range(LOOK):
            for j in range(LOOK):
                away = (i - LOOK // 2) ** 2 + (j - LOOK // 2) ** 2
                if away <= 4:
                    inside += look[i, j]
                    within += 1
                elif 9 <= away <= 16:
                    outside += look[i, j]
                    beyond += 1
        out[row] = abs(inside / within - outside / beyond)
    return out
