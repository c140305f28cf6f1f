"""ORB and AKAZE: features whose descriptors are bits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Image, LocalFeatures
from relook.features.sift import MOST_FEATURES, ORIENTATIONS
from relook.features.spread import choose_spread

__all__ = ["Akaze", "Orb", "signed_bits"]

Float32 = NDArray[np.float32]
Points = Sequence[cv2.KeyPoint]

ORB_PATCH = 31
ORB_SIGMA = ORB_PATCH / (2 * 3 * 3**0.5)
"""ORB has no Gaussian: its patch is taken for the region of radius 3√3 σ that others have."""
ORB_BITS, AKAZE_BITS, AKAZE_WIDTH = 256, 486, 512
SMALLEST_AKAZE = 8
"""OpenCV fails on pictures of one pixel's height, and finds nothing in others as small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orb:
    """FAST corners in a pyramid, oriented BRIEF descriptors of 256 bits, as built in OpenCV.

    Attributes:
        features: at most this many, chosen by response and spread.
        surplus: this many times ``features`` are described before the choice.
        contrast: smallest difference in gray levels between a corner and the ring around it.
        levels: of the pyramid.
        factor: from one level to the next.
        orientation: ``dominant`` turns the patch to its centroid, ``upright`` does not.
        crowding: how much spread counts beside response.

    Raises:
        UsageError: a value is out of its range.

    Source: Rublee, Rabaud, Konolige, Bradski, "ORB: an efficient alternative to SIFT or SURF",
    ICCV 2011.
    """

    features: int = 1000
    surplus: float = 1.25
    contrast: float = 10.0
    levels: int = 8
    factor: float = 1.2
    orientation: Literal["dominant", "upright"] = "dominant"
    crowding: float = 0.5

    def __post_init__(self) -> None:
        _check(self.features, self.crowding, self.orientation)
        if not self.surplus >= 1:
            raise UsageError(f"surplus must be 1 or more, not {self.surplus}")
        if not (1 <= self.contrast <= 255 and 1 <= self.levels <= 16):
            raise UsageError("contrast must be from 1 to 255, and levels from 1 to 16")
        if not 1 < self.factor <= 4:
            raise UsageError(f"factor must be above 1 and at most 4, not {self.factor}")

    def extract(self, image: Image) -> LocalFeatures:
        """Detect and describe; a picture without features gives an empty record."""
        gray = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY)
        points: Points = []
        rows = None
        if min(gray.shape) > 2 * ORB_PATCH:  # else no patch lies within
            detector = self._detector()
            points = detector.detect(gray, None)
            if self.orientation == "upright":
                points = [_unturned(point) for point in points]
            points, rows = detector.compute(gray, points)
        if rows is None:
            return _empty(image.size, ORB_BITS)
        table = _table(points)
        levels = np.array([point.octave for point in points])
        table[:, :2] = _on_pixel_centers(table[:, :2], levels, self.factor, gray.shape)
        table[:, 2] *= ORB_SIGMA / ORB_PATCH
        bits = np.unpackbits(np.asarray(rows, np.uint8), axis=1)
        return _gather(self, image, table, signed_bits(bits))

    def _detector(self) -> cv2.ORB:
        return cv2.ORB.create(
            nfeatures=int(self.features * self.surplus),
            scaleFactor=self.factor,
            nlevels=self.levels,
            patchSize=ORB_PATCH,
            edgeThreshold=ORB_PATCH,
            fastThreshold=int(self.contrast),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Akaze:
    """Blobs of a nonlinear scale space, M-LDB descriptors of 486 bits, as built in OpenCV.

    Attributes:
        features: at most this many, chosen by response and spread.
        contrast: smallest determinant of the Hessian.
        octaves: of the scale space, four levels each.
        orientation: ``dominant`` turns the patch to its gradient, ``upright`` does not.
        crowding: how much spread counts beside response.

    Raises:
        UsageError: a value is out of its range.

    Source: Alcantarilla, Nuevo, Bartoli, "Fast explicit diffusion for accelerated features in
    nonlinear scale spaces", BMVC 2013.
    """

    features: int = 1000
    contrast: float = 1e-4
    octaves: int = 4
    orientation: Literal["dominant", "upright"] = "dominant"
    crowding: float = 0.5

    def __post_init__(self) -> None:
        _check(self.features, self.crowding, self.orientation)
        if not (self.contrast > 0 and 1 <= self.octaves <= 8):
            raise UsageError("contrast must be above 0, and octaves from 1 to 8")

    def extract(self, image: Image) -> LocalFeatures:
        """Detect and describe; a picture without features gives an empty record."""
        gray = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY)
        points: Points = []
        rows = None
        if min(gray.shape) >= SMALLEST_AKAZE:
            points, rows = self._detector().detectAndCompute(gray, None)
        if rows is None:
            return _empty(image.size, AKAZE_WIDTH)
        table = _table(points)
        table[:, 2] /= 2  # a diameter
        if self.orientation == "upright":
            table[:, 3] = 0
        bits = np.unpackbits(rows, axis=1, count=AKAZE_BITS, bitorder="little")
        return _gather(self, image, table, signed_bits(bits, width=AKAZE_WIDTH))

    def _detector(self) -> Any:
        # OpenCV 5 moved AKAZE to the contributed modules.
        akaze: Any = getattr(cv2, "AKAZE", None) or cv2.xfeatures2d.AKAZE
        upright = self.orientation == "upright"
        kind = "DESCRIPTOR_MLDB_UPRIGHT" if upright else "DESCRIPTOR_MLDB"
        module: Any = cv2 if hasattr(cv2, "AKAZE") else cv2.xfeatures2d
        return akaze.create(
            descriptor_type=getattr(module, f"AKAZE_{kind}"),
            threshold=self.contrast,
            nOctaves=self.octaves,
        )


