"""What a search found for a query, in numbers that recognition reads, before any label is seen."""

from __future__ import annotations

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
"""The best results: of a pseudo-query, many may be left out again."""

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
        offsets: ``(K,)`` float32, distance of the query's middle from the hull of the inliers, in
            halves of its shorter side, at most 1; 0 within it, and without evidence.
        boxes: ``(K, 4)`` float32, left, top, right and bottom of the inliers in the query, in
            shares of its sides; NaN without evidence.
    """

    ids: Int64
    similarities: Float32
    surprises: Float32
    strengths: Float32
    query_shares: Float32
    shares: Float32
    offsets: Float32
    boxes: Float32

    def __post_init__(self) -> None:
        check_array("ids", self.ids, shape=(None,), dtype=np.int64)
        for name in COLUMNS:
            tail = (4,) if name == "boxes" else ()
            check_array(name, getattr(self, name), shape=(len(self.ids), *tail), dtype=np.float32)

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
    "boxes",
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
    boxes = np.full((len(evidence), 4), np.nan, np.float32)
    for row, item in enumerate(evidence):
        if item is not None:
            proof[:, row], boxes[row] = _read(item, frame)
    return Observation(
        ranking.ids[kept],
        likeness[kept].astype(np.float32),
        _surprises(likeness)[kept].astype(np.float32),
        proof[0],
        proof[1],
        proof[2],
        proof[3],
        boxes,
    )


def _surprises(similarities: NDArray[np.float64]) -> NDArray[np.float64]:
    ordered = np.sort(similarities)[::-1]
    strangers = ordered[min(_STRANGERS, len(ordered) // 2) :]
    spread = float(strangers.std()) if len(strangers) > 1 else 0.0
    if spread <= 1e-9:  # nothing to stand out from
        return np.zeros(len(similarities))
    surprises: NDArray[np.float64] = (similarities - strangers.mean()) / spread
    return surprises


def _read(
    evidence: Evidence, frame: Box
) -> tuple[tuple[float, float, float, float], tuple[float, float, float, float]]:
    """What the evidence is worth, the shares of both pictures, the offset; and the box."""
    hull = cv2.convexHull(evidence.query_points)
    within = cv2.contourArea(hull) / (frame.width * frame.height)
    middle = (frame.x + frame.width / 2, frame.y + frame.height / 2)
    inside = cv2.pointPolygonTest(hull, middle, measureDist=True)
    offset = max(0.0, -2 * inside / min(frame.width, frame.height))
    (left, top), (right, bottom) = evidence.query_region[0], evidence.query_region[2]
    box = (
        (left - frame.x) / frame.width,
        (top - frame.y) / frame.height,
        (right - frame.x) / frame.width,
        (bottom - frame.y) / frame.height,
    )
    return (evidence.strength, min(within, 1.0), evidence.share, min(offset, 1.0)), box
