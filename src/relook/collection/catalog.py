"""Reading ``catalog.sqlite``, at any time, also while another process writes."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.collection.catalog_columns import Columns, read_ids
from relook.collection.creation import CATALOG, is_collection
from relook.collection.database import connect, reported, snapshot
from relook.collection.migration import check_format
from relook.collection.records import Generation, Quarantined
from relook.collection.schema import VERSION
from relook.core.errors import CollectionError, FormatError, NotACollectionError

__all__ = ["Catalog", "in_chunks", "listed"]

_CHUNK = 500

_LABELS = (
    "SELECT content, label FROM labels WHERE content IN (SELECT value FROM json_each(?)) "
    "ORDER BY content, label"
)
_LABELS_SHOWN = (
    "SELECT content, label FROM labels l WHERE content IN (SELECT value FROM json_each(?)) "
    "AND EXISTS (SELECT 1 FROM paths p WHERE p.content = l.content) ORDER BY content, label"
)
"""Labels of contents, and only of those that a file shows."""

_NOT_OK = (
    "SELECT c.state, count(DISTINCT c.id), count(*) FROM contents c "
    "CROSS JOIN paths p ON p.content = c.id WHERE c.state != 'ok' GROUP BY c.state"
)
"""What has no descriptions and is shown by files: contents, and these files."""

_NOT_SEARCHABLE = (
    "SELECT path, reason FROM (SELECT path, reason, root FROM paths WHERE content IS NULL "
    "UNION ALL SELECT p.path, c.reason, p.root FROM contents c "
    "CROSS JOIN paths p ON p.content = c.id WHERE c.state = 'quarantined') ORDER BY path, root"
)


def listed(ids: Sequence[int]) -> str:
    """Ids as one value of an SQL statement, for ``json_each``."""
    return json.dumps(list(ids))


def in_chunks(ids: Sequence[int], size: int = _CHUNK) -> Iterator[list[int]]:
    """Slices of ``ids`` as plain integers, few enough to hold their descriptions."""
    for start in range(0, len(ids), size):
        yield [int(value) for value in ids[start : start + size]]


class Catalog:
    """A read-only view of the catalog in ``directory``. Threads may share it.

    Raises:
        NotACollectionError: the directory holds no collection.
        FormatError: the catalog is damaged, or of another version than this relook's.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / CATALOG
        try:
            found = is_collection(directory)
        except OSError as error:
            raise CollectionError(
                f"{directory} cannot be read ({error.strerror}); check its permissions"
            ) from error
        if not found:
            raise NotACollectionError(
                f"{directory} holds no collection; make one with `relook index PHOTOS --into "
                f"{directory}`"
            )
        self._lock = threading.RLock()
        self._columns: Columns | None = None
        with reported(self.path):
            self._connection = _open_reading(self.path)
            try:
                self.version = check_format(self._connection, self.path)
            except BaseException:
                self._connection.close()
                raise

    @property
    def is_old(self) -> bool:
        """Whether the catalog waits for a migration."""
        return self.version < VERSION

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent state of the catalog, for as long as the block lasts."""
        with self._lock, reported(self.path), snapshot(self._connection):
            yield self._connection

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock, reported(self.path):
            return self._connection.execute(sql, values).fetchall()

    def meta(self, key: str) -> str:
        """What was stored under ``key`` when the collection was made."""
        found = self.rows("SELECT value FROM meta WHERE key = ?", (key,))
        if not found:
            raise FormatError(f"{self.path} is damaged: it lacks {key}; restore a backup")
        return str(found[0][0])

    def generation(self) -> Generation:
        """The present state."""
        found = self.rows("SELECT uuid, counter FROM generations ORDER BY counter DESC LIMIT 1")
        if not found:
            raise FormatError(f"{self.path} is damaged: it has no generation; restore a backup")
        return Generation(*found[0])

    def descends_from(self, generation: Generation) -> bool:
        """Whether the catalog went through ``generation``; not so after a restored backup."""
        found = self.rows("SELECT counter FROM generations WHERE uuid = ?", (generation.uuid,))
        return bool(found) and 0 <= generation.counter <= int(found[0][0])

    def columns(self) -> Columns:
        """What is asked of all pictures at once, in the state that :meth:`reading` reads."""
        generation = self.generation()
        if self._columns is None or self._columns.generation != generation:
            self._columns = Columns(generation, self.rows)
        return self._columns

    def searchable(self) -> NDArray[np.int64]:
        """Ids of all contents that have descriptions, rising."""
        rows = self.rows("SELECT group_concat(id) FROM contents WHERE state = 'ok'")
        return read_ids(rows[0][0])

    def descriptions(self, channel: str, ids: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """Id and first row of ``channel`` of these contents, in order of id within a chunk."""
        for chunk in in_chunks(ids):
            yield from self.rows(
                "SELECT content, data FROM descriptions WHERE content "
                "IN (SELECT value FROM json_each(?)) AND channel = ? AND row = 0 ORDER BY content",
                (listed(chunk), channel),
            )

    def content_with(self, sha256: bytes) -> int | None:
        """The id of a content, or None."""
        found = self.rows("SELECT id FROM contents WHERE sha256 = ?", (sha256,))
        return int(found[0][0]) if found else None

    def paths(self, ids: Sequence[int]) -> dict[int, str]:
        """For each id that a file shows its path as stored: the first in order of root and path.

        Where several roots have a file of that path, the path is given in full.
        """
        found: dict[int, str] = {}
        for chunk in in_chunks(ids):
            rows = self.rows(
                "SELECT p.content, r.path, p.path, "
                "(SELECT count(*) FROM roots s CROSS JOIN paths q ON q.root = s.id "
                "AND q.path = p.path) FROM paths p CROSS JOIN roots r ON r.id = p.root "
                "WHERE p.content IN (SELECT value FROM json_each(?)) "
                "ORDER BY p.content, r.path, p.path",
                (listed(chunk),),
            )
            for content, root, path, homonyms in rows:
                found.setdefault(content, path if homonyms == 1 else _join(root, path))
        return found

    def files(self, content: int) -> list[Path]:
        """Where the files that show a content lie (they may be gone)."""
        rows = self.rows(
            "SELECT r.path, p.path FROM paths p CROSS JOIN roots r ON r.id = p.root "
            "WHERE p.content = ? ORDER BY r.path, p.path",
            (content,),
        )
        return [Path(_join(root, path)) for root, path in rows]

    def find(self, path: str | os.PathLike[str]) -> list[tuple[int, str]]:
        """(root id, stored path) that ``path`` means: one as stored, or that of a file."""
        text = os.fspath(path).replace(os.sep, "/")
        rows = self.rows(
            "SELECT p.root, p.path FROM roots r CROSS JOIN paths p ON p.root = r.id AND p.path = ?",
            (text,),
        )
        if not rows:
            full = os.path.abspath(path).replace(os.sep, "/")  # noqa: PTH100 - keeps links
            rows = self.rows(
                "SELECT p.root, p.path FROM roots r CROSS JOIN paths p ON p.root = r.id "
                "AND p.path = substr(?1, length(rtrim(r.path, '/')) + 2) "
                "WHERE substr(?1, 1, length(rtrim(r.path, '/')) + 1) = rtrim(r.path, '/') || '/'",
                (full,),
            )
        return [(int(root), str(stored)) for root, stored in rows]

    def places(self, content: int) -> list[tuple[int, str]]:
        """(root id, stored path) of every file that shows a content."""
        return self.rows("SELECT root, path FROM paths WHERE content = ?", (content,))

    def roots(self) -> tuple[str, ...]:
        """The folders that stored paths are relative to."""
        return tuple(path for (path,) in self.rows("SELECT path FROM roots ORDER BY path"))

    def counts(self) -> dict[str, int]:
        """Contents and files by what can be done with them."""
        with self.reading():
            images = len(self.columns().ids)
            (paths, known), *_ = self.rows("SELECT count(*), count(content) FROM paths")
            others = {state: numbers for state, *numbers in self.rows(_NOT_OK)}
        bad, pending = others.get("quarantined", [0, 0]), others.get("pending", [0, 0])
        return {
            "images": images,
            "paths": known - bad[1] - pending[1],
            "quarantined": paths - known + bad[1],
            "pending": pending[0],
        }

    def quarantined(self) -> list[Quarantined]:
        """Every file that cannot be searched, with its reason, in order of path."""
        return [Quarantined(*row) for row in self.rows(_NOT_SEARCHABLE)]

    def labels(self, ids: Sequence[int], *, shown: bool = False) -> Mapping[int, tuple[str, ...]]:
        """The labels of these contents; one without labels is missing from the answer.

        Args:
            ids: of contents.
            shown: leave out those that no file shows.
        """
        sql = _LABELS_SHOWN if shown else _LABELS
        found: dict[int, tuple[str, ...]] = {}
        for chunk in in_chunks(ids):
            rows = self.rows(sql, (listed(chunk),))
            for content, label in rows:
                found[content] = (*found.get(content, ()), label)
        return found

    def labelled(self) -> dict[int, tuple[str, ...]]:
        """The labels of all contents that have some, can be searched and are shown by a file."""
        with self.reading():
            return self.columns().labels.by_content()

    def labels_in_use(self) -> tuple[int, int]:
        """The number of different labels in :meth:`labelled`, and of contents that have one."""
        with self.reading():
            return self.columns().labels.numbers()

    def label_counts(self) -> dict[str, int]:
        """In order of label the number of contents that :meth:`labelled` names."""
        with self.reading():
            return self.columns().labels.counts()


def _join(root: str, path: str) -> str:
    return f"{root.rstrip('/')}/{path}"


def _open_reading(path: Path) -> sqlite3.Connection:
    """Open for reading; also where the directory is read-only and nobody left a log."""
    connection = connect(path, mode="ro")
    try:
        connection.execute("SELECT 1 FROM meta").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        code = error.sqlite_errorcode & 0xFF
        log = path.with_name(path.name + "-wal")
        unlogged = not log.exists() or log.stat().st_size == 0
        if code not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) or not unlogged:
            raise
        return connect(path, mode="ro", immutable=True)
    except BaseException:
        connection.close()
        raise
    return connection
