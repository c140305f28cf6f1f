"""Numbers about a collection, counted once per state of its catalog."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from relook.collection import Collection
from relook.collection.records import Generation

__all__ = ["Counter", "Counts"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Pictures, by what is known of them; see :class:`relook.server.schemas.info.Info`."""

    images: int
    quarantined: int
    labels: int
    labelled: int
    geotagged: int
    dated: int


class Counter:
    """Counts a collection again only when it changed. Threads may share it."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._lock = threading.Lock()
        self._last: tuple[Generation, Counts] | None = None

    def counts(self) -> Counts:
        """The numbers of this moment.

        Raises:
            CollectionError: the catalog cannot be read.
        """
        catalog = self._collection.catalog
        with self._lock:
            generation = catalog.generation()
            if self._last is not None and self._last[0] == generation:
                return self._last[1]
            with catalog.reading():
                generation = catalog.generation()
                found = catalog.counts()
                labels, labelled = catalog.labels_in_use()
                dated, geotagged = catalog.columns().told
            counts = Counts(
                images=found["images"],
                quarantined=found["quarantined"],
                labels=labels,
                labelled=labelled,
                geotagged=geotagged,
                dated=dated,
            )
            self._last = (generation, counts)
            return counts
