"""Making the map of a collection, reading it, and what it shows now."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from relook.collection import Collection
from relook.collection.records import Generation
from relook.mapping.atlas.layout import THREADS
from relook.mapping.atlas.shelf import AtlasShelf, Current

__all__ = ["Atlas", "make_atlas", "read_atlas"]

Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]

_GROWN = 0.25

_shelves: WeakKeyDictionary[Collection, AtlasShelf] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """Where the pictures of a collection lie on its map.

    Attributes:
        ids: ``(N,)`` int64, increasing.
        xy: ``(N, 2)`` float32 in 0 … 1, (x, y) from the left top corner; one unit is as long in
            both directions.
        placed: ``(N,)`` bool, pictures that came after the map was made and were placed on it.
        generation: state of the catalog that this shows.
        missing: pictures that are not on the map.
        stale: more than a quarter as many pictures came since the map was made: make it again.
    """

    ids: NDArray[np.int64]
    xy: NDArray[np.float32]
    placed: NDArray[np.bool_]
    generation: Generation
    missing: int = 0
    stale: bool = False

    def __len__(self) -> int:
        return len(self.ids)


def make_atlas(
    collection: Collection,
    *,
    threads: int = THREADS,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Atlas:
    """Lay out all pictures of a collection anew, and keep the map in ``derived/atlas``.

    Their vectors are those of the recipe's global channel, else a VLAD of their visual words; the
    map is made of them by t-SNE. Pictures without features lie together at the lower edge. Where
    the directory cannot be written, the map lasts as long as the collection is open.

    Args:
        collection: to lay out.
        threads: that lay it out; the map is the same with any number.
        progress: called with what is under way, the number done and the total.
        stop: asked now and then; once it says so the work ends and nothing is changed.

    Raises:
        UsageError: openTSNE is not here.
        Stopped: ``stop`` said so.
    """
    made = _shelf(collection).make(progress or _no_report, stop or _never, threads=threads)
    return _atlas(made)


def read_atlas(
    collection: Collection,
    *,
    place_new: bool = True,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Atlas | None:
    """The map as it is now, without what was removed; None where none was made yet.

    Args:
        collection: whose map it is.
        place_new: also place pictures that came since, else they are missing. What is on the map
            does not move.
        progress: as :func:`make_atlas` has it.
        stop: as :func:`make_atlas` has it; what was placed before stays.

    Raises:
        UsageError: pictures have to be placed and openTSNE is not here.
        Stopped: ``stop`` said so.
    """
    shelf = _shelf(collection)
    now = shelf.current()
    if now is not None and place_new and len(now.new):
        now = shelf.place(progress or _no_report, stop or _never)
    return None if now is None else _atlas(now)


def _atlas(now: Current) -> Atlas:
    ids = np.concatenate([now.map.ids, now.map.late_ids])
    places = now.map.framed(np.concatenate([now.map.places, now.map.late_places]))
    late = np.arange(len(ids)) >= len(now.map.ids)
    order = np.argsort(ids)
    order = order[np.isin(ids[order], now.shown, assume_unique=True)]
    came = len(now.shown) - int(np.isin(now.shown, now.map.ids, assume_unique=True).sum())
    return Atlas(
        ids=ids[order],
        xy=places[order],
        placed=late[order],
        generation=now.generation,
        missing=len(now.shown) - len(order),
        stale=came > _GROWN * len(now.map.ids),
    )


def _shelf(collection: Collection) -> AtlasShelf:
    with _lock:
        found = _shelves.get(collection)
        if found is None:
            found = _shelves[collection] = AtlasShelf(collection)
        return found


def _no_report(what: str, done: int, total: int) -> None:
    del what, done, total


def _never() -> bool:
    return False
