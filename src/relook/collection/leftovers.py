"""Stored paths whose file is gone: moved, deleted, or only out of reach."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from relook.collection.scan import Scan
from relook.collection.writer import Writer

__all__ = ["Leftovers", "sweep"]


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What became of stored paths: numbers as in an AddReport."""

    moved: int
    missing: int
    pruned: int


def sweep(writer: Writer, scan: Scan, *, prune: bool) -> Leftovers:
    """Drop the old paths of moved files, and with ``prune`` all that no file shows any more.

    Only paths below the folders of this run are looked at, so that a disk that is not there
    today costs nothing.
    """
    gone = list(_gone(writer, scan))
    shown = [_is_shown(writer, content) for _, _, content in gone]
    moved = [(root, path) for (root, path, _), kept in zip(gone, shown, strict=True) if kept]
    missing = [(root, path) for (root, path, _), kept in zip(gone, shown, strict=True) if not kept]
    dropped = moved + missing if prune else moved
    pruned = writer.drop_paths(dropped, orphans=prune) if dropped or prune else 0
    return Leftovers(len(moved), 0 if prune else len(missing), pruned)


def _gone(writer: Writer, scan: Scan) -> Iterator[tuple[int, str, int | None]]:
    """(root, path, content) of stored files below the folders of this run that are not there."""
    if not scan.folders:
        return
    seen = {found.file for found in scan.found}
    folders = tuple(folder.rstrip("/") + "/" for folder in scan.folders)
    rows = writer.read(
        "SELECT p.root, p.path, p.content, rtrim(r.path, '/') || '/' || p.path FROM paths p "
        "JOIN roots r ON r.id = p.root ORDER BY r.path, p.path"
    )
    for root, path, content, file in rows:
        full = str(file)
        if full.startswith(folders) and full not in seen and not _is_file(full):
            yield int(str(root)), str(path), None if content is None else int(str(content))


def _is_file(path: str) -> bool:
    """Whether a file is there or might be; False only where it is gone for certain."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - one call per file
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        return True


def _is_shown(writer: Writer, content: int | None) -> bool:
    """Whether another file that exists shows the same content."""
    rows = writer.read(
        "SELECT rtrim(r.path, '/') || '/' || p.path FROM paths p JOIN roots r ON r.id = p.root "
        "WHERE p.content = ?",
        (content,),
    )
    return any(_is_file(str(file)) for (file,) in rows)
