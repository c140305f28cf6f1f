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
from relook.collection.catalog_columns import read_ids
from relook.core.errors import UsageError
from relook.core.protocols import DescriptionStore
from relook.core.records import Ranking

if TYPE_CHECKING:
    from relook.search import Sources

__all__ = ["EARTH_KM", "Filter", "FilteredSources", "distances_km", "matching"]

EARTH_KM = 6371.0088
"""Mean radius of the Earth."""

_LABELLED = "SELECT group_concat(content) FROM labels"
_CONTENTS = "SELECT group_concat(id) FROM contents"
_BETWEEN = "SELECT id, latitude, longitude FROM contents WHERE latitude BETWEEN ? AND ?"
_FEW = 4
"""An index of vectors looks at each of the images that are meant, up to a fourth of all."""
_SLACK = 1e-6
"""Degrees, for what rounding does."""


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
    with catalog.reading():
        columns = catalog.columns()
        if not among:
            return columns.ids
        return columns.kept(among, lambda: _matching(catalog, among, columns.ids))


def _matching(catalog: Catalog, among: Filter, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    if among.labels:
        marks = ", ".join("?" * len(among.labels))
        ids = _both(ids, _ids(catalog, f"{_LABELLED} WHERE label IN ({marks})", among.labels))
    if among.unlabelled:
        ids = np.setdiff1d(ids, _ids(catalog, _LABELLED), assume_unique=True)
    days = {">=": among.since, "<=": among.until}
    asked = {sign: day for sign, day in days.items() if day is not None}
    if asked:
        where = " AND ".join(f"substr(taken, 1, 10) {sign} ?" for sign in asked)
        found = _ids(catalog, f"{_CONTENTS} WHERE {where}", list(asked.values()))
        ids = _both(ids, found)
    return ids if among.place is None else _both(ids, _near(catalog, among.place))


def _ids(catalog: Catalog, sql: str, values: Sequence[object] = ()) -> NDArray[np.int64]:
    return read_ids(catalog.rows(sql, values)[0][0])


def _both(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.intersect1d(first, second, assume_unique=True)


def _near(catalog: Catalog, place: tuple[float, float, float]) -> NDArray[np.int64]:
    """Ids of what was taken there; only what lies between two parallels is looked at."""
    *center, kilometers = place
    reach = math.degrees(kilometers / EARTH_KM) + _SLACK
    rows = catalog.rows(_BETWEEN, (center[0] - reach, center[0] + reach))
    found = np.array(rows, np.float64).reshape(-1, 3)
    near = distances_km(found[:, 1:], (center[0], center[1])) <= kilometers
    return np.sort(found[near, 0].astype(np.int64))


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
        among = getattr(self._index, "search_among", None)
        if among is not None and _FEW * len(self._ids) <= len(self._index):
            few: Ranking = among(query, self._ids, top=top)
            return few
        whole = len(self._index) + 1
        asked = min(whole, max(64, 2 * top * whole // max(1, len(self._ids))))
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
