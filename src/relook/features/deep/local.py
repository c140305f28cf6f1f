"""Local features of a feature map: as many descriptors as cells, the most attended are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Image, LocalFeatures
from relook.features.deep.activation import attention, centers, first_center, rows_of, smooth
from relook.features.deep.levels import SIGMAS_PER_CELL, Found, Level, gather, levels
from relook.features.deep.opening import open_deep_weights, open_deep_whitening
from relook.features.deep.settings import DeepSettings
from relook.networks.runtime import Runtime, load_network
from relook.vectors import Projection, l2_normalize

__all__ = ["DeepLocal", "load_deep"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class DeepLocal:
    """Deep local features, weighed by attention (DELF and HOW, without their training).

    At each scale every cell of the network's feature map is a feature. Its attention is the
    l2 norm of its activations; its descriptor is their average over 3 × 3 cells, l2-normalized,
    whitened (by a PCA that was fitted on such descriptors) and l2-normalized. Kept are the most
    attended of all scales. Frames lie where the cell's receptive field has its center; their scale
    is a third of the stride in original pixels; their angle is 0.

    Attributes:
        settings: what is described.
        network: gives the ``(B, C, h, w)`` map.
        projection: the whitening, or None.
        first: where the first cell looks; see :func:`~relook.features.deep.activation.centers`.

    Source: Noh, Araujo, Sim, Weyand, Han, "Large-scale image retrieval with attentive deep local
    features", ICCV 2017; Tolias, Jenicek, Chum, "Learning and aggregating deep local descriptors
    for instance-level recognition", ECCV 2020, section 3.
    """

    settings: DeepSettings
    network: Runtime
    projection: Projection | None = None
    first: float = 0.5

    def extract(self, image: Image) -> LocalFeatures:
        """Describe one image; one without pixels gives an empty record."""
        return gather(image, self._found(image), features=self.settings.features)

    def with_features(self, features: int) -> Self:
        """The same with at most so many features; weights are shared."""
        return replace(self, settings=replace(self.settings, features=features))

    def _found(self, image: Image) -> Iterator[tuple[Level, Found]]:
        for level in levels(image, self.settings.scales):
            yield level, self._find(level)

    def _find(self, level: Level) -> Found:
        activations = self.network.describe(level.pixels[None])[0]
        rows, columns = activations.shape[1:]
        height, width = level.pixels.shape[:2]
        stride = (width / columns, height / rows)
        strength = attention(activations).ravel()
        # What is not among the best of its level is not among the best of all.
        best = np.argsort(-strength, kind="stable")[: self.settings.features]
        best = best[strength[best] > 0]
        smoothed = smooth(activations) if self.settings.smoothing else activations
        return Found(
            points=centers((columns, rows), stride=stride, first=self.first)[best],
            sigma=float(np.sqrt(stride[0] * stride[1])) / SIGMAS_PER_CELL,
            responses=strength[best],
            descriptors=self._whitened(rows_of(smoothed)[best]),
        )

    def _whitened(self, rows: Float32) -> Float32:
        normalized = l2_normalize(rows)
        return normalized if self.projection is None else self.projection.transform(normalized)


def load_deep(settings: DeepSettings, *, threads: int = 1) -> DeepLocal:
    """The extractor with its weights and its whitening.

    Raises:
        FetchError: the weights are not here; the message says where to put them.
        CollectionError: weights or whitening are not those that the settings were pinned to.
        UsageError: they are of no backbone.
    """
    weights = open_deep_weights(settings)
    spec = weights.spec(pooling="", whitening=0, layer=settings.layer)
    network = load_network(
        weights,
        spec,
        backend=settings.backend,
        precision=settings.precision,
        threads=threads,
    )
    return DeepLocal(
        settings=settings,
        network=network,
        projection=open_deep_whitening(settings),
        first=first_center(spec),
    )
