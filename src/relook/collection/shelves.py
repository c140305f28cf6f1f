"""Everything that a search reads of a collection: indexes, companions and descriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relook.collection.catalog import Catalog
from relook.collection.code_memory import CodeMemory
from relook.collection.companions import CompanionShelf
from relook.collection.search_index import SearchIndex
from relook.core.errors import RelookError

if TYPE_CHECKING:
    from relook.search.engine import Channel, Engine

__all__ = ["Shelves", "Store"]


@dataclass(frozen=True, slots=True)
class Store:
    """The descriptions of one channel."""

    catalog: Catalog
    channel: Channel
    memory: CodeMemory

    def codes(self, ids: Sequence[int]) -> Mapping[int, Any]:
        """The codes of these images in order of id; those gone, or damaged, are missing."""
        wanted = [int(key) for key in ids]
        generation = self.catalog.generation()
        found = self.memory.get(generation, wanted)
        if len(found) < len(wanted):
            read = dict(self._read([key for key in wanted if key not in found]))
            self.memory.put(generation, read)
            found.update(read)
        return {key: found[key] for key in sorted(found)}

    def _read(self, ids: Sequence[int]) -> Iterator[tuple[int, Any]]:
        for key, data in self.catalog.descriptions(self.channel.name, ids):
            try:
                yield key, self.channel.unpack(data)
            except (RelookError, ValueError):  # `check` names it; a search goes on without it
                continue


class Shelves:
    """The indexes of a collection and what follows them. Threads may share it."""

    def __init__(self, directory: Path, catalog: Catalog, engine: Engine) -> None:
        self._catalog = catalog
        self._channels = {channel.name: channel for channel in engine.channels}
        self._memories = {name: CodeMemory() for name in self._channels}
        self._indexes = {
            name: SearchIndex(directory, catalog, channel)
            for name, channel in self._channels.items()
        }
        self._companions = {
            companion.name: CompanionShelf(directory, catalog, companion)
            for companion in engine.companions
        }

    @property
    def skipped(self) -> int:
        """Images that no search can find, because a description of theirs cannot be used."""
        return max(index.skipped for index in self._indexes.values())

    def refresh(self) -> None:
        """Bring everything up to the catalog, and keep it on the disk where nobody else does."""
        for index in self._indexes.values():
            index.refresh()
        for shelf in self._companions.values():
            shelf.current(*self._indexes[shelf.companion.channel].moment())

    def current(self) -> Moment:
        """What a search reads, caught up."""
        return Moment(self)

    def index(self, channel: str) -> Any:
        """The index of a channel, caught up."""
        return self._indexes[channel].current()

    def store(self, channel: str) -> Store:
        """The descriptions of a channel."""
        return Store(self._catalog, self._channels[channel], self._memories[channel])

    def companion(self, name: str) -> Any:
        """A companion, caught up with its index."""
        shelf = self._companions[name]
        return shelf.current(*self._indexes[shelf.companion.channel].moment())


class Moment:
    """The shelves as one search sees them: nothing is caught up twice in between."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._seen: dict[tuple[str, str], Any] = {}

    def index(self, channel: str) -> Any:
        """The search index of a channel."""
        return self._once("index", channel)

    def companion(self, name: str) -> Any:
        """What else was made of an index."""
        return self._once("companion", name)

    def store(self, channel: str) -> Store:
        """The descriptions of a channel."""
        return self._shelves.store(channel)

    def _once(self, kind: str, name: str) -> Any:
        key = (kind, name)
        if key not in self._seen:
            self._seen[key] = getattr(self._shelves, kind)(name)
        return self._seen[key]
