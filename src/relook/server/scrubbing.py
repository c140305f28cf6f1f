"""Text without the paths of this computer."""

from __future__ import annotations

import contextlib
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from relook.core.errors import RelookError

if TYPE_CHECKING:
    from relook.collection import Collection

__all__ = ["without_paths"]

# Words that follow and hold a slash belong to the path: folders may have spaces in their names.
_TAIL = r"[^\s'\"`<>|]*(?: [^\s'\"`<>|]*[\\/][^\s'\"`<>|]*)*"
_ABSOLUTE = re.compile(
    rf"file:/+{_TAIL}"
    rf"|(?<![\w/\\])[A-Za-z]:[\\/]{_TAIL}"
    rf"|(?<![\w\\])\\\\{_TAIL}"
    rf"|(?<![\w/:.<])/(?!api/v1\b)(?=[^\s/]){_TAIL}"
)
_END = ".,;:!?)]}"


def without_paths(text: str, collection: Collection | None = None) -> str:
    """Replace paths of the disk by what people know: names of files, never where they lie.

    Args:
        text: of an error.
        collection: whose directory and folders of photos are known.
    """
    for folder, name in _known(collection):
        for spelled in {folder, folder.replace("/", "\\")}:
            text = re.sub(rf"{re.escape(spelled)}(?=[\\/])[\\/]", "", text)
            text = re.sub(rf"{re.escape(spelled)}(?!\w)", name, text)
    return _ABSOLUTE.sub(_name_of, text)


def _known(collection: Collection | None) -> list[tuple[str, str]]:
    """Folders with what they are called, the longest first."""
    found = {tempfile.gettempdir(): "a temporary folder", str(Path.home()): "the home folder"}
    if collection is not None:
        with contextlib.suppress(RelookError, OSError):
            found |= dict.fromkeys(collection.catalog.roots(), "a folder of photos")
        directory = collection.directory
        found |= {str(directory.absolute()): "the collection", str(directory): "the collection"}
    plain = {folder.replace("\\", "/").rstrip("/"): name for folder, name in found.items()}
    return sorted(((f, n) for f, n in plain.items() if len(f) > 1), key=lambda one: -len(one[0]))


def _name_of(found: re.Match[str]) -> str:
    path = found.group()
    kept = path.rstrip(_END)
    name = re.split(r"[\\/]", kept.rstrip("\\/"))[-1]
    return (name or "a file") + path[len(kept) :]
