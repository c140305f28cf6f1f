"""Which local features a channel describes pictures by, and the extractor that finds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from relook.core.errors import UsageError
from relook.core.records import Image
from relook.features import MOST_FEATURES, Sift

if TYPE_CHECKING:
    from relook.core.protocols import Extractor

__all__ = ["DetectorName", "DetectorSettings", "descriptor_length", "make_extractor"]

DetectorName = Literal["sift", "hesaff", "haraff", "mser", "harris", "moravec", "orb", "akaze"]
"""What :func:`relook.features.make_features` makes without weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSettings:
    """Features of the detectors other than SIFT; see :func:`relook.features.make_features`.

    Attributes:
        features: at most this many per picture.
        orientation: ``dominant`` gradient, or ``upright`` for pictures that are held level.
        beta: power of SIFT descriptors; ½ is RootSIFT.
        contrast: smallest response of the detector, in its own unit; 0 takes its own default.
        regions: sizes of the measurement region, whose descriptors are put side by side.
    """

    features: int = 1000
    orientation: Literal["dominant", "upright"] = "dominant"
    beta: float = 0.5
    contrast: float = 0.0
    regions: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        if not 1 <= self.features <= MOST_FEATURES:
            raise UsageError(f"features must be from 1 to {MOST_FEATURES}, not {self.features}")
        if not (self.beta > 0 and self.contrast >= 0):
            raise UsageError("beta must be above 0, and contrast 0 or more")
        if not self.regions or not all(0 < region <= 4 for region in self.regions):
            raise UsageError("regions must be one or more factors above 0 and up to 4")

    @property
    def options(self) -> dict[str, Any]:
        """What differs from the defaults, and the number of features."""
        named = {field.name: field.default for field in fields(self)}
        said = {name: value for name, value in asdict(self).items() if value != named[name]}
        return {**said, "features": self.features}


def make_extractor(
    name: str, *, sift: Sift, detector: DetectorSettings, features: int = 0
) -> Extractor:
    """The extractor of a channel, with at least so many ``features``.

    Raises:
        UsageError: the detector has no such option.
    """
    from relook.features import make_features  # noqa: PLC0415 - loads what only some need

    options: Mapping[str, Any] = asdict(sift) if name == "sift" else detector.options
    return make_features(name, **{**options, "features": max(options["features"], features)})


def descriptor_length(extractor: Extractor) -> int:
    """Dimensions of what an extractor describes by, also where it finds nothing."""
    blank = Image(np.zeros((64, 64, 3), np.uint8), (64, 64))
    length: int = extractor.extract(blank).descriptors.shape[1]
    return length
