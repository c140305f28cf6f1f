"""Which of many verified pictures are shown: what is looked for, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from relook.mapping.exploration import View, Zoom
from relook.reranking.framing import Framing, shared_area

__all__ = ["choose", "is_beside", "is_wanted", "should_be_seen"]

Float64 = NDArray[np.float64]

_LARGER = 1.25
"""Magnification from which a picture is a detail; its inverse is one of the surroundings."""
_MOST = 0.5
"""Share of a detail that must show the query, and of the query that the surroundings must show."""
_ALIKE = 2.0
"""Magnification up to which a picture beside the query is one of the same kind."""
_MUST_MATCH = 0.4
"""Share of a picture, or of the query, that two pictures cannot have in common without matches."""
_WHOLE = 0.8
"""Share of the query from which a picture shows the query itself, and not what lies beside it."""
_SAME = {"in": 0.5, "out": 0.7, "crawl": 0.7}
"""Overlap from which a picture adds nothing to those chosen before it."""
_DIRECTIONS = ("left", "right", "up", "down")


def is_wanted(framing: Framing, zoom: Zoom) -> bool:
    """Whether a picture is a detail, shows the surroundings, or goes on with the scene."""
    if zoom == "in":
        return framing.magnification >= _LARGER and framing.inside >= _MOST
    if zoom == "out":
        return framing.magnification <= 1 / _LARGER and framing.coverage >= _MOST
    return 1 / _ALIKE <= framing.magnification <= _ALIKE  # from here one may come to what is beside


def is_beside(framing: Framing) -> bool:
    """Whether a picture of the same kind goes on to a side, and does not just show all and more."""
    return is_wanted(framing, "crawl") and framing.coverage <= _WHOLE


def should_be_seen(framing: Framing) -> bool:
    """Whether so much of the query is in a picture, as large as there, that they must match."""
    alike = 1 / _ALIKE <= framing.magnification <= _ALIKE
    return alike and max(framing.inside, framing.coverage) >= _MUST_MATCH


def choose(
    views: Sequence[View],
    zoom: Zoom,
    region: Float64,
    *,
    top: int,
    known: Sequence[Float64] = (),
) -> list[View]:
    """The first ``top`` in the order of the zoom that add something to those before them.

    Args:
        views: that are wanted.
        zoom: in: most magnified first. out: least first. crawl: near ones first.
        region: ``(4, 2)`` that was asked for; sideways it counts as seen.
        top: most of them.
        known: outlines of what was seen before.
    """
    seen = [*known, region] if zoom == "crawl" else list(known)
    chosen: list[View] = []
    for view in sorted(views, key=lambda view: _order(view, zoom)):
        taken = chain(seen, (one.outline for one in chosen))
        if not any(_overlap(view.outline, other, zoom) > _SAME[zoom] for other in taken):
            chosen.append(view)
    shown = list(islice(chosen, top))
    return sorted(shown, key=_by_direction) if zoom == "crawl" else shown


def _order(view: View, zoom: Zoom) -> tuple[float, ...]:
    if zoom == "crawl":
        return (len(view.chain), float(np.hypot(*view.shift)), view.id)
    sign = -1 if zoom == "in" else 1
    return (sign * view.magnification, view.id)


def _by_direction(view: View) -> tuple[float, ...]:
    return (_DIRECTIONS.index(view.direction), float(np.hypot(*view.shift)), view.id)


def _overlap(outline: Float64, other: Float64, zoom: Zoom) -> float:
    """Share of a picture that another shows; of the surroundings, overlap over union."""
    shared, own = shared_area(outline, other), shared_area(outline, outline)
    whole = own if zoom != "out" else own + shared_area(other, other) - shared
    return shared / max(whole, 1e-9)
