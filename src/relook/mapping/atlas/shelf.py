"""The atlas of one open collection: made, kept in ``derived/atlas``, brought up to the catalog."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from relook.collection import Collection
from relook.collection.derived import Derived
from relook.collection.lock import FileLock
from relook.collection.records import Generation
from relook.core.errors import CollectionError, RelookError, StorageError
from relook.mapping.atlas.layout import lay_out, place
from relook.mapping.atlas.map import AtlasMap, arrange, blank_rows
from relook.mapping.atlas.vectors import AtlasVectors, make_rows, make_vectors, project

__all__ = ["AtlasShelf", "Current"]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Progress = Callable[[str, int, int], None]
Stop = Callable[[], bool]

_VERSION = 1
_TOGETHER = 64
"""New pictures that are placed together."""
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Current:
    """The map, and what the catalog says now.

    Attributes:
        map: as it was made, with what was placed since.
        generation: of the catalog.
        shown: ``(K,)`` ids of the pictures that there are, increasing.
    """

    map: AtlasMap
    generation: Generation
    shown: Int64

    @property
    def new(self) -> Int64:
        """Pictures that are not on the map yet."""
        return np.setdiff1d(np.setdiff1d(self.shown, self.map.ids), self.map.late_ids)


class AtlasShelf:
    """Threads may share it; who reads never waits for who makes or places."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._derived = Derived(collection.directory / "derived" / "atlas")
        self._lock = threading.Lock()
        self._placing = threading.Lock()
        self._map: AtlasMap | None = None
        self._origin: Generation | None = None
        self._written = 0

    @cached_property
    def _vectors(self) -> AtlasVectors:
        return make_vectors(self._collection)

    @cached_property
    def _parameters(self) -> str:
        engine = self._collection.engine
        vectors = self._vectors
        parts = (_VERSION, vectors.name, engine.describe_hash,
                 engine.channel(vectors.channel).index_hash)  # fmt: skip
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()

    def current(self) -> Current | None:
        """The map as it is; None where none was made, or it is of no use any more."""
        with self._lock:
            self._reload()
            if self._map is None or self._origin is None:
                return None
            catalog = self._collection.catalog
            with catalog.reading():
                if not catalog.descends_from(self._origin):
                    return None
                return Current(self._map, *self._state())

    def make(self, progress: Progress, stop: Stop, *, threads: int) -> Current:
        """Make the map anew; raises as :func:`~relook.mapping.atlas.layout.lay_out`."""
        catalog = self._collection.catalog
        with catalog.reading():
            generation, shown = self._state()
        projection, ids, vectors = make_rows(
            replace(self._vectors, threads=threads), shown, stop=stop,
            learn=lambda done, total: progress("learn", done, total),
            describe=lambda done, total: progress("describe", done, total),
        )  # fmt: skip
        seen = vectors[~blank_rows(vectors)]
        places = lay_out(seen, progress=progress, stop=stop, threads=threads)
        vlad = self._vectors.vlad
        centers = None if vlad is None else vlad.centers
        made = arrange(ids, vectors, places, projection=projection, centers=centers)
        with self._lock:
            self._map, self._origin = made, generation
        self._keep(patience=_PATIENCE)
        return Current(made, generation, shown)

    def place(self, progress: Progress, stop: Stop) -> Current | None:
        """Put what is new on the map."""
        with self._placing:
            now = self.current()
            if now is None:
                return None
            new = now.new
            for start in range(0, len(new), _TOGETHER):
                self._place(now.map, new[start : start + _TOGETHER], stop)
                progress("place", min(start + _TOGETHER, len(new)), len(new))
            if len(new):
                self._keep(patience=0.0)
        return self.current()

    def _place(self, old: AtlasMap, ids: Int64, stop: Stop) -> None:
        maker = self._vectors.with_centers(old.centers)
        found, vectors = project(maker, old.projection, ids, step=lambda *_: None, stop=stop)
        blank = blank_rows(vectors)
        known = ~old.blank
        places = np.zeros((len(found), 2))
        if not known.any():
            blank[:] = True
        if not blank.all():
            places[~blank] = place(
                vectors[~blank], np.asarray(old.vectors)[known], np.asarray(old.places)[known]
            )
        with self._lock:
            if self._map is None or self._map.ids is not old.ids:
                return  # made anew meanwhile
            places[blank] = self._map.blanks(int(blank.sum()))
            self._map = self._map.with_late(found, places, blank=int(blank.sum()))

    def _state(self) -> tuple[Generation, Int64]:
        """What the catalog says, while it is read."""
        columns = self._collection.catalog.columns()
        return columns.generation, columns.ids

    def _reload(self) -> None:
        """Read the file where another process wrote it, or where nothing was read yet."""
        written = self._derived.written()
        if written == self._written:
            return
        self._written = written
        manifest = self._derived.read(parameters=self._parameters)
        self._map = self._origin = None
        if manifest is not None:
            with contextlib.suppress(RelookError, KeyError, TypeError, ValueError):
                self._map = AtlasMap.load(self._derived.folder, manifest.state)
                self._origin = manifest.generation

    def _keep(self, *, patience: float) -> None:
        """Write the map; where that cannot be, it is only kept in memory."""
        with self._lock:
            old, origin = self._map, self._origin
        if old is None or origin is None:
            return
        lock = FileLock(
            self._collection.directory / "derived.lock", what="writing the atlas", patience=patience
        )
        with contextlib.suppress(StorageError, CollectionError), lock:
            kept, state = old.save(self._derived.prepare())
            files = [name for name in state.values() if name]
            self._derived.publish(origin, parameters=self._parameters, state=state, files=files)
            with self._lock:
                if self._map is old:
                    self._map, self._written = kept, self._derived.written()
