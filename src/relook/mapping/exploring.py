"""Zoom in on details, out to the surroundings, crawl sideways: by verified transforms alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast, get_args

import numpy as np
from numpy.typing import NDArray

from relook.collection import Collection
from relook.collection.query import QueryImage, read_query
from relook.core.errors import UsageError
from relook.core.records import Box, Evidence, LocalCodes
from relook.mapping.choosing import choose, is_beside, is_wanted, should_be_seen
from relook.mapping.exploration import Exploration, View, Zoom
from relook.mapping.neighbors import Neighbors
from relook.mapping.parts import restrict, windows
from relook.mapping.settling import settle
from relook.reranking.framing import carry_points, frame, invert, outline_of, within

__all__ = ["as_zoom", "explore"]

Float64 = NDArray[np.float64]

_BEAM = 8
"""Pictures of each step that are asked in the next."""
_SURER = 2.0
"""Times the strength that a recipe calls verified: an exploration asks dozens of questions, and
what a wrong link leads to is all wrong."""
_DRIFT = 0.5
"""Sides of a picture by which a chain may miss the place where the query itself sees it."""
_MOST_SETTLED = 60
"""Pictures that are held against each other, the nearest by links."""


def explore(
    collection: Collection,
    image: QueryImage,
    *,
    zoom: Zoom,
    box: Box | Sequence[float] | None = None,
    steps: int = 3,
    top: int = 12,
) -> Exploration:
    """Look closer, from farther away, or to the sides of what a picture shows.

    What is found is asked in turn, by what is stored of it, and transforms are composed, so that
    details of details and what lies beyond the neighbors are found too. Every link is verified by
    geometry, twice as strong as a search asks. A chain is left out that arrives elsewhere than the
    query itself sees the picture, or where the query should see it and does not, as happens where
    things were moved.

    Args:
        collection: of a recipe with local features.
        image: a file, its bytes, or ``(H, W, 3)`` uint8 RGB pixels.
        zoom: ``in``: pictures in which a part of the query is larger. ``out``: pictures that show
            the query smaller, with what is around it. ``crawl``: pictures that go on with the
            scene beyond the border, to the left, right, up or down.
        box: x, y, width, height of the part that is meant, in pixels of the upright query.
        steps: how many times what was found is asked in turn, the query itself the first time.
        top: most pictures to return.

    Raises:
        ImageError: the query cannot be read.
        UsageError: the recipe has no geometry, an argument is out of range.

    Source: Mikulik, Chum, Matas, "Image retrieval for online browsing in large image collections",
    SISAP 2013; Mikulik, Radenović, Chum, Matas, "Efficient image detail mining", ACCV 2014;
    Schönberger, Radenović, Chum, Frahm, "From single image query to detailed 3D reconstruction",
    CVPR 2015 (sideways crawl).
    """
    zoom = as_zoom(zoom)
    if min(steps, top) < 1:
        raise UsageError("steps and top must be 1 or more")
    neighbors = Neighbors(collection, purpose="exploring")
    query = read_query(image, longest=collection.engine.longest)
    region = outline_of(query.image.size)
    if box is not None:
        query = query.within(box)
        region = _clipped(Box(*(float(value) for value in box)), query.image.size)
    codes = neighbors.parts.describer.describe_query(query.image)
    views = _Walk(neighbors, codes, region, zoom).run(steps)
    return Exploration(query.name, zoom, region, tuple(choose(views, zoom, region, top=top)))


def as_zoom(word: str) -> Zoom:
    """The zoom of this name.

    Raises:
        UsageError: there is none.
    """
    for zoom in get_args(Zoom):
        if word == zoom:
            return cast("Zoom", zoom)
    raise UsageError(f"zoom must be one of {', '.join(get_args(Zoom))}, not {word!r}")


def _clipped(box: Box, size: tuple[int, int]) -> Float64:
    return np.clip(outline_of(box), -0.5, np.array(size) - 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class _Standpoint:
    """A picture to look from, and how it is reached; the query itself has no chain."""

    codes: LocalCodes
    transform: Float64
    chain: tuple[int, ...]


class _Walk:
    """One exploration, step by step; each picture is visited once."""

    def __init__(
        self, neighbors: Neighbors, query: LocalCodes, region: Float64, zoom: Zoom
    ) -> None:
        self._neighbors = neighbors
        self._query = query
        self._region = region
        self._zoom = zoom
        self._visited: set[int] = set()

    def run(self, steps: int) -> list[View]:
        """Everything that was found, in the order of the steps."""
        found: list[View] = []
        here = [_Standpoint(self._query, np.eye(3), ())]
        for _ in range(steps):
            fresh = [view for place in here for view in self._look(place)]
            known = [view.outline for view in found]
            further = choose(fresh, self._zoom, self._region, top=_BEAM, known=known)
            here = self._stand(further)
            found += fresh
        return self._settled(found) if self._zoom == "crawl" else found

    def _settled(self, found: Sequence[View]) -> list[View]:
        """The views where they lie by their surest ways."""
        near = sorted(found, key=lambda view: len(view.chain))[:_MOST_SETTLED]
        codes = self._neighbors.codes([view.id for view in near])
        verify, place = self._neighbors.verify, self._placed
        views = settle(self._query, near, codes, self._region, verify=verify, place=place)
        return [view for view in views if is_beside(view.framing)]

    def _look(self, place: _Standpoint) -> Iterator[View]:
        """The pictures that are verified from a place and are what is looked for."""
        for part in self._parts(place):
            ranking = self._neighbors.find(part, top=self._neighbors.candidates)
            others = self._neighbors.codes(
                [id_ for id_ in ranking.ids.tolist() if id_ not in self._visited]
            )
            for id_, proof in self._neighbors.verify(part, others).items():
                view = self._view(place, id_, others[id_], proof)
                if view is not None:
                    self._visited.add(id_)
                    yield view

    def _parts(self, place: _Standpoint) -> Iterator[LocalCodes]:
        """What is asked: of details only what lies in the region; of the query each window too."""
        if self._zoom != "in":
            yield place.codes
            return
        back = invert(place.transform)
        if back is not None:
            points = carry_points(back, place.codes.frames[:, :2])
            yield restrict(place.codes, within(points, self._region[0], self._region[2]))
        if not place.chain:
            yield from windows(place.codes, self._region)

    def _view(
        self, place: _Standpoint, id_: int, other: LocalCodes, proof: Evidence
    ) -> View | None:
        """A picture as it was reached; None where that is not what is looked for, or drifted."""
        view = self._placed(place.transform, place.chain, id_, other, proof)
        if view is None or not is_wanted(view.framing, self._zoom):
            return None
        return self._held_against_query(view, other) if place.chain else view

    def _held_against_query(self, view: View, other: LocalCodes) -> View | None:
        """A picture by way of others, unless the query itself says otherwise."""
        seen = self._neighbors.verify(self._query, {view.id: other}).get(view.id)
        if seen is None or not self._is_sure(seen):
            return None if should_be_seen(view.framing) else view
        direct = self._placed(np.eye(3), (), view.id, other, seen)
        return direct if direct is not None and _agree(direct, view) else None

    def _placed(
        self,
        way: Float64,
        chain: tuple[int, ...],
        id_: int,
        other: LocalCodes,
        proof: Evidence,
    ) -> View | None:
        back = invert(way)
        if back is None or not self._is_sure(proof):
            return None
        sizes = (self._query.size, other.size)
        transform = proof.transform @ way
        at = carry_points(back, proof.query_points.mean(axis=0)[None])[0]
        framing = frame(transform, region=self._region, sizes=sizes, at=at)
        if framing is None:
            return None
        path = self._neighbors.paths[id_]
        return View(id_, path, other.size, transform, chain, proof, framing)

    def _is_sure(self, proof: Evidence) -> bool:
        least = self._neighbors.parts.plan.verified_strength
        return proof.verified and proof.strength >= _SURER * least

    def _stand(self, views: Sequence[View]) -> list[_Standpoint]:
        codes = self._neighbors.codes([view.id for view in views])
        return [
            _Standpoint(codes[view.id], view.transform, (*view.chain, view.id))
            for view in views
            if view.id in codes
        ]


def _agree(direct: View, chained: View) -> bool:
    """Whether both ways put the picture at one place, and at one size."""
    away = np.abs(direct.outline.mean(axis=0) - chained.outline.mean(axis=0))
    sides = np.ptp(direct.outline, axis=0)
    ratio = direct.magnification / chained.magnification
    return bool((away <= _DRIFT * sides).all()) and 1 - _DRIFT <= ratio <= 1 / (1 - _DRIFT)
