"""A collection under evaluation: opened, filled with a dataset's images, its files given names."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np

from relook.collection import Collection
from relook.collection.records import Info, Quarantined
from relook.core.errors import UsageError
from relook.datasets.truth import DatasetImage
from relook.images import is_picture
from relook.search.engine import Engine

__all__ = [
    "Report",
    "absolute",
    "names_by_file",
    "no_report",
    "opened_collection",
    "percentiles",
    "refuse_strangers",
    "unsearchable",
]

Report = Callable[[str, int, int], None]
"""Called with what is under way (such as ``index``), the number done and the total."""


class _Shelf(Protocol):
    """Any collection that tells what it could not use."""

    def quarantined(self) -> Sequence[Quarantined]: ...


@contextmanager
def opened_collection(workdir: Path | None, engine: Engine) -> Iterator[Collection]:
    """The collection in a directory, made where there is none; a temporary one by default."""
    if workdir is None:
        # Errors of cleaning up are ignored: Windows keeps mapped files for a while.
        with (
            tempfile.TemporaryDirectory(prefix="relook-", ignore_cleanup_errors=True) as made,
            Collection.create(Path(made) / "collection", engine=engine) as collection,
        ):
            yield collection
        return
    there = Collection.exists(workdir)
    with (
        Collection.open(workdir, engine=lambda _: engine)
        if there
        else Collection.create(workdir, engine=engine)
    ) as collection:
        yield collection


def names_by_file(images: Sequence[DatasetImage], directory: Path) -> dict[str, list[str]]:
    """The ids of images by their file, as :func:`absolute` writes it."""
    names: dict[str, list[str]] = {}
    for image in images:
        names.setdefault(absolute(directory / image.path), []).append(image.id)
    return names


def absolute(file: Path) -> str:
    """A file's path as a collection keeps it: absolute, links as they are, with '/'."""
    return os.path.abspath(file).replace(os.sep, "/")  # noqa: PTH100 - keeps links as they are


def unsearchable(library: _Shelf, info: Info, names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """By id the images that are not in the index, and why."""
    reasons = {
        file: "the name of the file is not that of a picture"
        for file in names
        if not is_picture(Path(file))
    }
    for bad in library.quarantined():
        for root in info.roots:
            reasons[f"{root.rstrip('/')}/{bad.path}"] = bad.reason
    return {name: reason for file, reason in reasons.items() for name in names.get(file, ())}


def refuse_strangers(info: Info, names: Mapping[str, Sequence[str]]) -> None:
    """Raise :class:`UsageError` where a collection holds more than the images of the dataset."""
    strangers = info.paths + info.quarantined - sum(is_picture(Path(file)) for file in names)
    if strangers > 0:
        raise UsageError(
            f"the collection holds {strangers} pictures that are not of the dataset; "
            "evaluate in a new directory"
        )


def percentiles(
    times: Sequence[Mapping[str, float]],
    stages: Sequence[str],
    share: float,
    *,
    quarantined: Mapping[str, str],
) -> dict[str, float]:
    """What ``share`` of 100 queries stay within, by stage.

    Raises:
        UsageError: no query was answered; the message gives a reason.
    """
    if not times:
        reason = next(iter(quarantined.values()), "there is none")
        raise UsageError(f"no query can be asked ({reason}); check the photos")
    return {
        stage: float(np.percentile([spent.get(stage, 0.0) for spent in times], share))
        for stage in stages
    }


def no_report(what: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
    del what, done, total
