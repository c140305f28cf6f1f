"""Labels, as a collection offers them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from relook.collection import labels as changes
from relook.collection.catalog import Catalog
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
