"""Bringing a damaged collection back: what is whole stays, what is not is described again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from relook.collection.check import Findings
from relook.collection.creation import CATALOG, make_catalog, part_of, publish, remove_database
from relook.collection.database import connect, reported, transaction
from relook.collection.derived import Derived
from relook.collection.lessons import FOLDER, UNFINISHED
from relook.collection.lock import FileLock
from relook.collection.writer import LOCK, Writer
from relook.core.errors import FormatError

__all__ = ["drop_descriptions", "repair", "salvage"]

_TABLES = {
    "roots": ("id",),
    "contents": ("id",),
    "paths": ("root", "path"),
    "labels": ("content", "label"),
    "descriptions": ("rowid",),
}


def repair(directory: Path, findings: Findings) -> None:
    """Make a collection sound again; the caller holds no connection to it.

    Raises:
        LockedError: another process is writing.
        FormatError: the catalog is beyond repair.
    """
    if findings.pages:
        with FileLock(directory / LOCK):
            salvage(directory)
    with Writer(directory) as writer:
        drop_descriptions(writer, [key for key, _ in findings.descriptions])
    derived = directory / "derived"
    for folder in derived.iterdir() if derived.is_dir() else ():
        if folder.is_dir() and not _taught(folder):  # desktops leave files of their own
            Derived(folder).drop()


def _taught(folder: Path) -> bool:
    """Whether it is a sound calibration, which no search would make again."""
    manifest = Derived(folder).read() if folder.name in {FOLDER, UNFINISHED} else None
    return manifest is not None and not Derived(folder).damaged(manifest)


def drop_descriptions(writer: Writer, ids: Sequence[int]) -> None:
    """Let the next index run describe these contents again; paths and labels stay.

    They get new ids, because an index never takes back an id that it has lost.
    """
    with writer.changing() as connection:
        connection.execute("PRAGMA defer_foreign_keys = ON")
        for old in ids:
            connection.execute("DELETE FROM descriptions WHERE content = ?", (old,))
            new = _next_id(connection)
            connection.execute(
                "UPDATE contents SET id = ?, state = 'pending', reason = NULL WHERE id = ?",
                (new, old),
            )
            for table in ("paths", "labels"):
                connection.execute(
                    f"UPDATE {table} SET content = ? WHERE content = ?",  # noqa: S608 - ours
                    (new, old),
                )


def _next_id(connection: sqlite3.Connection) -> int:
    """Draw an id as AUTOINCREMENT would, which an UPDATE does not."""
    connection.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'contents'")
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'contents'").fetchone()
    return int(row[0])


def salvage(directory: Path) -> None:
    """Copy every row that can still be read into a new catalog; the damaged one is kept beside it.

    The caller holds the writer's lock and no connection.

    Raises:
        FormatError: not even the description of the collection can be read.
    """
    path = directory / CATALOG
    part = part_of(path).with_suffix(".salvage")
    with reported(path):
        old = connect(path, mode="rw")
        try:
            meta = dict(old.execute("SELECT key, value FROM meta").fetchall())
            remove_database(part)
            make_catalog(part, {str(key): str(value) for key, value in meta.items()})
            _copy(old, part)
        except sqlite3.DatabaseError as error:
            raise FormatError(
                f"{path} is too damaged to repair ({error}); restore a backup, or index again into "
                "a new directory"
            ) from error
        finally:
            old.close()
    _swap(part, path)


def _copy(old: sqlite3.Connection, part: Path) -> None:
    new = connect(part, mode="rw")
    try:
        new.execute("PRAGMA foreign_keys = OFF")
        with transaction(new):
            for table in _TABLES:
                for row in _readable(old, table):
                    marks = ",".join("?" * len(row))
                    new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)  # noqa: S608 - ours
            _reconcile(new)
        new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        new.close()


def _readable(old: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    """Rows from both ends until each meets damage; what lies between is lost."""
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{column} {direction}" for column in _TABLES[table])
        try:
            yield from old.execute(f"SELECT * FROM {table} ORDER BY {order}")  # noqa: S608 - ours
        except sqlite3.DatabaseError:
            continue
        return


def _reconcile(new: sqlite3.Connection) -> None:
    """Drop rows that refer to lost ones; what lost its description waits for the next run."""
    new.execute("DELETE FROM paths WHERE root NOT IN (SELECT id FROM roots)")
    for table in ("paths", "labels", "descriptions"):
        new.execute(
            f"DELETE FROM {table} WHERE content NOT NULL "  # noqa: S608 - ours
            "AND content NOT IN (SELECT id FROM contents)"
        )
    new.execute(
        "UPDATE contents SET state = 'pending', reason = NULL WHERE state = 'ok' "
        "AND id NOT IN (SELECT content FROM descriptions)"
    )


def _swap(part: Path, path: Path) -> None:
    """Put the new catalog in place; the log of the old one must not be replayed into it."""
    kept = path.with_name(path.name + ".damaged")
    remove_database(kept)
    for suffix in ("-wal", "-shm"):
        log = path.with_name(path.name + suffix)
        if log.exists():
            log.replace(kept.with_name(kept.name + suffix))
    try:
        os.link(path, kept)
    except OSError:  # a file system without links
        path.replace(kept)
    publish(part, path)
