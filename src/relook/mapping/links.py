"""Links: two pictures of a collection that show the same thing, and where in both it lies."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.records import Evidence

__all__ = ["CELLS", "Link", "Links", "central", "spread_of"]

CELLS = 16
"""Cells per side that a picture is divided into to say where in it something lies."""

_BLUR = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Link:
    """Verified evidence between two pictures.

    Attributes:
        pair: their ids, the lower first.
        strength: of the evidence; see :class:`~relook.core.records.Evidence`.
        inliers: matches that agree.
        transform: ``(3, 3)`` float64, points of the first to points of the second.
        places: ``(2, CELLS²)`` uint8 inliers in each cell of the first and of the second.
    """

    pair: tuple[int, int]
    strength: float
    inliers: int
    transform: NDArray[np.float64]
    places: NDArray[np.uint8]

    def side(self, id_: int) -> int:
        """0 for the first picture, 1 for the second."""
        return int(id_ != self.pair[0])

    def other(self, id_: int) -> int:
        """The picture at the other end."""
        return self.pair[1 - self.side(id_)]


class Links:
    """The strongest link of each pair."""

    def __init__(self) -> None:
        self._links: dict[tuple[int, int], Link] = {}

    def __len__(self) -> int:
        return len(self._links)

    def __contains__(self, pair: tuple[int, int]) -> bool:
        return (min(pair), max(pair)) in self._links

    def all(self) -> list[Link]:
        """All of them, in order of the pairs."""
        return [self._links[pair] for pair in sorted(self._links)]

    def add(
        self,
        query: int,
        other: int,
        evidence: Evidence,
        *,
        sizes: tuple[tuple[int, int], tuple[int, int]],
    ) -> None:
        """Note evidence of a query for another picture; ``sizes`` are theirs in pixels."""
        pair = (min(query, other), max(query, other))
        known = self._links.get(pair)
        if known is not None and known.strength >= evidence.strength:
            return
        places = [
            _cells(points, size)
            for points, size in zip((evidence.query_points, evidence.points), sizes, strict=True)
        ]
        transform = evidence.transform
        if query != pair[0]:
            places.reverse()
            transform = np.asarray(np.linalg.pinv(transform), np.float64)
        self._links[pair] = Link(
            pair, evidence.strength, evidence.inliers, transform, np.stack(places)
        )


def _cells(points: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.uint8]:
    cells = np.clip((points + 0.5) / size * CELLS, 0, CELLS - 1).astype(np.int64)
    counts = np.bincount(cells[:, 1] * CELLS + cells[:, 0], minlength=CELLS * CELLS)
    return np.minimum(counts, 255).astype(np.uint8)


def spread_of(places: NDArray[np.uint8]) -> NDArray[np.float32]:
    """``(L, CELLS²)`` counts as distributions over the picture, a little blurred."""
    grids = places.reshape(-1, CELLS, CELLS).astype(np.float32)
    soft = np.array([cv2.GaussianBlur(grid, (0, 0), _BLUR) for grid in grids])
    flat = soft.reshape(len(grids), -1)
    return np.asarray(flat / flat.sum(axis=1, keepdims=True), np.float32)


def central(covered: NDArray[np.bool_]) -> float:
    """How much of the picture ``(CELLS²,)`` cells cover, its middle counting most."""
    away = (np.arange(CELLS) - (CELLS - 1) / 2) / (CELLS / 2)
    weights = np.exp(-1.5 * (away[:, None] ** 2 + away**2)).ravel()
    return float(weights[covered].sum() / weights.sum())
