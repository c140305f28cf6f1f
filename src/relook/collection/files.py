"""Which stored files a person means by a path."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from relook.collection.catalog import Catalog
from relook.core.errors import UsageError

__all__ = ["Files", "StoredFile"]


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that the catalog knows.

    Attributes:
        path: as stored, relative to its root, with '/'.
        full: absolute, with '/'.
        content: what it shows; None where it could not be read.
    """

    path: str
    full: str
    content: int | None


class Files:
    """All files of a catalog, found by their stored path, their full path, or a folder.

    Names that differ only in the Unicode form of their letters are taken for each other where
    the given one is not there: disks and spreadsheets do not agree on it.
    """

    def __init__(self, catalog: Catalog) -> None:
        rows = catalog.rows(
            "SELECT rtrim(r.path, '/') || '/' || p.path, p.path, p.content FROM roots r "
            "CROSS JOIN paths p ON p.root = r.id ORDER BY r.path, p.path"
        )
        self.all = tuple(StoredFile(path, full, content) for full, path, content in rows)
        self._exact = _Tables(self.all)
        self._alike: _Tables | None = None

    def named(
        self, path: str | os.PathLike[str], *, folder: Path | None = None
    ) -> list[StoredFile]:
        """The files that a path means: one as stored, a full one, or one relative to ``folder``.

        A stored path may be that of files in several roots; one of them that lies right in
        ``folder`` is meant then.

        Args:
            path: with slashes or backslashes.
            folder: the working directory unless given.
        """
        text = os.fspath(path)
        for spelling in dict.fromkeys((text, text.replace("\\", "/"), text.strip())):
            found = self._exact.find(spelling, folder)
            if found:
                return found
        if self._alike is None:
            self._alike = _Tables(self.all, form=_nfc)
        return self._alike.find(text.replace("\\", "/").strip(), folder)

    def one(self, path: str | os.PathLike[str], *, folder: Path | None = None) -> StoredFile | None:
        """The file that a path means, or None.

        Raises:
            UsageError: it may mean several.
        """
        found = self.named(path, folder=folder)
        if len(found) > 1:
            raise UsageError(f"{os.fspath(path)} is in several folders; give its full path")
        return found[0] if found else None

    def below(self, folder: str | os.PathLike[str]) -> list[tuple[StoredFile, str]]:
        """The files in a folder, stored or on the disk, each with its path relative to it."""
        if not os.fspath(folder):
            return []
        text = os.fspath(folder).replace(os.sep, "/").rstrip("/") + "/"
        found = [(file, file.path[len(text) :]) for file in self.all if file.path.startswith(text)]
        if found:
            return found
        full = _absolute(os.fspath(folder), None).rstrip("/") + "/"
        return [(file, file.full[len(full) :]) for file in self.all if file.full.startswith(full)]

    def contents(self, pictures: Iterable[str | os.PathLike[str]]) -> tuple[int, ...]:
        """What files show, and everything in folders; each once, in the order given.

        Raises:
            UsageError: something is not in the collection, or shows nothing that could be read.
        """
        found: dict[int, None] = {}
        for picture in pictures:
            one = self.one(picture)
            files = [file for file, _ in self.below(picture)] if one is None else [one]
            readable = [file.content for file in files if file.content is not None]
            if not files:
                raise UsageError(
                    f"{os.fspath(picture)} is not in the collection; name a path as a search "
                    "shows it, or a folder"
                )
            if not readable:
                raise UsageError(f"{os.fspath(picture)} cannot be read; mend it and index again")
            found.update(dict.fromkeys(readable))
        return tuple(found)

    def shown(self, file: StoredFile) -> str:
        """The path as people see it: as stored, in full where several roots have it."""
        return file.path if len(self._exact.stored[file.path]) == 1 else file.full


class _Tables:
    """Files by stored and by full path, in one form of spelling."""

    def __init__(self, files: Iterable[StoredFile], form: Callable[[str], str] = str) -> None:
        self.stored: dict[str, list[StoredFile]] = {}
        self._full: dict[str, StoredFile] = {}
        self._form = form
        for file in files:
            self.stored.setdefault(form(file.path), []).append(file)
            self._full[form(file.full)] = file

    def find(self, path: str, folder: Path | None) -> list[StoredFile]:
        found = self.stored.get(self._form(path), [])
        if len(found) == 1 or "\0" in path:
            return found
        file = self._full.get(self._form(_absolute(path, folder)))
        return found if file is None else [file]


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _absolute(path: str, folder: Path | None) -> str:
    """The path in full, with '/'; links stay, as in what is stored."""
    start = Path.cwd() if folder is None else folder
    return os.path.abspath(start / path).replace(os.sep, "/")  # noqa: PTH100 - keeps links
