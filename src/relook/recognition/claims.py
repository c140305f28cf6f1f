"""What speaks for each label: the results of a search, read with the labels of the images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.recognition.observation import Observation

__all__ = ["FEATURES", "Claims", "make_claims"]

FEATURES = ("one", "strength", "surprise", "query share", "share", "middle")
"""The columns of :attr:`Claims.features`.

- one: 1, for a claim at all;
- strength: ln(1 + strength) of the label's best evidence;
- surprise: ln(1 + the highest standard score of its images), none below 0;
- query share, share: √ of the share of the query, and of the image, that its inliers span;
- middle: 1 where the middle of the query lies on what matches, less the farther it is away, 0
  without evidence.

Support by several images is no feature: one thing in the background is seen on all of its pictures.
"""

_MOST = 10
"""Labels that compete: those of the best results."""


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """The labels that a query may have.

    Attributes:
        labels: ``L`` names, in order of their best image.
        images: ``(L,)`` int64, the image that speaks most for each.
        features: ``(L, F)`` float64, see :data:`FEATURES`.
        counts: ``(L,)`` int64, how many of the results have each label.
        rivals: ``(L, L)`` bool, whether two labels exclude each other: they do unless the image
            that speaks for one has the other too.
    """

    labels: tuple[str, ...]
    images: NDArray[np.int64]
    features: NDArray[np.float64]
    counts: NDArray[np.int64]
    rivals: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.labels)


def make_claims(observation: Observation, labels: Mapping[int, tuple[str, ...]]) -> Claims:
    """What speaks for each label.

    Args:
        observation: what the search found.
        labels: of images; one without labels may be missing.
    """
    rows: dict[str, list[int]] = {}
    for row, image in enumerate(observation.ids.tolist()):
        for label in labels.get(image, ()):
            if label in rows or len(rows) < _MOST:
                rows.setdefault(label, []).append(row)
    names = tuple(rows)
    best = np.array([_best(observation, of) for of in rows.values()], np.int64)
    features = [
        _features(observation, of, top) for of, top in zip(rows.values(), best, strict=True)
    ]
    images = observation.ids[best]
    having = [set(labels[image]) for image in images.tolist()]
    rivals = np.array(
        [[b not in having[i] and a not in having[j] for j, b in enumerate(names)]
         for i, a in enumerate(names)], np.bool_,
    ).reshape(len(names), len(names))  # fmt: skip
    table = np.array(features, np.float64).reshape(len(names), len(FEATURES))
    counts = np.array([len(of) for of in rows.values()], np.int64)
    return Claims(names, images, table, counts, rivals)


def _best(seen: Observation, rows: list[int]) -> int:
    """The row with the strongest evidence; without evidence the most similar."""
    return max(rows, key=lambda row: (seen.strengths[row], seen.similarities[row], -row))


def _features(seen: Observation, rows: list[int], best: int) -> tuple[float, ...]:
    strength = float(seen.strengths[best])
    surprise = max(0.0, float(seen.surprises[rows].max()))
    return (
        1.0,
        float(np.log1p(strength)),
        float(np.log1p(surprise)),
        float(np.sqrt(seen.query_shares[best])),
        float(np.sqrt(seen.shares[best])),
        1.0 - float(seen.offsets[best]) if strength > 0 else 0.0,
    )
