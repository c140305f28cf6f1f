"""Pictures of a collection as a caller names them: a stored path, a file, or an id."""

from __future__ import annotations

import os

from relook.collection.catalog import Catalog
from relook.core.errors import UsageError

__all__ = ["Named", "content_of", "places_of"]

Named = str | os.PathLike[str] | int


def places_of(catalog: Catalog, picture: Named) -> list[tuple[int, str]]:
    """(root id, stored path) of a path, or of every file that shows an id.

    Raises:
        UsageError: it is not in the collection, or in several folders.
    """
    places = catalog.places(picture) if isinstance(picture, int) else catalog.find(picture)
    if not places:
        raise UsageError(
            f"{_shown(picture)} is not in the collection; name a path as a search shows it"
        )
    if not isinstance(picture, int) and len(places) > 1:
        raise UsageError(f"{_shown(picture)} is in several folders; give its full path")
    return places


def content_of(catalog: Catalog, picture: Named) -> int:
    """The id of a picture that can be searched.

    Raises:
        UsageError: it is not in the collection, in several folders, or cannot be searched.
    """
    rows = catalog.rows(
        "SELECT c.id FROM paths p CROSS JOIN contents c ON c.id = p.content AND c.state = 'ok' "
        "WHERE p.root = ? AND p.path = ?",
        places_of(catalog, picture)[0],
    )
    if not rows:
        raise UsageError(
            f"{_shown(picture)} is in the collection but has no description; index it again"
        )
    return int(rows[0][0])


def _shown(picture: Named) -> str:
    return str(picture) if isinstance(picture, int) else os.fspath(picture)
