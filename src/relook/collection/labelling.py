"""Labels, as a collection offers them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from relook.collection import label_csv, label_folders
from relook.collection import labels as changes
from relook.collection.catalog import Catalog
from relook.collection.files import Files
from relook.collection.label_folders import Level
from relook.collection.label_reading import LabelReading
from relook.collection.labels import Mode
from relook.collection.writer import Writer

__all__ = ["Labelling"]


class Labelling:
    """The part of a collection that says what its pictures show.

    A picture is a content: all files with the same bytes have the same labels, and these stay
    with it when files are moved, touched or indexed again. A file that is edited in place hands
    its labels on to what it shows then.
    """

    directory: Path
    _catalog: Catalog

    def labels(self, ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
        """The labels of these pictures; one without labels is missing from the answer."""
        return self._catalog.labels(ids)

    def labelled(self) -> dict[int, tuple[str, ...]]:
        """The labels of every picture that has some, can be searched and is shown by a file."""
        return self._catalog.labelled()

    def label_counts(self) -> dict[str, int]:
        """In order of label, how many pictures have it; those counted that a search can show."""
        return self._catalog.label_counts()

    def set_labels(self, content: int, labels: Iterable[str]) -> None:
        """Replace the labels of a picture; see :meth:`apply_labels`."""
        self.apply_labels({content: labels}, mode="replace")

    def apply_labels(self, wanted: Mapping[int, Iterable[str]], *, mode: Mode = "add") -> int:
        """Add labels to pictures, replace theirs, or take some away; all of it or nothing.

        Labels may be in any script. They are kept in Unicode NFC, with single spaces; upper and
        lower case are different.

        Args:
            wanted: id of a content to labels.
            mode: ``add``, ``replace`` (no labels: leave it without any) or ``remove``.

        Returns:
            The number of pictures whose labels changed.

        Raises:
            UsageError: a label is empty, too long or has control characters.
            CollectionError: an id is not in the collection.
        """
        with Writer(self.directory) as writer:
            return changes.apply_labels(writer, wanted, mode=mode)

    def rename_label(self, old: str, new: str) -> int:
        """Call a label otherwise; where there is one called so, the two become one.

        Returns:
            The number of pictures that had it.

        Raises:
            UsageError: no picture has it; the message names labels that are spelled alike.
        """
        with Writer(self.directory) as writer:
            return changes.rename_label(writer, old, new)

    def drop_label(self, label: str) -> int:
        """Take a label from all pictures and return how many had it.

        Raises:
            UsageError: no picture has it; the message names labels that are spelled alike.
        """
        with Writer(self.directory) as writer:
            return changes.drop_label(writer, label)

    def ids_of(self, pictures: Iterable[str | os.PathLike[str]]) -> tuple[int, ...]:
        """The pictures that paths mean: as stored, of files, or of folders with all below them.

        Raises:
            UsageError: a path is not in the collection, or means several files.
        """
        return Files(self._catalog).contents(pictures)

    def labels_from_folders(
        self, root: str | os.PathLike[str] | None = None, *, level: Level = "last"
    ) -> LabelReading:
        """What folders say of the pictures in them, for :meth:`apply_labels`.

        Args:
            root: the folder in which the classes lie; those that were indexed unless given.
            level: ``last`` takes the folder that holds the picture, ``first`` the one right
                below ``root``.

        Raises:
            UsageError: no picture lies in ``root``.
        """
        return label_folders.labels_from_folders(self._catalog, root, level=level)

    def labels_from_csv(
        self, file: str | os.PathLike[str], *, column: str = "label", separator: str | None = None
    ) -> LabelReading:
        """The labels that a csv gives to pictures, for :meth:`apply_labels`.

        Args:
            file: UTF-8 or UTF-16; its first row names the columns, ``path`` among them.
            column: that of the labels.
            separator: of several labels in one field, such as ``|``.

        Raises:
            UsageError: it is no such table.
        """
        return label_csv.labels_from_csv(self._catalog, file, column=column, separator=separator)

    def export_labels(self, file: str | os.PathLike[str]) -> int:
        """Write a csv of paths and labels that can be read in again; return its number of rows."""
        return label_csv.write_labels(self._catalog, file)
