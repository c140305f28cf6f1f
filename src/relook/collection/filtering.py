"""Which pictures of a collection are meant: by label, time and place; and a search among them."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relook.collection.catalog import Catalog
from relook.core.errors import UsageError
from relook.core.protocols import DescriptionStore
from relook.core.records import Ranking

if TYPE_CHECKING:
    from relook.search import Sources

__all__ = ["EARTH_KM", "Filter", "FilteredSources", "distances_km", "matching"]

EARTH_KM = 6371.0088
"""Mean radius of the Earth."""

_SHOWN = "EXISTS (SELECT 1 FROM paths p WHERE p.content = c.id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which pictures are meant; all conditions hold together.

    Attributes:
        labels: a picture has at least one of these.
        unlabelled: it has no label at all.
        since, until: first and last day on which it was taken, ISO 8601 (``2019-05-01``).
        place: (latitude, longitude, kilometers): it was taken within this distance.
    """

    labels: tuple[str, ...] = ()
    unlabelled: bool = False
    since: str | None = None
    until: str | None = None
    place: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            _check_day(name, getattr(self, name))
        if self.since and self.until and self.since > self.until:
            raise UsageError(f"since {self.since} is after until {self.until}; swap them")
        if self.place is None:
            return
        latitude, longitude, kilometers = self.place
        if not (abs(latitude) <= 90 and abs(longitude) <= 180 and 0 < kilometers < math.inf):
            raise UsageError(
                "a place is latitude (-90 to 90), longitude (-180 to 180) and kilometers above 0"
            )

    def __bool__(self) -> bool:
        return self != Filter()


def _check_day(name: str, value: str | None) -> None:
    if value is None:
        return
    try:
        if date.fromisoformat(value).isoformat() == value:
            return
    except ValueError:
        pass
    raise UsageError(f"{name} must be a day such as 2019-05-01, not {value[:40]!r}")


def matching(catalog: Catalog, among: Filter) -> NDArray[np.int64]:
    """``(N,)`` ids, rising, of what can be searched, is shown by a file, and is meant."""
    where, values = ["c.state = 'ok'", _SHOWN], list[object]()
    has = "EXISTS (SELECT 1 FROM labels l WHERE l.content = c.id"
    if among.labels:
        where.append(f"{has} AND l.label IN ({', '.join('?' * len(among.labels))}))")
        values += among.labels
    if among.unlabelled:
        where.append(f"NOT {has})")
    if among.since is not None:
        where.append("substr(c.taken, 1, 10) >= ?")
        values.append(among.since)
    if among.until is not None:
        where.append("substr(c.taken, 1, 10) <= ?")
        values.append(among.until)
    if among.place is not None:
        where.append("c.latitude IS NOT NULL")
    rows = catalog.rows(
        f"SELECT c.id, c.latitude, c.longitude FROM contents c WHERE {' AND '.join(where)} "  # noqa: S608 - fixed texts
        "ORDER BY c.id",
        values,
    )
    ids = np.array([row[0] for row in rows], np.int64)
    if among.place is None or not len(ids):
        return ids
    points = np.array([row[1:] for row in rows], np.float64)
    return ids[distances_km(points, among.place[:2]) <= among.place[2]]


def distances_km(points: NDArray[np.float64], center: tuple[float, float]) -> NDArray[np.float64]:
    """``(N,)`` kilometers on the sphere from ``(N, 2)`` degrees of latitude and longitude.

    Source: the haversine formula (Sinnott, 1984).
    """
    first, second = np.radians(points), np.radians(np.asarray(center, np.float64))
    half = (first - second) / 2
    chord = (
        np.sin(half[:, 0]) ** 2 + np.cos(first[:, 0]) * np.cos(second[0]) * np.sin(half[:, 1]) ** 2
    )
    distances: NDArray[np.float64] = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return distances


class FilteredSources:
    """What a search reads, as if the collection held only some of its pictures.

    The first stage gives these alone, so all candidates of the verification are among them.

    Args:
        sources: of the whole collection.
        ids: ``(N,)`` int64, rising.
    """

    def __init__(self, sources: Sources, ids: NDArray[np.int64]) -> None:
        self._sources = sources
        self._ids = ids

    def index(self, channel: str) -> Any:
        """The search index of a channel, in which only some images are found."""
        return _FilteredIndex(self._sources.index(channel), self._ids)

    def store(self, channel: str) -> DescriptionStore:
        """Where the descriptions of a channel are found."""
        return self._sources.store(channel)

    def companion(self, name: str) -> Any:
        """What else was made of an index, as a whole."""
        return self._sources.companion(name)


class _FilteredIndex:
    """Asks for more until enough of what it got is meant."""

    def __init__(self, index: Any, ids: NDArray[np.int64]) -> None:
        self._index = index
        self._ids = ids

    def __len__(self) -> int:
        return len(self._index)

    def __copy__(self) -> _FilteredIndex:
        return _FilteredIndex(copy.copy(self._index), self._ids)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Of the images that are meant."""
        return np.intersect1d(self._index.ids, self._ids)

    def search(self, query: Any, *, top: int) -> Ranking:
        """The ``top`` best of the images that are meant."""
        asked = max(2 * top, 64)
        while True:
            found: Ranking = self._index.search(query, top=asked)
            kept = np.flatnonzero(np.isin(found.ids, self._ids))[:top]
            if len(kept) >= min(top, len(self._ids)) or len(found) < asked:
                return Ranking(found.ids[kept], found.scores[kept])
            asked *= 8

    def vectors(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """``(N, D)`` vectors of these images."""
        vectors: NDArray[np.float32] = self._index.vectors(ids)
        return vectors
