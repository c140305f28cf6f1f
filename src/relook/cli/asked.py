"""Which photos a command line asks about: files, folders with all below them, patterns."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Asked", "expand", "is_one"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A photo to ask about.

    Attributes:
        name: what to call it: its path as it was given, with '/'.
        file: where it is.
        reason: why it cannot even be tried, or "".
    """

    name: str
    file: Path
    reason: str = ""


def is_one(images: Sequence[Path]) -> bool:
    """Whether one photo is asked about, and not a folder, a pattern or several."""
    return len(images) == 1 and not images[0].is_dir() and not _is_pattern(images[0])


def expand(images: Sequence[Path]) -> list[Asked]:
    """All photos, each once, in the order given and by name within a folder.

    Raises:
        UsageError: there is no picture in a folder, or no file fits a pattern.
    """
    found: dict[str, Asked] = {}
    for image in images:
        for asked in _photos(image):
            found.setdefault(asked.name, asked)
    return list(found.values())


def _photos(image: Path) -> Iterator[Asked]:
    if image.is_dir():
        yield from _below(image)
    elif _is_pattern(image):
        yield from _fitting(image)
    else:
        yield Asked(image.as_posix(), image)


def _is_pattern(image: Path) -> bool:
    """Shells of Windows leave patterns to the program; a file may still be called so."""
    return glob.has_magic(str(image)) and not image.exists()


def _fitting(pattern: Path) -> Iterator[Asked]:
    from relook.core.errors import UsageError  # noqa: PLC0415

    names = sorted(glob.glob(str(pattern), recursive=True))  # noqa: PTH207 - also of absolute paths
    if not names:
        raise UsageError(f"no file is called {pattern}; name photos, or a folder of them")
    for name in names:
        yield from _photos(Path(name))


def _below(folder: Path) -> Iterator[Asked]:
    from relook.collection.scan import scan  # noqa: PLC0415
    from relook.images import is_picture  # noqa: PLC0415

    top = Path(os.path.abspath(folder))  # noqa: PTH100 - keeps the links that the user named
    for one in scan([folder], is_picture=is_picture).found:
        file = Path(one.file)
        shown = folder / file.relative_to(top) if file.is_relative_to(top) else file
        yield Asked(shown.as_posix(), file, one.reason or "")
