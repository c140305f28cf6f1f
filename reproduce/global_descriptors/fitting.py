"""Whitenings, each fitted on the photos alone."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from relook.vectors import LearnedWhitening, PcaWhitening, Projection
from reproduce.global_descriptors.describing import Vectors
from reproduce.global_descriptors.pictures import pairs_of
from reproduce.global_descriptors.settings import Setting

__all__ = ["Whitenings", "apply"]

Float32 = NDArray[np.float32]

FLATTEN = 0.5
"""Of ``Lw, flat``; see :class:`~relook.vectors.LearnedWhitening`."""


class Whitenings:
    """Fits what a setting asks for, once for all its dimensions.

    PCA and Lw see the same vectors, those of the photos and of their views; Lw also knows which
    show the same photo.

    Args:
        vectors: of the photos, by layer.
    """

    def __init__(self, vectors: dict[str, Vectors]) -> None:
        self._vectors = vectors
        self._fitted: dict[tuple[object, ...], Projection] = {}

    def of(self, setting: Setting) -> Projection | None:
        """The whitening of a setting, cut to its dimensions; None where there is none."""
        if setting.whitening == "none":
            return None
        key = (setting.layer, setting.pooling, setting.scales, setting.whitening)
        if key not in self._fitted:
            self._fitted[key] = self._fit(setting)
        found = self._fitted[key]
        return found.truncated(setting.dimensions) if setting.dimensions else found

    def _fit(self, setting: Setting) -> Projection:
        by_photo = self._vectors[setting.layer].pooled(setting.pooling, setting.scales)
        photos, views, dimensions = by_photo.shape
        rows = by_photo.reshape(-1, dimensions)
        if setting.whitening == "PCA":
            return PcaWhitening().fit(rows).as_projection()
        learned = LearnedWhitening(flatten=FLATTEN if setting.whitening == "Lw, flat" else 0.0)
        return learned.fit(rows, pairs_of(photos, views)).as_projection()


def apply(whitening: Projection | None, vectors: Float32) -> Float32:
    """``(N, D)`` → ``(N, d)``."""
    transform = partial(np.asarray, dtype=np.float32) if whitening is None else whitening.transform
    return transform(vectors)
