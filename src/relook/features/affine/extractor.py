"""What the affine extractors share: shape, choose, turn, describe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Image, LocalFeatures
from relook.features.affine.patches import describe, find_angles
from relook.features.affine.pyramid import Pyramid, make_pyramid
from relook.features.affine.sift_patch import DIMENSIONS
from relook.features.rootsift import root_sift
from relook.features.sift import MOST_FEATURES, ORIENTATIONS
from relook.features.spread import choose_spread

__all__ = ["AffineExtractor"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineExtractor:
    """Affine covariant regions with SIFT^β descriptors.

    A detector of its own finds the regions; this does the rest.

    Attributes:
        features: at most this many, chosen by response and spread.
        surplus: this many times ``features`` are given a shape before the choice.
        beta: power of the descriptor; ½ is RootSIFT.
        orientation: ``dominant`` gives each gradient peak a feature; ``upright`` (the gravity
            vector of Perdoch, Chum, Matas) keeps what is vertical vertical.
        regions: measurement regions relative to 3√3 scales; the descriptors of several stand
            side by side, each of length one.
        crowding: how much spread counts beside response.
        coarseness: responses are multiplied by scale^coarseness before the choice.

    Raises:
        UsageError: a value is out of its range.
    """

    features: int = 1000
    surplus: float = 1.5
    beta: float = 0.5
    orientation: Literal["dominant", "upright"] = "dominant"
    regions: tuple[float, ...] = (1.0,)
    crowding: float = 0.5
    coarseness: float = 0.5

    def __post_init__(self) -> None:
        if not 1 <= self.features <= MOST_FEATURES:
            raise UsageError(f"features must be from 1 to {MOST_FEATURES}, not {self.features}")
        # Written so that NaN is refused too.
        if not (self.surplus >= 1 and self.beta > 0):
            raise UsageError("surplus must be 1 or more, and beta above 0")
        if not (self.crowding >= 0 and 0 <= self.coarseness <= 2):
            raise UsageError("crowding must be 0 or more, and coarseness from 0 to 2")
        if self.orientation not in ORIENTATIONS:
            choices = ", ".join(ORIENTATIONS)
            raise UsageError(f"orientation must be one of {choices}, not {self.orientation!r}")
        if not self.regions or not all(0.1 <= region <= 10 for region in self.regions):
            raise UsageError("regions must be one or more factors from 0.1 to 10")

    def extract(self, image: Image) -> LocalFeatures:
        """Detect and describe; a picture without features gives an empty record."""
        gray = np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        pyramid = make_pyramid(gray.astype(np.float32) / np.float32(255))
        points, shapes = self._find(gray, pyramid)
        chosen = self._choose(points, gray.shape, self.features)
        points, shapes = points[chosen], shapes[chosen]
        frames = np.c_[points[:, :3], np.zeros(len(points), np.float32)]
        if self.orientation == "dominant":
            rows, angles = find_angles(pyramid, frames, shapes)
            rows, angles = rows[: self.features], angles[: self.features]
            points, shapes, frames = points[rows], shapes[rows], frames[rows]
            frames[:, 3] = angles
        return self._record(image, pyramid, frames, shapes, points[:, 3])

    def _find(self, gray: NDArray[np.uint8], pyramid: Pyramid) -> tuple[Float32, Float32]:
        """Regions: ``(N, 4)`` x, y, scale and response, and ``(N, 2)`` shapes."""
        raise NotImplementedError

    def _choose(self, points: Float32, shape: tuple[int, ...], count: int) -> NDArray[np.int64]:
        return choose_spread(
            points[:, :2],
            points[:, 3] * points[:, 2] ** np.float32(self.coarseness),
            count=count,
            size=(shape[1], shape[0]),
            crowding=self.crowding,
        )

    def _record(
        self, image: Image, pyramid: Pyramid, frames: Float32, shapes: Float32, responses: Float32
    ) -> LocalFeatures:
        raw = describe(pyramid, frames, shapes, regions=self.regions)
        blocks = root_sift(raw.reshape(-1, DIMENSIONS), beta=self.beta)
        placed = frames.copy()
        placed[:, :2] = image.to_original(frames[:, :2])
        placed[:, 2] /= np.float32(np.sqrt(image.scale[0] * image.scale[1]))
        return LocalFeatures(
            frames=placed,
            descriptors=blocks.reshape(len(frames), DIMENSIONS * len(self.regions)),
            responses=np.ascontiguousarray(responses),
            size=image.size,
            shapes=shapes,
        )
