"""Corners of Harris and of Moravec, over a small pyramid, described by SIFT."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Image, LocalFeatures
from relook.features.corner_response import gaussian, harris_response, moravec_response
from relook.features.dominant import dominant_angles
from relook.features.peaks import find_peaks, refine_peaks
from relook.features.rootsift import root_sift
from relook.features.sift import MOST_FEATURES, ORIENTATIONS
from relook.features.sift_at import sift_at
from relook.features.spread import choose_spread

__all__ = ["Harris", "Moravec"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

ALIASING = 0.5
"""σ in pixels that a picture is taken to be smoothed by, at each scale."""
SMALLEST = 16
"""Pixels; a level with a shorter side is left out."""


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """A picture at one scale: ``(h, w)`` levels, and its pixels per pixel, (x, y)."""

    gray: Float32
    factors: Float64

    @property
    def scale(self) -> float:
        """How many pixels of the picture a pixel of the level is, in the mean of both sides."""
        return float(1 / np.sqrt(self.factors.prod()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Corners:
    """What both detectors share."""

    features: int = 1000
    scales: tuple[float, ...] = (1.0, 1.4, 2.0, 2.8, 4.0)
    contrast: float = 1.0
    magnification: float = 2.0
    beta: float = 0.5
    orientation: Literal["dominant", "upright"] = "dominant"
    crowding: float = 0.5
    coarseness: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= self.features <= MOST_FEATURES:
            raise UsageError(f"features must be from 1 to {MOST_FEATURES}, not {self.features}")
        # Written so that NaN is refused too.
        if not (self.scales and all(1 <= scale <= 64 for scale in self.scales)):
            raise UsageError(f"scales must be one or more numbers from 1 to 64, not {self.scales}")
        if not (self.contrast >= 0 and self.beta > 0 and 0.5 <= self.magnification <= 16):
            raise UsageError(
                "contrast must be 0 or more, beta above 0, and magnification from 0.5 to 16"
            )
        if not (self.crowding >= 0 and 0 <= self.coarseness <= 2):
            raise UsageError("crowding must be 0 or more, and coarseness from 0 to 2")
        if self.orientation not in ORIENTATIONS:
            choices = ", ".join(ORIENTATIONS)
            raise UsageError(f"orientation must be one of {choices}, not {self.orientation!r}")

    def extract(self, image: Image) -> LocalFeatures:
        """Detect and describe; a picture without corners gives an empty record."""
        gray = np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        levels = list(_levels(gray, self.scales))
        corners = [self._detect(level) for level in levels]
        found = np.concatenate([np.zeros((0, 5)), *corners])
        where = np.repeat(np.arange(len(levels)), [len(rows) for rows in corners])
        chosen = self._choose(found, gray.shape)
        found, where = found[chosen], where[chosen]
        if self.orientation == "dominant":
            found = self._turn(found, where, levels)
            found = found[self._choose(found, gray.shape)]
        return self._describe(image, gray, found)

    def _measure(self, gray: Float32) -> Float32:
        """The map that corners are peaks of."""
        raise NotImplementedError

    def _strength(self, values: Float32) -> Float32:
        """Its values as a contrast in gray levels per pixel."""
        raise NotImplementedError

    def _size(self) -> tuple[float, int]:
        """Standard deviation of the window in pixels, and how far apart corners are at least."""
        raise NotImplementedError

    def _detect(self, level: _Level) -> Float64:
        """``(N, 5)`` x, y, scale, angle 0 and response, in pixels of the picture."""
        sigma, radius = self._size()
        values = self._measure(level.gray)
        peaks = find_peaks(values, radius=radius, threshold=0.0)
        strength = self._strength(values[peaks[:, 1], peaks[:, 0]])
        strong = strength > self.contrast
        peaks, strength = peaks[strong], strength[strong]
        table = np.zeros((len(peaks), 5))
        table[:, :2] = (refine_peaks(values, peaks) + 0.5) / level.factors - 0.5
        table[:, 2] = sigma * level.scale
        table[:, 4] = strength
        return table

    def _choose(self, found: Float64, shape: tuple[int, ...]) -> NDArray[np.int64]:
        return choose_spread(
            found[:, :2].astype(np.float32),
            (found[:, 4] * found[:, 2] ** self.coarseness).astype(np.float32),
            count=self.features,
            size=(shape[1], shape[0]),
            crowding=self.crowding,
        )

    def _turn(self, found: Float64, where: NDArray[np.int64], levels: list[_Level]) -> Float64:
        """Each corner once per dominant gradient, in the order that they came in."""
        rows, angles = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
        sigma = self.magnification * self._size()[0]
        for number, level in enumerate(levels):
            members = np.flatnonzero(where == number)
            points = (found[members, :2] + 0.5) * level.factors - 0.5
            which, turns = dominant_angles(level.gray, points, sigma=sigma)
            rows.append(members[which])
            angles.append(turns)
        row = np.concatenate(rows)
        order = np.argsort(row, kind="stable")
        turned = found[row[order]]
        turned[:, 3] = np.concatenate(angles)[order]
        return turned

    def _describe(self, image: Image, gray: NDArray[np.uint8], found: Float64) -> LocalFeatures:
        rows = sift_at(gray, found[:, :4] * (1, 1, self.magnification, 1))
        described = rows.any(axis=1)  # a corner far finer than its surroundings may leave nothing
        found, rows = found[described], rows[described]
        frames = found[:, :4].astype(np.float32)
        frames[:, :2] = image.to_original(found[:, :2])
        frames[:, 2] /= np.float32(np.sqrt(image.scale[0] * image.scale[1]))
        return LocalFeatures(
            frames=frames,
            descriptors=root_sift(rows, beta=self.beta),
            responses=found[:, 4].astype(np.float32),
            size=image.size,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Harris(_Corners):
    """Corners of Harris and Stephens at several scales, described by SIFT^β.

    A scale is the σ of the window; a corner may be found at several. ``scales=(1.0,)`` is the
    detector as it was published.

    Attributes:
        features: at most this many, chosen by response and spread.
        scales: the picture is shrunk by these factors.
        contrast: smallest (det M - k (trace M)²)^¼, in gray levels per pixel; this is the response.
        magnification: descriptors are of so many times the scale that was detected.
        beta: power of the descriptor; ½ is RootSIFT.
        orientation: ``dominant`` gives each gradient peak a feature, ``upright`` turns nothing.
        crowding: how much spread counts beside response.
        coarseness: responses are multiplied by scale^coarseness before the choice.
        sigma: of the window, in pixels.
        k: how much an edge is held against a pixel.

    Raises:
        UsageError: a value is out of its range.

    Source: Harris, Stephens, "A combined corner and edge detector", Alvey 1988.
    """

    sigma: float = 1.5
    k: float = 0.04

    def __post_init__(self) -> None:
        _Corners.__post_init__(self)
        if not (0.5 <= self.sigma <= 16 and 0 <= self.k < 0.25):
            raise UsageError("sigma must be from 0.5 to 16, and k from 0 to below 0.25")

    def _measure(self, gray: Float32) -> Float32:
        return harris_response(gray, sigma=self.sigma, k=self.k)

    def _strength(self, values: Float32) -> Float32:
        return np.sqrt(np.sqrt(values))

    def _size(self) -> tuple[float, int]:
        return self.sigma, max(1, round(self.sigma))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moravec(_Corners):
    """Corners of Moravec at several scales, described by SIFT^β.

    A scale is the standard deviation of the window, its side / √12. The other attributes are those
    of :class:`Harris`, without ``sigma`` and ``k``.

    Attributes:
        contrast: smallest √(mean squared difference) of a shifted window; this is the response.
        window: side in pixels, odd.

    Raises:
        UsageError: a value is out of its range.

    Source: Moravec, "Obstacle avoidance and navigation in the real world by a seeing robot rover",
    1980.
    """

    window: int = 5

    def __post_init__(self) -> None:
        _Corners.__post_init__(self)
        if not (3 <= self.window <= 31 and self.window % 2):
            raise UsageError(f"window must be odd and from 3 to 31, not {self.window}")

    def _measure(self, gray: Float32) -> Float32:
        return moravec_response(gray, window=self.window)

    def _strength(self, values: Float32) -> Float32:
        return np.asarray(np.sqrt(values) / self.window, np.float32)

    def _size(self) -> tuple[float, int]:
        return self.window / 12**0.5, self.window // 2


def _levels(gray: NDArray[np.uint8], scales: tuple[float, ...]) -> Iterator[_Level]:
    """The picture at each scale, smoothed before it is shrunk; no two of one size."""
    height, width = gray.shape
    full = gray.astype(np.float32)
    sizes: dict[tuple[int, int], float] = {}
    for scale in scales:
        sizes.setdefault((round(width / scale), round(height / scale)), scale)
    for size, scale in sizes.items():
        if min(size) < SMALLEST:
            continue
        level = full
        if size != (width, height):
            smooth = gaussian(full, ALIASING * max(scale**2 - 1, 0.01) ** 0.5)
            level = np.asarray(cv2.resize(smooth, size, interpolation=cv2.INTER_LINEAR), np.float32)
        yield _Level(level, np.array(size) / (width, height))
