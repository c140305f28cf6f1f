"""Spatial verification of the best candidates, fused with what the first stage thought."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.protocols import DescriptionStore
from relook.core.records import Evidence, LocalCodes, Ranking
from relook.matching import Geometry, Tolerance, match_codes, verify

__all__ = ["SpatialReRanker", "make_evidence", "outline"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpatialReRanker:
    """Verify the first ``candidates`` and multiply their score by 1 + strength of the evidence.

    The strength is the sum of the inliers' match scores, each between 0 and 1. The product asks
    both witnesses: many inliers on a picture that shares little else, as repeated windows make,
    do not outrank fewer inliers on one that shares a lot. A candidate without evidence keeps its
    score, so candidates without evidence keep their order.

    Attributes:
        candidates: how many of the ranking are verified.
        min_inliers: fewer are no evidence.
        min_strength: less is no evidence.
        verified_strength: from here on evidence is called verified.
        max_distance: Hamming distance in bits of tentative matches.
        tolerance: of the geometry, in described pixels.
        longest: longer side in pixels that images were described at; where the original is
            larger, tolerances grow with it.
        threads: verify so many candidates at a time.
    """

    candidates: int = 100
    min_inliers: int = 5
    min_strength: float = 1.0
    verified_strength: float = 3.0
    max_distance: int = 48
    tolerance: Tolerance = Tolerance()
    longest: int = 1024
    threads: int = 2

    def rerank(self, query: LocalCodes, ranking: Ranking, store: DescriptionStore) -> Ranking:
        """Reorder ``ranking``; the same ids, evidence where an image was verified."""
        found = self.examine(query, ranking.ids[: self.candidates].tolist(), store)
        evidence = (*found, *(None for _ in ranking.ids[self.candidates :]))
        scores = ranking.scores.copy()
        scores[: len(found)] *= [1.0 if item is None else 1.0 + item.strength for item in found]
        order = np.lexsort((np.arange(len(scores)), -scores))
        return Ranking(ranking.ids[order], scores[order], tuple(evidence[row] for row in order))

    def examine(
        self, query: LocalCodes, ids: Sequence[int], store: DescriptionStore
    ) -> list[Evidence | None]:
        """Hold these images against the query; None where there is no evidence."""
        codes = store.codes(ids)
        return self._verify_all(query, [codes.get(id_) for id_ in ids])

    def verify(self, query: LocalCodes, other: LocalCodes) -> Evidence | None:
        """Hold one image against the query; None where it is not verified."""
        matches = match_codes(query, other, max_distance=self.max_distance)
        if len(matches) < self.min_inliers:
            return None
        geometry = verify(
            query.frames,
            other.frames,
            matches,
            tolerance=self.tolerance,
            unit=self._unit(query),
            other_unit=self._unit(other),
            shapes=query.shapes,
            other_shapes=other.shapes,
        )
        if geometry is None or len(geometry.inliers) < self.min_inliers:
            return None
        if geometry.strength < self.min_strength:
            return None
        verified = geometry.strength >= self.verified_strength
        return make_evidence(query, other, geometry, verified=verified)

    def _verify_all(
        self, query: LocalCodes, others: Sequence[LocalCodes | None]
    ) -> list[Evidence | None]:
        def verify_one(other: LocalCodes | None) -> Evidence | None:
            return None if other is None else self.verify(query, other)

        if self.threads == 1 or len(others) < 2 * self.threads:
            return [verify_one(other) for other in others]
        # One task per thread: handing over each candidate costs as much as looking at it.
        found: list[Evidence | None] = [None] * len(others)

        def verify_share(first: int) -> None:
            for row in range(first, len(others), self.threads):
                found[row] = verify_one(others[row])

        with ThreadPoolExecutor(self.threads) as pool:
            list(pool.map(verify_share, range(self.threads)))
        return found

    def _unit(self, codes: LocalCodes) -> float:
        return max(1.0, max(codes.size) / self.longest)


def outline(points: Float32) -> Float32:
    """The upright rectangle around ``(N, 2)`` points, ``(4, 2)`` clockwise from left top."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return np.array(corners, np.float32)


def make_evidence(
    query: LocalCodes, other: LocalCodes, geometry: Geometry, *, verified: bool = True
) -> Evidence:
    """What the geometry says about two images, in points of both."""
    pairs = geometry.inliers.pairs
    points = query.frames[pairs[:, 0], :2]
    region = outline(points)
    theirs = other.frames[pairs[:, 1], :2]
    mapped = np.c_[region, np.ones(4)] @ geometry.transform.T
    depth = mapped[:, 2:]
    sound = depth.min() > 0.1 * depth.max()  # else a corner lies near or behind the horizon
    return Evidence(
        inliers=len(pairs),
        strength=geometry.strength,
        transform=geometry.transform,
        query_points=points,
        points=theirs,
        query_region=region,
        region=(mapped[:, :2] / depth).astype(np.float32) if sound else outline(theirs),
        verified=verified,
        share=_hull_share(theirs, other.size),
    )


def _hull_share(points: Float32, size: tuple[int, int]) -> float:
    """Share of a picture of this (width, height) within the convex hull of ``(N, 2)`` points."""
    return min(1.0, float(cv2.contourArea(cv2.convexHull(points))) / (size[0] * size[1]))
