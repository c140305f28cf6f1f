"""ALIKED's key points at several scales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Self

from relook.core.errors import UsageError
from relook.core.records import Image, LocalFeatures
from relook.features.deep.levels import Found, Level, gather, levels
from relook.features.deep.opening import open_deep_weights, open_deep_whitening
from relook.features.deep.settings import DeepSettings
from relook.vectors import Projection

if TYPE_CHECKING:
    from relook.networks.local import AlikedRunner

__all__ = ["Aliked", "load_aliked"]

SIGMA = 4.0
"""Scale in pixels of a level: descriptors gather from about 16 pixels on each side."""


@dataclass(frozen=True, slots=True, eq=False)
class Aliked:
    """Key points and descriptors of ALIKED, the strongest of all scales.

    ALIKED knows one scale only; the level that a point is found in gives its frame a scale, of 4
    pixels of that level. Angles are 0.

    Attributes:
        settings: what is described.
        network: finds and describes.
        projection: a whitening of the descriptors, or None.

    Source: Zhao, Wu, Chen, Chen, Xu, "ALIKED: a lighter keypoint and descriptor extraction network
    via deformable transformation", IEEE Transactions on Instrumentation and Measurement 2023.
    """

    settings: DeepSettings
    network: AlikedRunner
    projection: Projection | None = None

    def extract(self, image: Image) -> LocalFeatures:
        """Describe one image; one without pixels gives an empty record."""
        return gather(image, self._found(image), features=self.settings.features)

    def with_features(self, features: int) -> Self:
        """The same with at most so many features; weights are shared."""
        return replace(self, settings=replace(self.settings, features=features))

    def _found(self, image: Image) -> Iterator[tuple[Level, Found]]:
        for level in levels(image, self.settings.scales):
            points, scores, rows = self.network.detect(level.pixels, count=self.settings.features)
            if self.projection is not None:
                rows = self.projection.transform(rows)
            yield level, Found(points=points, sigma=SIGMA, responses=scores, descriptors=rows)


def load_aliked(settings: DeepSettings, *, threads: int = 1) -> Aliked:
    """The extractor with its weights.

    Raises:
        UsageError: torch is not installed, or no weights are named.
        FetchError: the weights are not here; the message says where to put them.
        CollectionError: they are not those that the settings were pinned to.
        FormatError: they are not ALIKED's.
    """
    weights = open_deep_weights(settings)
    if find_spec("torch") is None:
        raise UsageError('ALIKED runs with torch; pip install "relook[networks]"')
    from relook.networks.local import AlikedRunner  # noqa: PLC0415 - needs torch

    network = AlikedRunner.from_arrays(weights.tensors().arrays, threads=threads)
    return Aliked(settings=settings, network=network, projection=open_deep_whitening(settings))
