"""An index run: what is new on the disk is described in worker processes and written in batches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from relook.collection.copies import Copies
from relook.collection.describe import Described, JobMaker
from relook.collection.pool import Outcome, Pool
from relook.collection.records import Progress, Quarantined
from relook.collection.roots import Roots
from relook.collection.scan import Found
from relook.collection.writer import Content, Entry, KnownFile, Writer
from relook.core.errors import UsageError
from relook.images import MAX_PIXELS

if TYPE_CHECKING:
    from relook.search import Engine

__all__ = ["Ingest", "Limits", "Tally", "default_jobs"]

ProgressCallback = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """How an index run works; the defaults suit everybody but tests.

    Attributes:
        jobs: worker processes; None takes one per core, at most 16.
        batch: files per transaction.
        seconds: after which a smaller batch is written.
        timeout: seconds that one picture may take.
        max_pixels: of one picture; a larger one goes to quarantine before it is decoded.
    """

    jobs: int | None = None
    batch: int = 64
    seconds: float = 2.0
    timeout: float = 120.0
    max_pixels: int = MAX_PIXELS

    def with_jobs(self, jobs: int) -> Limits:
        """The same with a number of worker processes.

        Raises:
            UsageError: it is below 1.
        """
        if jobs < 1:
            raise UsageError(f"jobs must be at least 1, not {jobs}")
        return replace(self, jobs=jobs)


@dataclass(slots=True)
class Tally:
    """Numbers of an index run, as in :class:`~relook.collection.records.AddReport`."""

    added: int = 0
    known: int = 0
    changed: int = 0
    unchanged: int = 0
    inherited: int = 0
    quarantined: list[Quarantined] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Work:
    found: Found
    root: int
    path: str
    before: KnownFile | None


def default_jobs() -> int:
    """One worker per core that this process may use, at most 16."""
    if hasattr(os, "sched_getaffinity"):
        return min(16, len(os.sched_getaffinity(0)))
    return min(16, os.cpu_count() or 1)


class Ingest:
    """Brings the catalog up to date with files; holds nothing that a crash could lose."""

    def __init__(
        self,
        writer: Writer,
        engine: Engine,
        *,
        limits: Limits,
        progress: ProgressCallback | None = None,
    ) -> None:
        self.tally = Tally()
        self._writer = writer
        self._engine = engine
        self._limits = limits
        self._progress = progress
        self._retried: set[str] = set()
        self._copies = Copies[_Work]()
        self._entries: list[Entry] = []
        self._begun = self._written = time.monotonic()
        self._done = self._bytes = 0

    def run(self, found: list[Found], roots: Roots) -> None:
        """Describe what is new among ``found`` and write it.

        Raises:
            CollectionError: the catalog cannot be written; what was committed stays.
            KeyboardInterrupt: after what was finished has been written.
        """
        work = list(self._compare(found, roots))
        if work:
            self._retried = {item.found.file for item in work if _is_quarantined(item.before)}
            self._describe(work)
        self._write()

    def _compare(self, found: list[Found], roots: Roots) -> Iterator[_Work]:
        for file in found:
            root, path = roots.split(file.file)
            before = self._writer.known_file(root, path)
            if file.reason is not None:
                self._place(_Work(file, root, path, before), Described(reason=file.reason))
            elif _is_unchanged(file, before):
                self.tally.unchanged += 1
            else:
                yield _Work(file, root, path, before)

    def _describe(self, work: list[_Work]) -> None:
        engine, limits = self._engine, self._limits
        engine.prepare()
        maker = JobMaker(engine.make_describer, engine.longest, limits.max_pixels)
        jobs = max(1, min(limits.jobs or default_jobs(), len(work)))
        turns = iter(work)
        with Pool[str](maker, jobs=jobs, answer=self._is_wanted, timeout=limits.timeout) as pool:
            try:
                for outcome in pool.run(item.found.file for item in work):
                    if outcome is not None:
                        self._take(next(turns), outcome, total=len(work))
                    self._write_when_due()
            except KeyboardInterrupt:
                self._write()
                raise KeyboardInterrupt(
                    f"stopped; {self._done} of {len(work)} photos are done and safe, run the same "
                    "command again to go on"
                ) from None

    def _is_wanted(self, file: str, sha256: bytes) -> bool:
        """Whether this worker shall describe this content; one worker at a time does."""
        owner = self._copies.owner(sha256)
        if owner is not None:
            return owner == file
        state = self._writer.state_of(sha256)
        wanted = state in (None, "pending") or (state == "quarantined" and file in self._retried)
        if wanted:
            self._copies.claim(sha256, file)
        return wanted

    def _take(self, work: _Work, outcome: Outcome[str], *, total: int) -> None:
        described = _result(work, outcome)
        for ready in self._copies.arrive(work, work.found.file, described):
            self._place(*ready)
        self._done += 1
        self._bytes += described.length
        if self._progress is not None:
            seconds = time.monotonic() - self._begun
            bad = len(self.tally.quarantined)
            self._progress(Progress(total, self._done, bad, self._bytes, seconds, work.path))

    def _place(self, work: _Work, described: Described) -> None:
        """Queue one file for the next batch."""
        if described.sha256 is None:
            self._place_unread(work, described.reason or "the file cannot be read")
            return
        content = _content(described.sha256, described)
        reason, tally = described.reason, self.tally
        if not described.is_new:
            known, reason = self._known(content.sha256)
            if not known:
                self._place_unread(work, "a copy of it changed while it was read; index again")
                return
        if work.before is not None and work.before.sha256 not in (None, content.sha256):
            tally.changed += 1
        if reason is not None:
            tally.quarantined.append(Quarantined(work.path, reason))
        elif not described.is_new:
            tally.known += 1
        else:
            tally.added += 1
        self._entries.append(
            Entry(work.root, work.path, described.length, described.mtime_ns, content=content)
        )

    def _place_unread(self, work: _Work, reason: str) -> None:
        """Quarantine a file of which no content is known; every run tries it again."""
        size, time_ns = work.found.length, work.found.mtime_ns
        self.tally.quarantined.append(Quarantined(work.path, reason))
        self._entries.append(Entry(work.root, work.path, size, time_ns, reason=reason))

    def _known(self, sha256: bytes) -> tuple[bool, str | None]:
        """Whether this batch or the catalog holds a content, and why it is in quarantine."""
        for entry in self._entries:
            content = entry.content
            if content is not None and content.sha256 == sha256 and content.is_new:
                return True, content.reason
        return self._writer.state_of(sha256) is not None, self._writer.reason_of(sha256)

    def _write_when_due(self) -> None:
        waited = time.monotonic() - self._written
        if len(self._entries) >= self._limits.batch or waited >= self._limits.seconds:
            self._write()

    def _write(self) -> None:
        """Commit what is queued; doing it twice does no harm."""
        if self._entries:
            self.tally.inherited += self._writer.write(self._entries)
            self._copies.written()
            self._entries.clear()
        self._written = time.monotonic()


def _is_unchanged(file: Found, before: KnownFile | None) -> bool:
    return (
        before is not None
        and before.state in ("ok", "quarantined")
        and (before.length, before.mtime_ns) == (file.length, file.mtime_ns)
    )


def _is_quarantined(before: KnownFile | None) -> bool:
    return before is not None and before.state == "quarantined"


def _content(sha256: bytes, described: Described) -> Content:
    return Content(
        sha256,
        described.length,
        described.reason,
        described.size,
        described.taken,
        described.place,
        described.descriptions,
    )


def _result(work: _Work, outcome: Outcome[str]) -> Described:
    if isinstance(outcome.result, Described):
        return outcome.result
    return Described(work.found.length, work.found.mtime_ns, outcome.key, outcome.died)
