"""Which pictures are said to show which class: by folders, by a table, or by labels."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from relook.collection import Collection
from relook.collection.files import Files, StoredFile
from relook.core.errors import UsageError

__all__ = ["ClassFile", "classes_in_folder", "classes_in_table", "classes_of_labels"]


@dataclass(frozen=True, slots=True)
class ClassFile:
    """A file of a class.

    Attributes:
        path: as people see it, with '/'.
        file: absolute, with '/'.
        content: what it shows; None where it cannot be used.
        reason: why not; empty where it can.
    """

    path: str
    file: str
    content: int | None
    reason: str = ""


Classes = Mapping[str, tuple[ClassFile, ...]]


def classes_in_folder(
    collection: Collection, root: str | os.PathLike[str]
) -> tuple[Classes, tuple[str, ...]]:
    """Classes by the folders right below ``root``, and the paths of pictures that lie in none.

    A class takes all that is below its folder. Paths of the answer are relative to ``root``.

    Raises:
        UsageError: no picture lies in a folder below it.
    """
    found: dict[str, list[ClassFile]] = defaultdict(list)
    loose = []
    usable = _Usable(collection)
    for file, path in usable.files.below(root):
        name, below, _ = path.partition("/")
        if below:
            found[name].append(usable.make(file, path))
        else:
            loose.append(path)
    if not found:
        words = f", only {len(loose)} beside each other" if loose else ""
        raise UsageError(
            f"{os.fspath(root)} has no pictures in folders{words}; lay the pictures of each class "
            "into a folder of its own, and name the folder that holds these"
        )
    return _sorted(found), tuple(loose)


def classes_in_table(
    collection: Collection, rows: Iterable[tuple[str | os.PathLike[str], str]]
) -> Classes:
    """Classes by rows of a file and its label; files that were not indexed are left out."""
    found: dict[str, list[ClassFile]] = defaultdict(list)
    usable = _Usable(collection)
    for path, label in rows:
        file = usable.files.one(path)
        if file is not None:
            found[label].append(usable.make(file, usable.files.shown(file)))
    return _sorted(found)


def classes_of_labels(collection: Collection) -> Classes:
    """Classes by the labels of a collection; a picture with several is in several.

    Raises:
        UsageError: no picture has a label.
    """
    usable = _Usable(collection)
    files: dict[int, list[StoredFile]] = defaultdict(list)
    for file in usable.files.all:
        if file.content is not None:
            files[file.content].append(file)
    found: dict[str, list[ClassFile]] = defaultdict(list)
    for content, labels in collection.labelled().items():
        for label in labels:
            found[label] += [usable.make(file, usable.files.shown(file)) for file in files[content]]
    if not found:
        raise UsageError(
            f"the pictures of {collection.directory} have no labels; relook label "
            f"{collection.directory} --from-folders gives them those of their folders"
        )
    return _sorted(found)


class _Usable:
    """The files of a collection, and why some cannot be used."""

    def __init__(self, collection: Collection) -> None:
        self.files = Files(collection.catalog)
        rows = collection.catalog.rows(
            "SELECT rtrim(r.path, '/') || '/' || p.path, coalesce(p.reason, c.reason) FROM roots r "
            "CROSS JOIN paths p ON p.root = r.id LEFT JOIN contents c ON c.id = p.content "
            "WHERE p.content IS NULL OR c.state <> 'ok'"
        )
        self._reasons = {full: reason or "waits for the next index run" for full, reason in rows}

    def make(self, file: StoredFile, path: str) -> ClassFile:
        reason = self._reasons.get(file.full, "")
        return ClassFile(path, file.full, None if reason else file.content, reason)


def _sorted(found: Mapping[str, list[ClassFile]]) -> Classes:
    return {name: tuple(sorted(found[name], key=lambda file: file.path)) for name in sorted(found)}
