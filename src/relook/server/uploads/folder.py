"""Photos that came by the server: kept in the collection's own folder, whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relook.collection import Collection
from relook.collection.creation import sync_folder
from relook.collection.size import UPLOADS
from relook.core.errors import ImageError, StorageError
from relook.core.storage import write_whole
from relook.images import is_picture
from relook.images.formats import sniff
from relook.server.problems import ProblemError
from relook.server.uploads.names import clean_name, free_name
from relook.server.uploads.receiving import Received

__all__ = ["Batch", "Refused", "Uploads", "told_when_full"]

_PART, _GONE, _BATCH = ".part-", ".gone-", ".batch-"
_OLD_SECONDS = 3600.0
_TAKEN = "SELECT 1 FROM roots r CROSS JOIN paths p ON p.root = r.id AND p.path = ?"
_FULL = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_STATES = (
    "SELECT p.path, p.content, coalesce(c.state, 'quarantined'), coalesce(p.reason, c.reason) "
    "FROM paths p LEFT JOIN contents c ON c.id = p.content "
    "WHERE p.root = ? AND p.path IN (SELECT value FROM json_each(?))"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is no picture, and was not kept."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Pictures that came together.

    Attributes:
        names: of their files in the folder of uploads.
        labels: that all of them get.
        refused: what came with them and was not kept.
        journal: the file that tells the next server of them, where they wait to be indexed.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    journal: Path | None = None


class Uploads:
    """The folder of uploads of a collection. Threads may share it.

    Hidden files are never indexed: pictures are written under such names, and get their own when
    they are whole.
    """

    def __init__(self, collection: Collection) -> None:
        self.folder = Path(os.path.abspath(collection.directory)) / UPLOADS  # noqa: PTH100 - keeps links
        self._collection = collection
        self._placing = threading.Lock()

    def new_file(self) -> Path:
        """A hidden path in the folder, which is made where it is missing.

        Raises:
            OSError: it cannot be made, or the collection is gone.
        """
        self.folder.mkdir(exist_ok=True)
        return self.folder / f"{_PART}{secrets.token_hex(8)}"

    def keep(self, received: Iterable[Received], *, labels: Sequence[str]) -> Batch:
        """Give files their names: those that are pictures; others are removed.

        Raises:
            OSError, StorageError: the disk does not take them; none of them is kept.
        """
        names: dict[bytes, str] = {}
        new: dict[str, Path] = {}
        taken: set[str] = set()
        refused: list[Refused] = []
        with self._placing:
            for file in received:
                try:
                    kind = sniff(file.head)
                except ImageError as error:
                    refused.append(Refused(clean_name(file.name), str(error)))
                    continue
                if file.sha256 in names:
                    continue
                known = self._known(file)
                if known is None:
                    wanted = clean_name(file.name, kind=kind)
                    known = free_name(
                        wanted, lambda name: name.casefold() in taken or self._is_taken(name)
                    )
                    taken.add(known.casefold())  # many disks take IMG.jpg and img.JPG for one
                    new[known] = file.path
                names[file.sha256] = known
            batch = Batch(tuple(dict.fromkeys(names.values())), tuple(labels), tuple(refused))
            return self._place(batch, new) if names else batch

    def discard(self, names: Iterable[str]) -> None:
        """Remove files."""
        for name in names:
            with contextlib.suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)

    def give_up(self, batch: Batch) -> None:
        """Remove what was not indexed of a batch: nobody wants it any more."""
        indexed = self.states(batch.names)
        self.discard(name for name in batch.names if name not in indexed)
        self.forget(batch)

    def forget(self, batch: Batch) -> None:
        """A batch is done, or given up."""
        if batch.journal is not None:
            with contextlib.suppress(OSError):
                batch.journal.unlink(missing_ok=True)

    def below(self, files: Iterable[Path]) -> list[Path]:
        """Those of these files that were uploaded."""
        return [file for file in files if file.parent == self.folder]

    @contextmanager
    def removing(self, files: Iterable[Path]) -> Iterator[None]:
        """Remove uploaded files with the block: where it fails, they are there again."""
        moved: list[tuple[Path, Path]] = []
        try:
            for file in self.below(files):
                hidden = self.folder / f"{_GONE}{secrets.token_hex(4)}-{file.name}"
                with contextlib.suppress(FileNotFoundError):
                    file.rename(hidden)
                    moved.append((file, hidden))
            yield
        except BaseException:
            for file, hidden in moved:
                hidden.rename(file)
            raise
        for _, hidden in moved:
            with contextlib.suppress(OSError):
                hidden.unlink()

    def states(self, names: Sequence[str]) -> dict[str, tuple[int | None, str, str | None]]:
        """Of files that were indexed: id of the content, its state, and why it is in quarantine."""
        found: dict[str, tuple[int | None, str, str | None]] = {}
        for root, prefix in self._roots():
            paths = json.dumps([prefix + name for name in names])
            rows = self._collection.catalog.rows(_STATES, (root, paths))
            for path, *state in rows:
                found[path[len(prefix) :]] = (state[0], state[1], state[2])
        return found

    def left_over(self) -> list[Batch]:
        """What a server stored and did not index before it died; half-done files are removed."""
        if not self.folder.is_dir():
            return []
        names = sorted(os.listdir(self.folder))  # noqa: PTH208 - names, not paths
        self._tidy(names)
        batches = [self._read(self.folder / name) for name in names if name.startswith(_BATCH)]
        told = {name for batch in batches for name in batch.names}
        shown = [name for name in names if not name.startswith(".") and is_picture(Path(name))]
        rest = tuple(name for name in shown if name not in told)
        # The catalog knows a folder from its first picture on. One that it does not know moved
        # with the collection; in one that it knows, pictures that it lacks were removed from it.
        return batches + ([Batch(rest)] if rest and not self._roots() else [])

    def _roots(self) -> list[tuple[int, str]]:
        """Roots that the folder lies in, with the beginning of the paths that they store."""
        folder = f"{self.folder.as_posix()}/"
        rows = self._collection.catalog.rows("SELECT id, rtrim(path, '/') || '/' FROM roots")
        return [(int(key), folder[len(root) :]) for key, root in rows if folder.startswith(root)]

    def _known(self, file: Received) -> str | None:
        """The name of an uploaded file of the same bytes."""
        content = self._collection.catalog.content_with(file.sha256)
        if content is None:
            return None
        for path in self.below(self._collection.files_of(content)):
            with contextlib.suppress(OSError):
                if path.stat().st_size == file.length:
                    return path.name
        return None

    def _place(self, batch: Batch, new: Mapping[str, Path]) -> Batch:
        """The journal comes first: a file that no journal and no catalog knows was given up."""
        noted = self._note(batch)
        placed: list[str] = []
        try:
            for name, path in new.items():
                _move(path, self.folder / name)
                placed.append(name)
            sync_folder(self.folder)
        except BaseException:
            self.discard(placed)
            self.forget(noted)
            raise
        return noted

    def _is_taken(self, name: str) -> bool:
        """Whether a file is called so, also one elsewhere: a name should mean one picture."""
        return (self.folder / name).exists() or bool(
            self._collection.catalog.rows(f"{_TAKEN} LIMIT 1", (name,))
        )

    def _note(self, batch: Batch) -> Batch:
        journal = self.folder / f"{_BATCH}{secrets.token_hex(8)}.json"
        refused = [[one.name, one.reason] for one in batch.refused]
        content = {"names": batch.names, "labels": batch.labels, "refused": refused}
        write_whole(journal, json.dumps(content).encode())
        return Batch(batch.names, batch.labels, batch.refused, journal)

    def _read(self, journal: Path) -> Batch:
        try:
            content = json.loads(journal.read_text(encoding="utf-8"))
            named = [name for name in map(str, content["names"]) if _is_plain(name)]
            names = tuple(name for name in named if (self.folder / name).is_file())
            labels = tuple(map(str, content["labels"]))
            refused = tuple(Refused(str(one), str(why)) for one, why in content["refused"])
        except (OSError, ValueError, KeyError, TypeError):
            names, labels, refused = (), (), ()
        return Batch(names, labels, refused, journal)

    def _tidy(self, names: Iterable[str]) -> None:
        old = time.time() - _OLD_SECONDS
        for name in names:
            path = self.folder / name
            with contextlib.suppress(OSError):
                if name.startswith(_PART) and path.stat().st_mtime < old:
                    path.unlink()
                elif name.startswith(_GONE):
                    self._end_removal(path)

    def _end_removal(self, hidden: Path) -> None:
        """Remove a file of which the catalog does not know any more; else nothing happened."""
        name = hidden.name[len(_GONE) :].partition("-")[2]
        if self.states([name]) and not (self.folder / name).exists():
            hidden.rename(self.folder / name)
        else:
            hidden.unlink()


@contextmanager
def told_when_full() -> Iterator[None]:
    """Turn an error of the disk into a problem: 507 where it is full, else 503."""
    try:
        yield
    except (OSError, StorageError) as error:
        cause: Any = error if isinstance(error, OSError) else error.__cause__
        number = getattr(cause, "errno", None)
        if number in _FULL:
            raise ProblemError(
                507, "the disk is full; nothing was changed: free some space and try again"
            ) from error
        raise ProblemError(
            503,
            "the collection's folder cannot be written; check that it is there and allows it",
            headers={"Retry-After": "30"},
        ) from error


def _is_plain(name: str) -> bool:
    return name not in {"", ".", ".."} and not name.startswith(".") and Path(name).name == name


def _move(path: Path, target: Path) -> None:
    """Give a file its name; one that is called so already is not overwritten."""
    try:
        os.link(path, target)
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        path.rename(target)
    else:
        path.unlink()
