"""How many bytes a collection takes."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["UPLOADS", "directory_bytes"]

UPLOADS = "uploads"
"""Folder in a collection's directory for photos that came by the server: no other has them."""


def directory_bytes(directory: Path) -> int:
    """Bytes of all files below ``directory`` that say something of photos; they may come and go.

    Thumbnails and uploaded photos are left out.
    """
    left_out = {directory / "derived" / "thumbnails", directory / UPLOADS}
    total = 0
    for folder, folders, files in os.walk(directory):
        if Path(folder) in left_out:
            folders.clear()
            continue
        for name in files:
            try:
                total += (Path(folder) / name).stat().st_size
            except OSError:
                continue
    return total
