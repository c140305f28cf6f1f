"""What lower precision of the network changes, whitened as in float32."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.datasets.gnd import GroundTruth
from relook.vectors import Projection
from reproduce.global_descriptors.describing import Series, Vectors
from reproduce.global_descriptors.fitting import apply
from reproduce.global_descriptors.measuring import scores_of
from reproduce.global_descriptors.settings import Setting

__all__ = ["Precise", "compare", "series_in"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Precise:
    """One precision beside float32.

    Attributes:
        name: of the precision.
        least: smallest cosine of a vector to that of float32, before whitening.
        mean: the mean of these cosines.
        whitened: the mean after whitening.
        map: over all queries.
    """

    name: str
    least: float
    mean: float
    whitened: float
    map: float


def series_in(setting: Setting, precision: str) -> list[Series]:
    """What has to be described for one setting."""
    return [Series(setting.layer, scale, (setting.pooling,), precision) for scale in setting.scales]


def compare(
    truth: GroundTruth,
    setting: Setting,
    whitening: Projection | None,
    found: dict[str, Vectors],
) -> list[Precise]:
    """Compare precisions by name, ``f32`` among them."""
    plain = {name: _rows(vectors, setting) for name, vectors in found.items()}
    ready = {name: apply(whitening, rows) for name, rows in plain.items()}
    rows = []
    for name in found:
        cosines = np.einsum("nd,nd->n", plain[name], plain["f32"], dtype=np.float64)
        after = np.einsum("nd,nd->n", ready[name], ready["f32"], dtype=np.float64)
        score = scores_of(truth, ready[name]).overall.map
        rows.append(
            Precise(name, float(cosines.min()), float(cosines.mean()), float(after.mean()), score)
        )
    return rows


def _rows(vectors: Vectors, setting: Setting) -> Float32:
    return vectors.pooled(setting.pooling, setting.scales)[:, 0]
