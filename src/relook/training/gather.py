"""The pictures of a configuration: several folders become one list with labels that never clash."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from relook.core.errors import UsageError
from relook.images import is_picture
from relook.training.config import DataPart, FolderPart
from relook.training.records import Pictures

__all__ = ["gather_pictures", "pictures_digest"]


def gather_pictures(part: DataPart, *, root: Path | None = None) -> Pictures:
    """All that ``[data]`` names.

    Args:
        part: folders below a root.
        root: in place of the part's own.

    Raises:
        UsageError: a folder is missing or holds no pictures, or one picture has two labels.
    """
    base = Path(part.root) if root is None else root
    found = [_folder(base, folder) for folder in part.folders]
    labels, past = [], 0
    for one in found:
        labels.append(one.labels + past)
        past += len(one.classes)
    return Pictures(
        tuple(path for one in found for path in one.paths),
        np.concatenate(labels),
        tuple(name for one in found for name in one.classes),
        tuple(kind for one in found for kind in one.kinds),
    )


def pictures_digest(pictures: Pictures) -> str:
    """Equal for equal file names in equal classes, wherever they lie."""
    content = hashlib.sha256()
    for path, label in zip(pictures.paths, pictures.labels, strict=True):
        content.update(f"{path.name}\0{pictures.classes[label]}\0".encode())
    return content.hexdigest()[:16]


def _folder(base: Path, part: FolderPart) -> Pictures:
    folder = base / part.path
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; say where the data lies with --data")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and is_picture(path))
    if not files:
        raise UsageError(f"{folder} holds no pictures")
    names = [
        f"{part.path}/{(p.parent if part.labels == 'folder' else p).relative_to(folder).as_posix()}"
        for p in files
    ]
    classes = tuple(dict.fromkeys(names))
    numbers = {name: number for number, name in enumerate(classes)}
    labels = np.array([numbers[name] for name in names], np.int64)
    return Pictures(tuple(files), labels, classes, (part.kind,) * len(files))
