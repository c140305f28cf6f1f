"""Where diffusion starts: y, as images and what each is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import UsageError
from relook.core.records import Ranking
from relook.reranking.expansion import expansion_weights

__all__ = ["Seeds"]


@dataclass(frozen=True, slots=True, eq=False)
class Seeds:
    """Images that the query is joined with; the query itself is no node.

    Attributes:
        ids: ``(S,)`` int64, increasing.
        weights: ``(S,)`` float64, not negative.
    """

    ids: NDArray[np.int64]
    weights: NDArray[np.float64]

    def __post_init__(self) -> None:
        check_array("ids", self.ids, shape=(None,), dtype=np.int64)
        check_array("weights", self.weights, shape=(len(self.ids),), dtype=np.float64)
        check_finite("weights", self.weights)
        if np.any(self.weights < 0) or np.any(np.diff(self.ids) <= 0):
            raise UsageError("seeds are increasing ids with weights of 0 or more")

    @classmethod
    def nearest(cls, *rankings: Ranking, k: int, gamma: float = 3.0) -> Seeds:
        """The first ``k`` of the answers to each query point, by max(s, 0)^γ, summed.

        Source: Iscen, Tolias, Avrithis, Furon, Chum, CVPR 2017 (several query points).
        """
        if k < 1:
            raise UsageError(f"k must be at least 1, not {k}")
        parts = [
            _collect(ranking.ids[:k], expansion_weights(ranking.scores[:k], alpha=gamma))
            for ranking in rankings
        ]
        return sum(parts, start=cls.none())

    @classmethod
    def verified(cls, ranking: Ranking, *, k: int = 10) -> Seeds:
        """The ``k`` images with the strongest verified evidence, the strongest worth 1.

        Source: Radenović, Iscen, Tolias, Avrithis, Chum, "Revisiting Oxford and Paris",
        CVPR 2018: diffusion from geometrically verified images.
        """
        found = [
            (id_, item.strength)
            for id_, item in zip(ranking.ids.tolist(), ranking.evidence, strict=False)
            if item is not None and item.verified and item.strength > 0
        ]
        found = sorted(found, key=lambda pair: -pair[1])[:k]
        ids = np.array([id_ for id_, _ in found], np.int64)
        strengths = np.array([strength for _, strength in found], np.float64)
        return _collect(ids, strengths / strengths.max(initial=1e-300))

    @classmethod
    def none(cls) -> Seeds:
        """No image at all."""
        return cls(np.zeros(0, np.int64), np.zeros(0))

    def __len__(self) -> int:
        return len(self.ids)

    def __add__(self, other: Seeds) -> Seeds:
        ids = np.concatenate([self.ids, other.ids])
        return _collect(ids, np.concatenate([self.weights, other.weights]))

    def scaled(self, factor: float) -> Seeds:
        """The same images, worth ``factor`` times as much."""
        return Seeds(self.ids, self.weights * factor)


def _collect(ids: NDArray[np.int64], weights: NDArray[np.float64]) -> Seeds:
    unique, places = np.unique(ids, return_inverse=True)
    summed = np.bincount(places, weights, len(unique)).astype(np.float64)
    return Seeds(unique, summed)
