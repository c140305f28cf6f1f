"""Whether the collection is still where it was."""

from __future__ import annotations

from pathlib import Path

from relook.collection import Collection
from relook.server.problems import ProblemError

__all__ = ["Presence"]

_LATER = {"Retry-After": "30"}


class Presence:
    """Notices a collection that was removed or replaced under the server.

    An open file outlives its name on most systems, so answers would go on as if nothing happened.
    """

    def __init__(self, collection: Collection) -> None:
        self._file: Path = collection.catalog.path
        self._identity = _identity(self._file)

    def check(self) -> None:
        """Look whether it is there.

        Raises:
            ProblemError: 503, it is not.
        """
        now = _identity(self._file)
        if now is None:
            detail = "the collection is gone; bring it back where it was, or stop the server"
            raise ProblemError(503, detail, headers=_LATER)
        if now != self._identity:
            detail = "another collection took the place of the one served; start the server again"
            raise ProblemError(503, detail, headers=_LATER)


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
