"""Indexing pictures that came by the server."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from relook.collection import Collection, Progress
from relook.collection.ingest import Limits
from relook.core.errors import CollectionError, LockedError
from relook.server.describing.tools import for_senders
from relook.server.jobs.queue import Jobs
from relook.server.jobs.records import Job, Report
from relook.server.problems import is_full
from relook.server.scrubbing import without_paths
from relook.server.settings import ServerSettings
from relook.server.uploads.folder import Batch, Uploads

__all__ = ["add", "add_left_over"]

_STRETCH = 0.5
"""Seconds of describing at least, before a run makes way: to go on costs new processes."""
_MOST_LEFT_OVER = 12
"""Batches that one start takes up; others wait in their folder for the next."""


def add(
    batch: Batch,
    *,
    collection: Collection,
    uploads: Uploads,
    jobs: Jobs,
    settings: ServerSettings,
) -> Job:
    """Queue the indexing of uploads.

    Args:
        batch: that was stored.
        collection: that gets them.
        uploads: where they are.
        jobs: that do it.
        settings: what describing one picture may take.

    Raises:
        ProblemError: 503, too many jobs wait.
    """
    work = _Adding(batch, collection, uploads, jobs, _limits(settings))
    return jobs.submit("add", work, total=len(batch.names), discard=work.discard)


def add_left_over(
    *, collection: Collection, uploads: Uploads, jobs: Jobs, settings: ServerSettings
) -> list[Job]:
    """Queue what a server stored that died, or was stopped, before it was indexed."""
    return [
        add(batch, collection=collection, uploads=uploads, jobs=jobs, settings=settings)
        for batch in uploads.left_over()[:_MOST_LEFT_OVER]
    ]


@dataclass(slots=True, eq=False)
class _Adding:
    """Work of a job; other short writes get their turn in between."""

    batch: Batch
    collection: Collection
    uploads: Uploads
    jobs: Jobs
    limits: Limits
    _before: int | None = field(default=None, init=False)

    def __call__(self, report: Report, stop: threading.Event) -> Mapping[str, Any]:
        if self._before is None:
            rows = self.collection.catalog.rows("SELECT coalesce(max(id), 0) FROM contents")
            self._before = int(rows[0][0])
        while not self._index(report, stop):
            pass
        found = self._finish()
        if not stop.is_set():
            self.uploads.forget(self.batch)
        elif not self.jobs.closing.is_set():
            self.discard()
        return found

    def discard(self) -> None:
        """Remove what was not indexed."""
        self.uploads.give_up(self.batch)

    def _index(self, report: Report, stop: threading.Event) -> bool:
        """Index what is there; False where it made way for another write."""
        total, turn = len(self.batch.names), self.jobs.turn
        begun: list[float] = []

        def progress(now: Progress) -> None:
            self._check()  # else all that follows would go to quarantine
            begun.append(time.monotonic())
            report(total - now.total + now.done, total, now.path)
            makes_way = turn.wanted and begun[-1] - begun[0] > _STRETCH
            if stop.is_set() or makes_way:
                raise KeyboardInterrupt  # what was finished is written, then the run ends

        with turn.long():
            if stop.is_set():
                return True
            try:
                self._check()
                files = [self.uploads.folder / name for name in self.batch.names]
                files = [file for file in files if file.exists()]
                if files:
                    self.collection.add(files, progress=progress, limits=self.limits)
            except KeyboardInterrupt:
                return stop.is_set()
            except LockedError:
                raise
            except CollectionError as error:
                why = "the disk is full; free some space" if is_full(error) else error
                raise CollectionError(
                    f"{why}; what was sent is kept, and indexed when the server starts again"
                ) from error
        return True

    def _check(self) -> None:
        if not self.uploads.folder.is_dir():
            raise CollectionError("the collection is gone; bring it back where it was")

    def _finish(self) -> Mapping[str, Any]:
        """Label what was indexed, and tell of it."""
        indexed = self.uploads.states(self.batch.names)
        seen = sorted({key for key, state, _ in indexed.values() if key and state == "ok"})
        if self.batch.labels and seen:
            with self.jobs.turn.long():
                self.collection.apply_labels(dict.fromkeys(seen, self.batch.labels))
        new = [key for key in seen if key > (self._before or 0)]
        bad = {name: why for name, (_, state, why) in indexed.items() if state != "ok"}
        return {
            "added": len(new),
            "known": len(seen) - len(new),
            "images": seen,
            "quarantined": [self._told(name, why or "not described") for name, why in bad.items()],
            "refused": [self._told(one.name, one.reason) for one in self.batch.refused],
        }

    def _told(self, name: str, reason: str) -> dict[str, str]:
        return {"name": name, "reason": without_paths(for_senders(reason), self.collection)}


def _limits(settings: ServerSettings) -> Limits:
    """Few processes: those who search meanwhile shall not wait. Pictures as a search takes them."""
    return Limits(
        jobs=1 if (os.cpu_count() or 1) <= 2 else 2,
        timeout=settings.describe_seconds,
        max_pixels=settings.upload_pixels,
    )
