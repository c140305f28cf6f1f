"""What is made of a whole index, kept in ``derived/NAME`` and brought up to the index."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relook.collection.catalog import Catalog
from relook.collection.derived import Derived
from relook.collection.lock import FileLock
from relook.collection.records import Generation
from relook.core.errors import CollectionError, RelookError, StorageError

if TYPE_CHECKING:
    from relook.search.engine import Companion

__all__ = ["CompanionShelf"]


class CompanionShelf:
    """One companion of a collection. Threads may share it."""

    def __init__(self, directory: Path, catalog: Catalog, companion: Companion) -> None:
        self.companion = companion
        self.derived = Derived(directory / "derived" / companion.name)
        self._directory = directory
        self._catalog = catalog
        self._lock = threading.RLock()
        self._thing: Any = None
        self._generation: Generation | None = None

    def current(self, index: Any, generation: Generation | None) -> Any:
        """The companion of ``index``, which reflects ``generation`` of the catalog."""
        with self._lock:
            if self._thing is not None and generation == self._generation:
                return self._thing
            thing, kept = (self._thing, None) if self._thing is not None else self._load()
            if kept is None or kept != generation:
                thing = self.companion.follow(thing, index)
                if generation is not None:
                    self._keep(thing, generation)
            self._thing, self._generation = thing, generation
            return thing

    def _load(self) -> tuple[Any, Generation | None]:
        """What lies on the disk, or an empty companion where that is of no use."""
        manifest = self.derived.read(parameters=self.companion.parameters)
        if manifest is not None and self._catalog.descends_from(manifest.generation):
            with contextlib.suppress(RelookError, KeyError, TypeError, ValueError):
                thing = self.companion.load(self.derived.folder, manifest.state)
                return thing, manifest.generation
        return self.companion.make(), None

    def _keep(self, thing: Any, generation: Generation) -> None:
        """Write it; where the disk is full or somebody else writes it is only kept in memory."""
        lock = FileLock(self._directory / "derived.lock", what=f"writing {self.companion.name}")
        with contextlib.suppress(StorageError, CollectionError):
            if not lock.try_acquire():
                return
            try:
                state = thing.save(self.derived.prepare())
                self.derived.publish(
                    generation,
                    parameters=self.companion.parameters,
                    state=state,
                    files=thing.files(),
                )
            finally:
                lock.release()
