"""Writing ``catalog.sqlite``: every change is one transaction together with its generation."""

from __future__ import annotations

import contextlib
import sqlite3
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from relook.collection.creation import CATALOG
from relook.collection.database import connect, reported, transaction
from relook.collection.lock import FileLock
from relook.collection.migration import migrate
from relook.core.errors import CollectionError

__all__ = ["LOCK", "Content", "Entry", "KnownFile", "Writer"]

LOCK = "writer.lock"


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds.

    Attributes:
        sha256: 32 bytes.
        length: bytes of the file.
        reason: why it is in quarantine, or None.
        size: (width, height) in pixels where it could be decoded.
        taken: EXIF time as text, or None.
        place: EXIF (latitude, longitude) in degrees, or None.
        descriptions: channel to bytes; None where the catalog knows the content already.
    """

    sha256: bytes
    length: int
    reason: str | None = None
    size: tuple[int | None, int | None] = (None, None)
    taken: str | None = None
    place: tuple[float | None, float | None] = (None, None)
    descriptions: Mapping[str, bytes] | None = None

    @property
    def is_new(self) -> bool:
        """Whether it was described, or put in quarantine, just now."""
        return self.descriptions is not None or self.reason is not None


@dataclass(frozen=True, slots=True)
class Entry:
    """One file to write: its place, its size and time on the disk, and what it shows.

    Exactly one of ``content`` and ``reason`` is given.
    """

    root: int
    path: str
    length: int
    mtime_ns: int
    content: Content | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the catalog says of a file; ``state`` is None where it could not be read."""

    sha256: bytes | None
    length: int
    mtime_ns: int
    state: str | None