def signed_bits(bits: NDArray[np.uint8], *, width: int | None = None) -> Float32:
    """Bits as vectors of length 1 whose inner product is 1 - 2 h / bits, h the Hamming distance.

    Args:
        bits: ``(N, bits)``, each 0 or 1.
        width: D; components beyond the bits are 0.

    Returns:
        ``(N, D)`` float32, a bit 1 as 1 / √bits, a bit 0 as -1 / √bits.
    """
    count = bits.shape[1]
    rows = np.zeros((len(bits), width or count), np.float32)
    rows[:, :count] = (2 * bits.astype(np.float32) - 1) / np.float32(count**0.5)
    return rows


def _check(features: int, crowding: float, orientation: str) -> None:
    if not 1 <= features <= MOST_FEATURES:
        raise UsageError(f"features must be from 1 to {MOST_FEATURES}, not {features}")
    if not crowding >= 0:
        raise UsageError(f"crowding must be 0 or more, not {crowding}")
    if orientation not in ORIENTATIONS:
        choices = ", ".join(ORIENTATIONS)
        raise UsageError(f"orientation must be one of {choices}, not {orientation!r}")


def _unturned(point: cv2.KeyPoint) -> cv2.KeyPoint:
    point.angle = 0.0
    return point


def _table(points: Points) -> Float32:
    """``(N, 5)`` float32: x, y, diameter, degrees, response."""
    rows = [(*point.pt, point.size, point.angle, point.response) for point in points]
    return np.array(rows, np.float32).reshape(-1, 5)


def _on_pixel_centers(
    points: Float32, levels: NDArray[np.int64], factor: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Where points of a pyramid are in the picture.

    OpenCV multiplies positions by the factor of their level, which takes the corner of the first
    pixel for its center, and the level for as large as it was before its sides were rounded.
    """
    shrunk = (factor**levels)[:, None]
    size = np.array(shape[::-1], np.float64)
    exact = size / np.round(size / shrunk)
    return (points / shrunk + 0.5) * exact - 0.5


def _gather(made: Orb | Akaze, image: Image, table: Float32, descriptors: Float32) -> LocalFeatures:
    """Choose from x, y, sigma, degrees, response in pixels of the picture as it is."""
    height, width = image.pixels.shape[:2]
    strong = np.flatnonzero(table[:, 4] > 0)  # an edge has a negative response
    chosen = strong[
        choose_spread(
            table[strong, :2],
            table[strong, 4],
            count=made.features,
            size=(width, height),
            crowding=made.crowding,
        )
    ]
    table = table[chosen]
    frames = np.empty((len(table), 4), np.float32)
    frames[:, :2] = image.to_original(table[:, :2])
    frames[:, 2] = table[:, 2] / np.sqrt(image.scale[0] * image.scale[1])
    frames[:, 3] = np.deg2rad(table[:, 3])
    return LocalFeatures(
        frames=frames,
        descriptors=descriptors[chosen],
        responses=table[:, 4].copy(),
        size=image.size,
    )


def _empty(size: tuple[int, int], width: int) -> LocalFeatures:
    return LocalFeatures(
        frames=np.zeros((0, 4), np.float32),
        descriptors=np.zeros((0, width), np.float32),
        responses=np.zeros(0, np.float32),
        size=size,
    )
