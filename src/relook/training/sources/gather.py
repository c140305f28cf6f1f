"""The pictures of a configuration, and those held out of training to be searched for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.training.config import DataPart, ValidationPart
from relook.training.records import Pictures
from relook.training.sources.pictures import Folder, FoundPictures, find_pictures
from relook.training.sources.track_folder import tracked_folder
from relook.training.sources.tracking import Problem

__all__ = ["gather_pictures", "hold_out", "pictures_digest", "select"]

TRACKS = "tracks"
"""Labels of a folder of videos."""


def gather_pictures(
    part: DataPart,
    *,
    root: Path | None = None,
    into: Path | None = None,
    but: Sequence[Path] = (),
) -> FoundPictures:
    """All that ``[data]`` names.

    Args:
        part: folders below a root.
        root: in place of the part's own.
        into: folder of the run, where what is tracked in videos lies.
        but: files that are no picture to learn from, such as the curves that a run draws, which may
            lie among these.

    Raises:
        UsageError: a folder is missing, or there are no pictures.
    """
    base = Path(part.root) if root is None else root
    folders: list[Folder] = []
    problems: list[Problem] = []
    for place, one in enumerate(part.folders):
        folder, labels = base / one.path, one.labels
        if labels == TRACKS:
            folder, found = tracked_folder(folder, (into or base) / f"tracks-{place}")
            labels = "folder"
            problems += found
        folders.append(Folder(folder, labels=labels, kind=one.kind, name=one.path))
    pictures = find_pictures(folders, but=tuple(but))
    return replace(pictures, left_out=(*problems, *pictures.left_out))


def pictures_digest(pictures: Pictures) -> str:
    """Equal for equal file names in equal classes, wherever they lie."""
    content = hashlib.sha256()
    for path, label in zip(pictures.paths, pictures.labels, strict=True):
        content.update(f"{path.name}\0{pictures.classes[label]}\0".encode())
    return content.hexdigest()[:16]


def hold_out(
    pictures: Pictures, part: ValidationPart | None, *, seed: int
) -> tuple[Pictures, Pictures | None]:
    """Pictures to learn from, and those of whole classes that are held out, if any are asked for.

    Two classes are held out at least: one would always be found.

    Raises:
        UsageError: there are too few classes to hold some out.
    """
    if part is None or part.dataset:
        return pictures, None
    count = max(2, round(part.share * len(pictures.classes)))
    if len(pictures.classes) - count < 2:
        raise UsageError(
            f"{len(pictures.classes)} classes are too few to hold {count} of them out; "
            "bring more, set validation.share, or leave [validation] out"
        )
    rng = np.random.default_rng((seed, 31))
    held = np.isin(pictures.labels, rng.permutation(len(pictures.classes))[:count])
    return select(pictures, np.flatnonzero(~held)), select(pictures, np.flatnonzero(held))


def select(pictures: Pictures, rows: NDArray[np.int64]) -> Pictures:
    """Some of the pictures; labels are numbered anew."""
    old, labels = np.unique(pictures.labels[rows], return_inverse=True)
    return Pictures(
        tuple(pictures.paths[row] for row in rows),
        labels.astype(np.int64),
        tuple(pictures.classes[label] for label in old),
        tuple(pictures.kinds[row] for row in rows),
    )