class Writer:
    """The one writer of a collection; holds the lock from its making to :meth:`close`."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / CATALOG
        self._session = uuid.uuid4().hex
        self._lock = FileLock(directory / LOCK)
        self._lock.acquire()
        try:
            with reported(self.path):
                self._connection = connect(self.path, mode="rw")
                try:
                    migrate(self._connection, self.path)
                    self._newest = _newest_content(self._connection)
                except BaseException:
                    self._connection.close()
                    raise
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file and of the lock."""
        try:
            # Readers keep the log alive; it need not stay long. What is in it is safe either way.
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("PRAGMA busy_timeout = 100")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
        finally:
            self._lock.release()

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; the generation moves on where something was changed."""
        with reported(self.path), transaction(self._connection):
            before = self._connection.total_changes
            yield self._connection
            if self._connection.total_changes != before:
                self._connection.execute(
                    "INSERT INTO generations VALUES (?, (SELECT max(counter) + 1 FROM generations))"
                    " ON CONFLICT (uuid) DO UPDATE SET counter = excluded.counter",
                    (self._session,),
                )

    def read(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[object, ...]]:
        """Rows of a query, as the writer sees them."""
        with reported(self.path):
            yield from self._connection.execute(sql, values)

    def roots(self) -> dict[str, int]:
        """Folder to id."""
        return {str(path): int(str(key)) for key, path in self.read("SELECT id, path FROM roots")}

    def add_root(self, path: str) -> int:
        """The id of a root, which is made where it is new."""
        with self.changing() as connection:
            connection.execute("INSERT OR IGNORE INTO roots (path) VALUES (?)", (path,))
        return self.roots()[path]

    def known_file(self, root: int, path: str) -> KnownFile | None:
        """What the catalog says of a file, or None where it is new."""
        with reported(self.path):
            row = self._connection.execute(
                "SELECT c.sha256, p.bytes, p.mtime_ns, c.state FROM paths p LEFT JOIN contents c "
                "ON c.id = p.content WHERE p.root = ? AND p.path = ?",
                (root, path),
            ).fetchone()
        return None if row is None else KnownFile(*row)

    def state_of(self, sha256: bytes) -> str | None:
        """'ok', 'quarantined', 'pending', or None where the content is new."""
        with reported(self.path):
            row = self._connection.execute(
                "SELECT state FROM contents WHERE sha256 = ?", (sha256,)
            ).fetchone()
        return None if row is None else str(row[0])

    def reason_of(self, sha256: bytes) -> str | None:
        """Why a content is in quarantine, or None."""
        rows = self.read("SELECT reason FROM contents WHERE sha256 = ?", (sha256,))
        return next((None if reason is None else str(reason) for (reason,) in rows), None)

    def write(self, entries: Iterable[Entry]) -> int:
        """Write files and what they show, whole or not at all.

        A file that was edited in place shows a content that came with this session; that content
        gets the labels of the one before, from each file that shows it now. A content that was
        there before, as when files change names, keeps its own labels, or its having none.

        Returns:
            The number of files that handed labels on in this way.
        """
        inherited = 0
        with self.changing() as connection:
            for entry in entries:
                content = None if entry.content is None else _write_content(connection, entry)
                if content is not None and content > self._newest:
                    inherited += _hand_on_labels(connection, entry, content)
                connection.execute(
                    "INSERT INTO paths VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (root, path) "
                    "DO UPDATE SET content = excluded.content, bytes = excluded.bytes, "
                    "mtime_ns = excluded.mtime_ns, reason = excluded.reason",
                    (entry.root, entry.path, content, entry.length, entry.mtime_ns, entry.reason),
                )
        return inherited

    def drop_paths(self, paths: Sequence[tuple[int, str]], *, orphans: bool) -> int:
        """Forget files, and with ``orphans`` every content that no file shows any more.

        Returns:
            The number of contents dropped.
        """
        with self.changing() as connection:
            connection.executemany("DELETE FROM paths WHERE root = ? AND path = ?", paths)
            if not orphans:
                return 0
            return connection.execute(
                "DELETE FROM contents WHERE NOT EXISTS "
                "(SELECT 1 FROM paths WHERE paths.content = contents.id)"
            ).rowcount

    def forget(self, paths: Sequence[tuple[int, str]]) -> None:
        """Forget files, and those of their contents that no other file shows."""
        with self.changing() as connection:
            for place in paths:
                row = connection.execute(
                    "SELECT content FROM paths WHERE root = ? AND path = ?", place
                ).fetchone()
                connection.execute("DELETE FROM paths WHERE root = ? AND path = ?", place)
                connection.execute(
                    "DELETE FROM contents WHERE id = ?1 AND NOT EXISTS "
                    "(SELECT 1 FROM paths WHERE content = ?1)",
                    row or (None,),
                )


def _write_content(connection: sqlite3.Connection, entry: Entry) -> int:
    content = entry.content
    if content is None:
        raise CollectionError(f"{entry.path} has no content to write; please report this")
    row = connection.execute(
        "SELECT id FROM contents WHERE sha256 = ?", (content.sha256,)
    ).fetchone()
    if not content.is_new:
        if row is None:
            raise CollectionError(f"{entry.path} was not described; please report this")
        return int(row[0])
    state = "ok" if content.reason is None else "quarantined"
    values = (content.length, state, content.reason, *content.size, content.taken, *content.place)
    if row is None:
        cursor = connection.execute(
            "INSERT INTO contents (bytes, state, reason, width, height, taken, latitude, longitude,"
            " sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, content.sha256),
        )
        found = int(cursor.lastrowid or 0)
    else:
        found = int(row[0])
        connection.execute(
            "UPDATE contents SET bytes = ?, state = ?, reason = ?, width = ?, height = ?, "
            "taken = ?, latitude = ?, longitude = ? WHERE id = ?",
            (*values, found),
        )
    connection.executemany(
        "INSERT OR REPLACE INTO descriptions VALUES (?, ?, 0, ?, ?)",
        [
            (found, channel, data, zlib.crc32(data))
            for channel, data in sorted((content.descriptions or {}).items())
        ],
    )
    return found


def _newest_content(connection: sqlite3.Connection) -> int:
    """The highest id that was ever given to a content; ids are never used again."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'contents'").fetchone()
    return 0 if row is None else int(row[0])


def _hand_on_labels(connection: sqlite3.Connection, entry: Entry, content: int) -> bool:
    """Give a new content the labels of what its file showed before, and say if there were any."""
    return (
        connection.execute(
            "INSERT OR IGNORE INTO labels SELECT ?1, l.label FROM paths p "
            "JOIN labels l ON l.content = p.content "
            "WHERE p.root = ?2 AND p.path = ?3 AND p.content != ?1",
            (content, entry.root, entry.path),
        ).rowcount
        > 0
    )
