"""Where pictures lie that were found along a walk: each by its surest way, not by the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from heapq import heappop, heappush

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.records import Evidence, LocalCodes
from relook.mapping.exploration import View
from relook.reranking.framing import shared_area

__all__ = ["Place", "Verify", "settle", "unsureness"]

Float64 = NDArray[np.float64]
Verify = Callable[[LocalCodes, Mapping[int, LocalCodes]], Mapping[int, Evidence]]
Place = Callable[[Float64, tuple[int, ...], int, LocalCodes, Evidence], View | None]

_TOUCH = 0.02
"""Share of a picture that another must cover, as far as is known, to be held against it."""


def settle(
    query: LocalCodes,
    views: Sequence[View],
    codes: Mapping[int, LocalCodes],
    region: Float64,
    *,
    verify: Verify,
    place: Place,
) -> list[View]:
    """The views, each by the way of least :func:`unsureness` from the query, summed over its links.

    A walk takes the first link to a picture, which may share a narrow strip with where it came
    from; a transform that two pictures of a strip tell is bent, and what is composed of such drifts
    away. So neighbors are held against each other, and the shortest ways are taken.

    Args:
        query: codes of the query.
        views: as they were found.
        codes: of these pictures, by id.
        region: ``(4, 2)`` outline of what was asked for.
        verify: codes of one picture and of others to the evidence there is for these.
        place: makes a view of transform, chain, id, codes and evidence; None where that is not
            sure enough.
    """
    outlines = {view.id: view.outline for view in views if view.id in codes}
    settled: dict[int, View] = {}
    heap: list[tuple[float, int, View]] = []

    def go_on(
        cost: float, own: Float64, mine: LocalCodes, way: Float64, chain: tuple[int, ...]
    ) -> None:
        near = [
            id_ for id_, outline in outlines.items() if id_ not in settled and _touch(own, outline)
        ]
        found = verify(mine, {id_: codes[id_] for id_ in near})
        for id_, proof in found.items():
            view = place(way, chain, id_, codes[id_], proof)
            if view is not None:
                heappush(heap, (cost + unsureness(proof, mine.size), id_, view))

    go_on(0.0, region, query, np.eye(3), ())
    while heap:
        cost, id_, view = heappop(heap)
        if id_ not in settled:
            settled[id_] = view
            go_on(cost, outlines[id_], codes[id_], view.transform, (*view.chain, id_))
    return [settled.get(view.id, view) for view in views]


def unsureness(proof: Evidence, size: tuple[int, int]) -> float:
    """1 where inliers lie all over one of two pictures; the inverse of the share they lie over.

    Args:
        proof: of the link.
        size: (width, height) of the picture that was asked.
    """
    hull = cv2.convexHull(proof.query_points)
    share = float(cv2.contourArea(hull)) / (size[0] * size[1])
    return 1.0 / max(share, proof.share, 1e-3)


def _touch(one: Float64, other: Float64) -> bool:
    smaller = min(shared_area(one, one), shared_area(other, other))
    return shared_area(one, other) > _TOUCH * smaller
