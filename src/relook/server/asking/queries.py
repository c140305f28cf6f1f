"""Queries that were asked, kept for a while, so that the next question need not send them again."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from relook.collection import DescribedQuery
from relook.core.records import Box
from relook.server.describing.tasks import Original

__all__ = ["Asked", "Queries"]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A query that was described.

    Attributes:
        key: by which it can be asked again; nobody can guess that of an upload.
        id: of the indexed picture that it is; None for an upload.
        size: (width, height) of the upright original in pixels.
        boxes: the parts of it that are looked for; none for all of it.
        queries: one for each box, or one of the whole picture.
        original: its bytes, or where they are.
        sha256: of its bytes.
        recipe: with its plan, as JSON, by which it was described.
    """

    key: str
    id: int | None
    size: tuple[int, int]
    boxes: tuple[Box, ...]
    queries: tuple[DescribedQuery, ...]
    original: Original
    sha256: bytes
    recipe: str

    @property
    def mark(self) -> Hashable:
        """Equal where everything that was asked is."""
        return self.id, self.sha256, self.boxes, self.recipe


class Queries:
    """The last queries, by key and by what they are. Threads may share it.

    Args:
        most: queries that are kept.
        seconds: for which a query is kept after it was last asked.
        most_bytes: of the uploads that are kept, altogether.
        clock: for tests.
    """

    def __init__(
        self,
        *,
        most: int = 256,
        seconds: float = 900.0,
        most_bytes: int = 256 << 20,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most = most
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Asked]] = OrderedDict()
        self._keys: dict[Hashable, str] = {}

    @staticmethod
    def new_key() -> str:
        """A key that nobody can guess."""
        return secrets.token_urlsafe(18)

    def keep(self, asked: Asked) -> None:
        """Keep a query; the oldest ones go."""
        with self._lock:
            self._kept[asked.key] = (self._clock(), asked)
            self._keys[asked.mark] = asked.key
            self._tidy()

    def get(self, key: str) -> Asked | None:
        """The query of a key; None where it is no more."""
        with self._lock:
            self._tidy()
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept[key] = (self._clock(), found[1])
            self._kept.move_to_end(key)
            return found[1]

    def find(self, mark: Hashable) -> Asked | None:
        """The query with this :attr:`Asked.mark`; None where it was not asked lately."""
        with self._lock:
            key = self._keys.get(mark)
        return None if key is None else self.get(key)

    def __len__(self) -> int:
        return len(self._kept)

    def _tidy(self) -> None:
        oldest = self._clock() - self._seconds
        while self._kept:
            since, first = next(iter(self._kept.values()))
            if len(self._kept) <= self._most and since >= oldest and self._fits():
                return
            del self._kept[first.key]
            if self._keys.get(first.mark) == first.key:
                del self._keys[first.mark]

    def _fits(self) -> bool:
        sizes = {asked.sha256: len(asked.original.data) for _, asked in self._kept.values()}
        return len(self._kept) == 1 or sum(sizes.values()) <= self._most_bytes
