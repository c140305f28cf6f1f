"""Catalogs of files that need not be described: quick to make, with no worker process."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from relook.collection import Collection


def stock(collection: Collection, root: Path, files: Mapping[str, str | None]) -> None:
    """Write files below ``root`` into the catalog: path to what it shows; None is unreadable."""
    catalog = sqlite3.connect(collection.directory / "catalog.sqlite")
    with catalog:
        folder = root.absolute().as_posix()
        catalog.execute("INSERT OR IGNORE INTO roots (path) VALUES (?)", (folder,))
        (number,) = catalog.execute("SELECT id FROM roots WHERE path = ?", (folder,)).fetchone()
        for path, shown in sorted(files.items()):
            key = None if shown is None else _content(catalog, shown)
            reason = "no permission" if shown is None else None
            row = (number, path, key, reason)
            catalog.execute("INSERT INTO paths VALUES (?, ?, ?, 1, 1, ?)", row)
    catalog.close()


def _content(catalog: sqlite3.Connection, shown: str) -> int:
    sha256 = hashlib.sha256(shown.encode()).digest()
    catalog.execute(
        "INSERT OR IGNORE INTO contents (sha256, bytes, state) VALUES (?, 1, 'ok')", (sha256,)
    )
    (key,) = catalog.execute("SELECT id FROM contents WHERE sha256 = ?", (sha256,)).fetchone()
    return int(key)
