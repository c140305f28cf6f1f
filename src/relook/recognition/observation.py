"""What a search found for a query, in numbers that recognition reads, before any label is seen."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from relook.core.checks import check_array
from relook.core.records import Box, Evidence, Ranking

__all__ = ["DEPTH", "KEPT", "Observation", "observe"]

DEPTH = 300
"""Results to ask a search for: those that may speak for a label, and strangers behind them."""

KEPT = 100
"""The best results, which may speak for a label."""

_STRANGERS = 50
"""Rank from which results are taken for strangers; in small collections, the second half."""

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """The best results of a search, best first.

    Attributes:
        ids: ``(K,)`` int64, of images.
        similarities: ``(K,)`` float32, what the first stage says, without geometry.
        surprises: ``(K,)`` float32, standard scores of ``similarities`` among the strangers that
            follow the best results.
        strengths: ``(K,)`` float32, what the inliers of each are worth; 0 without evidence.
        query_shares: ``(K,)`` float32, share of the query within the hull of the inliers.
        shares: ``(K,)`` float32, share of the result within the hull of the inliers.
        offsets: ``(K,)`` float32, distance of the inliers' mean from the middle of the query, 1 in
            a corner; 0 without evidence.
    """

    ids: Int64
    similarities: Float32
    surprises: Float32
    strengths: Float32
    query_shares: Float32
    shares: Float32
    offsets: Float32

    def __post_init__(self) -> None:
        check_array("ids", self.ids, shape=(None,), dtype=np.int64)
        for name in COLUMNS:
            check_array(name, getattr(self, name), shape=(len(self.ids),), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.ids)

    def without(self, images: Collection[int]) -> Observation:
        """The same results, these images left out."""
        if not images:
            return self
        keep = ~np.isin(self.ids, np.fromiter(images, np.int64, len(images)))
        return Observation(self.ids[keep], *(getattr(self, name)[keep] for name in COLUMNS))


COLUMNS = (
    "similarities",
    "surprises",
    "strengths",
    "query_shares",
    "shares",
    "offsets",
)
"""Everything about a result but its id."""


def observe(ranking: Ranking, similarities: ArrayLike, *, frame: Box) -> Observation:
    """Read a ranking.

    Args:
        ranking: the first :data:`DEPTH` results; fewer in a small collection.
        similarities: ``(R,)``, what the first stage says of each, without geometry.
        frame: the part of the query that was searched for, in its original pixels.
    """
    likeness = np.asarray(similarities, np.float64)
    kept = slice(KEPT)
    evidence = (ranking.evidence or (None,) * len(ranking))[kept]
    proof = np.zeros((4, len(evidence)), np.float32)
    for row, item in enumerate(evidence):
        if item is not None:
            proof[:, row] = _read(item, frame)
    return Observation(
        ranking.ids[kept],
        likeness[kept].astype(np.float32),
        _surprises(likeness)[kept].astype(np.float32),
        *proof,
    )


def _surprises(similarities: NDArray[np.float64]) -> NDArray[np.float64]:
    ordered = np.sort(similarities)[::-1]
    strangers = ordered[min(_STRANGERS, len(ordered) // 2) :]
    spread = float(strangers.std()) if len(strangers) > 1 else 0.0
    if spread <= 1e-9:  # nothing to stand out from
        return np.zeros(len(similarities))
    surprises: NDArray[np.float64] = (similarities - strangers.mean()) / spread
    return surprises


def _read(evidence: Evidence, frame: Box) -> tuple[float, float, float, float]:
    points = evidence.query_points
    within = cv2.contourArea(cv2.convexHull(points)) / (frame.width * frame.height)
    x, y = points.mean(axis=0).tolist()
    across, down = 2 * (x - frame.x) / frame.width - 1, 2 * (y - frame.y) / frame.height - 1
    offset = math.hypot(across, down) / math.sqrt(2)
    return evidence.strength, min(within, 1.0), evidence.share, min(offset, 1.0)
