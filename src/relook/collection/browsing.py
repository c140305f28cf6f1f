"""The pictures of a collection, to be looked at: in order, and with all that is known of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from relook.collection.catalog import Catalog, in_chunks, listed
from relook.collection.filtering import Filter, matching
from relook.collection.records import Picture

__all__ = ["Browsing", "read_pictures"]


class Browsing:
    """The part of a collection that shows what is in it."""

    _catalog: Catalog

    def pictures(self, ids: Sequence[int]) -> dict[int, Picture]:
        """What is known of these pictures; those that no file shows are missing."""
        with self._catalog.reading():
            return read_pictures(self._catalog, ids)

    def browse(
        self, among: Filter | None = None, *, after: int = 0, limit: int = 60
    ) -> tuple[Picture, ...]:
        """Pictures in order of id, which is the order in which they came.

        Args:
            among: which are meant; all unless said.
            after: the id that the last page ended with.
            limit: number of pictures.

        Raises:
            UsageError: the filter has no such labels, days or place.
        """
        with self._catalog.reading():
            ids = matching(self._catalog, among or Filter())
            first = int(np.searchsorted(ids, after, side="right"))
            page = ids[first : first + limit].tolist()
            found = read_pictures(self._catalog, page)
        return tuple(found[key] for key in page if key in found)

    def count(self, among: Filter | None = None) -> int:
        """How many pictures are meant."""
        return len(matching(self._catalog, among or Filter()))


def read_pictures(catalog: Catalog, ids: Sequence[int]) -> dict[int, Picture]:
    """Pictures by id, in the order of ``ids``."""
    found: dict[int, Picture] = {}
    for chunk in in_chunks(ids):
        rows = catalog.rows(
            "SELECT c.id, (SELECT p.path FROM paths p JOIN roots r ON r.id = p.root "
            "WHERE p.content = c.id ORDER BY r.path, p.path LIMIT 1), c.width, c.height, c.taken, "
            "c.latitude, c.longitude, c.bytes, "
            "(SELECT count(*) FROM paths p WHERE p.content = c.id) FROM contents c "
            "WHERE c.state = 'ok' AND c.id IN (SELECT value FROM json_each(?))",
            (listed(chunk),),
        )
        labels = catalog.labels(chunk)
        known: dict[int, Picture] = {}
        for key, path, width, height, taken, latitude, longitude, size, files in rows:
            if path is not None:
                known[key] = Picture(
                    key, path, width, height, taken, latitude, longitude,
                    labels.get(key, ()), size, files,
                )  # fmt: skip
        found.update((key, known[key]) for key in chunk if key in known)
    return found
