"""What ``relook clean`` is asked to clean: a folder of classes, a table, or a collection."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from relook.cli import console
from relook.cli.words import count

if TYPE_CHECKING:
    from relook.collection import Collection
    from relook.mapping.cleaning.classes import Classes

__all__ = ["open_classes"]


@contextmanager
def open_classes(
    directory: Path, *, workdir: Path | None, recipe: str | None, jobs: int | None
) -> Iterator[tuple[Collection, Classes]]:
    """The collection to ask, and the classes of its pictures."""
    import relook  # noqa: PLC0415
    from relook.collection import Collection  # noqa: PLC0415
    from relook.core.errors import UsageError  # noqa: PLC0415
    from relook.mapping.cleaning.classes import (  # noqa: PLC0415
        classes_in_folder,
        classes_in_table,
        classes_of_labels,
    )

    if Collection.exists(directory):
        if workdir is not None or recipe is not None:
            raise UsageError(
                f"{directory} is a collection; --workdir and --recipe are for folders of classes"
            )
        with relook.open(directory) as collection:
            yield collection, classes_of_labels(collection)
        return
    if directory.suffix.lower() == ".csv":
        rows = _rows(directory)
        photos = list(dict.fromkeys(path for path, _ in rows))
        with _place(workdir) as place, _indexed(place, photos, recipe, jobs) as collection:
            yield collection, classes_in_table(collection, rows)
        return
    _check_folder(directory)
    with _place(workdir) as place, _indexed(place, [directory], recipe, jobs) as collection:
        classes, loose = classes_in_folder(collection, directory)
        if loose:
            lie = count(len(loose), "picture that lies", "pictures that lie")
            console.note(f"{lie} in no class and is left alone, such as {loose[0]}")
        yield collection, classes


@contextmanager
def _indexed(
    place: Path, photos: list[Path], recipe: str | None, jobs: int | None
) -> Iterator[Collection]:
    from relook.cli.index import fill, open_or_create  # noqa: PLC0415

    with open_or_create(place, photos=photos, recipe=recipe) as collection:
        fill(collection, photos, jobs=jobs, prune=True)
        yield collection


@contextmanager
def _place(workdir: Path | None) -> Iterator[Path]:
    if workdir is not None:
        yield workdir
        return
    with tempfile.TemporaryDirectory(prefix="relook-", ignore_cleanup_errors=True) as made:
        try:
            yield Path(made) / "collection"
        except KeyboardInterrupt:
            words = (
                "stopped; nothing was written. With --workdir DIR the next run goes on from here"
            )
            raise KeyboardInterrupt(words) from None


def _rows(table: Path) -> list[tuple[Path, str]]:
    """File and label of each row whose file is there; the others are named."""
    from relook.core.errors import UsageError  # noqa: PLC0415
    from relook.training.sources.label_table import read_labels  # noqa: PLC0415

    rows = [(table.parent / row.path, row.label) for row in read_labels(table) if row.label]
    found = [(path, label) for path, label in rows if path.is_file()]
    gone = [path for path, _ in rows if not path.is_file()]
    if not found:
        raise UsageError(f"no file that {table} names is there; its paths begin at its own folder")
    if gone:
        lack = count(len(gone), "file is", "files are")
        console.note(f"{lack} not there, such as {gone[0]}")
    return found


def _check_folder(directory: Path) -> None:
    """Refuse what has no folders before anything is described."""
    from relook.core.errors import UsageError  # noqa: PLC0415

    if not directory.is_dir():
        raise UsageError(f"{directory} is no folder; name one that holds a folder for each class")
    if not any(entry.is_dir() and not entry.name.startswith(".") for entry in directory.iterdir()):
        raise UsageError(
            f"{directory} has no folders; lay the pictures of each class into a folder of its own"
        )
