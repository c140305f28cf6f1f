"""Labels from the names of folders, as data sets of classes are laid out."""

from __future__ import annotations

import os
from typing import Literal, get_args

from relook.collection.catalog import Catalog
from relook.collection.files import Files
from relook.collection.label_reading import Gathering, LabelReading
from relook.collection.labels import make_label
from relook.core.errors import UsageError

__all__ = ["Level", "labels_from_folders"]

Level = Literal["first", "last"]


def labels_from_folders(
    catalog: Catalog, root: str | os.PathLike[str] | None = None, *, level: Level = "last"
) -> LabelReading:
    """Read what folders say of the pictures in them; nothing is applied.

    Args:
        catalog: of the collection.
        root: the folder in which the classes lie; the folders that stored paths are relative to
            unless given. A picture right in it gets no label.
        level: ``last`` takes the folder that holds the picture, ``first`` the one right below
            ``root``.

    Raises:
        UsageError: there is no such level, or no picture lies in ``root``.
    """
    if level not in get_args(Level):
        raise UsageError(f"the level is one of {', '.join(get_args(Level))}, not {level}")
    files = Files(catalog)
    inside = [(file, file.path) for file in files.all] if root is None else files.below(root)
    if not inside and root is not None:
        roots = ", ".join(catalog.roots()) or "empty"
        raise UsageError(
            f"no picture of the collection lies in {os.fspath(root)}; its photos are in {roots}"
        )
    gathering, loose = Gathering(files), 0
    for file, path in inside:
        folders = path.split("/")[:-1]
        if file.content is None:
            gathering.complain(None, files.shown(file), "the file cannot be read")
        elif not folders:
            loose += 1
        else:
            try:
                label = make_label(folders[-1 if level == "last" else 0])
            except UsageError as error:
                gathering.complain(None, files.shown(file), str(error))
            else:
                gathering.add(file, file.content, label)
    return gathering.finish(loose=loose)
