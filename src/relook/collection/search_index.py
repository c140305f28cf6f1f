"""The search index of a channel: mapped from ``derived/``, caught up from the catalog."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from relook.collection.catalog import Catalog, in_chunks
from relook.collection.derived import Derived
from relook.collection.lock import FileLock
from relook.collection.records import Generation
from relook.core.errors import CollectionError, RelookError, StorageError

if TYPE_CHECKING:
    from relook.search import Channel, LiveIndex

__all__ = ["SearchIndex", "folder_of"]

_BLOCK = 8192
_CHUNK = 256
"""Images whose codes are in memory before the index has its part of them."""
_MOST_FILES = 12
_MOST_REMOVED = 0.2
_MOST_STEPS = 16
"""Small segments in memory, after which an index that follows a writer is loaded again."""
_RELOADS = 3


def folder_of(channel: str) -> str:
    """Name of the folder that a channel's index is derived into."""
    return "search" if channel == "local" else f"search-{channel}"


class SearchIndex:
    """Answers from the present state of the catalog, whoever wrote it. Threads may share it.

    Args:
        directory: of the collection.
        block: images per segment while it is built; bounds the memory.
    """

    def __init__(
        self, directory: Path, catalog: Catalog, channel: Channel, *, block: int = _BLOCK
    ) -> None:
        self.derived = Derived(directory / "derived" / folder_of(channel.name))
        self._directory = directory
        self._catalog = catalog
        self._channel = channel
        self._block = block
        self._lock = threading.RLock()
        self._index: LiveIndex | None = None
        self._generation: Generation | None = None
        self._removed = 0
        self._steps = 0
        self.skipped = 0
        """Images that are not in the index, because their descriptions cannot be used."""

    def current(self) -> LiveIndex:
        """The index, caught up; the first call also keeps on the disk what it had to do."""
        with self._lock:
            if self._index is None or self._generation is None or self._steps >= _MOST_STEPS:
                return self.refresh()
            with self._catalog.reading():
                generation = self._catalog.generation()
                if generation != self._generation:
                    if not self._catalog.descends_from(self._generation):
                        self._index = self._channel.make_index()
                    self._steps += self._catch_up(self._index, folder=None)
                    self._generation = generation
            return self._index

    def moment(self) -> tuple[LiveIndex, Generation | None]:
        """The index, caught up, and the state of the catalog that it reflects."""
        with self._lock:
            return self.current(), self._generation

    def refresh(self) -> LiveIndex:
        """Load, catch up and, where nobody else is at it, keep the result on the disk."""
        lock = FileLock(self._directory / "derived.lock", what="writing the search index")
        try:
            free = lock.try_acquire()
        except CollectionError:  # a read-only directory: catch up in memory
            free = False
        try:
            with self._lock, self._catalog.reading():
                generation = self._catalog.generation()
                index, kept = self.load()
                if kept != generation:
                    folder = self._folder() if free else None
                    self._catch_up(index, folder=folder)
                    if folder is not None:
                        self._keep(index, generation, folder)
                self._index, self._generation, self._steps = index, generation, 0
        finally:
            lock.release()
        return index

    def load(self) -> tuple[LiveIndex, Generation | None]:
        """What lies on the disk, or an empty index where that is of no use."""
        self._removed = self.skipped = 0
        for _ in range(_RELOADS):
            manifest = self.derived.read(parameters=self._channel.index_hash)
            if manifest is None or not self._catalog.descends_from(manifest.generation):
                break
            # A writer may remove old files between our reading of the manifest and of them.
            with contextlib.suppress(RelookError, KeyError, TypeError, ValueError):
                index = self._channel.load_index(self.derived.folder, manifest.state["index"])
                self._removed = int(manifest.state["removed"])
                self.skipped = int(manifest.state.get("skipped", 0))
                return index, manifest.generation
        return self._channel.make_index(), None

    def _folder(self) -> Path | None:
        try:
            return self.derived.prepare()
        except CollectionError:
            return None

    def _catch_up(self, index: LiveIndex, *, folder: Path | None) -> bool:
        """Remove what is gone and add what is new, block by block; say if there was any."""
        present = self._catalog.searchable()
        held = index.ids
        if np.array_equal(held, present):  # a label changed
            self.skipped = 0
            return False
        gone = np.setdiff1d(held, present, assume_unique=True)
        if len(gone):
            index.remove(gone.tolist())
            self._removed += len(gone)
        new = np.setdiff1d(present, held, assume_unique=True)
        for start in range(0, len(new), self._block):
            self._add(index, new[start : start + self._block])
            if folder is not None and start + self._block < len(new):
                with contextlib.suppress(StorageError):
                    index.save(folder)  # from then on the segment is mapped, not in memory
        self.skipped = len(present) - len(index.ids)
        return bool(len(gone) or len(new))

    def _add(self, index: LiveIndex, ids: NDArray[np.int64]) -> None:
        """Add images; one whose description is damaged is left to ``check``."""
        keys: list[int] = []
        entries: list[Any] = []
        for chunk in in_chunks(ids.tolist(), _CHUNK):
            found = self._unpack(chunk)
            try:
                made = self._channel.entries(list(found.values()))
            except (RelookError, ValueError):  # together they are no matrix
                self._add_each(index, found)
                continue
            keys += found
            entries += made
        try:
            index.add(np.array(keys, np.int64), entries)
        except (RelookError, ValueError):
            for key, entry in zip(keys, entries, strict=True):
                with contextlib.suppress(RelookError, ValueError):
                    index.add(np.array([key], np.int64), [entry])

    def _add_each(self, index: LiveIndex, codes: Mapping[int, Any]) -> None:
        """Add images of which some do not fit, one by one."""
        for key, code in codes.items():
            with contextlib.suppress(RelookError, ValueError):
                index.add(np.array([key], np.int64), self._channel.entries([code]))

    def _unpack(self, ids: list[int]) -> dict[int, Any]:
        found: dict[int, Any] = {}
        for key, data in self._catalog.descriptions(self._channel.name, ids):
            with contextlib.suppress(RelookError, ValueError):
                found[key] = self._channel.unpack(data)
        return found

    def _keep(self, index: LiveIndex, generation: Generation, folder: Path) -> None:
        """Write the index; where the disk is full it is only kept in memory."""
        with contextlib.suppress(StorageError, CollectionError):
            state = index.save(folder)
            many = self._removed > _MOST_REMOVED * max(1, len(index.ids))
            if many or len(index.files()) > _MOST_FILES:
                index.compact()
                state = index.save(folder)
                self._removed = 0
            self.derived.publish(
                generation,
                parameters=self._channel.index_hash,
                state={"index": state, "removed": self._removed, "skipped": self.skipped},
                files=index.files(),
            )
