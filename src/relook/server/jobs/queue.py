"""Jobs in the order they came, done by one thread."""

from __future__ import annotations

import logging
import queue
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from relook.collection import Collection
from relook.core.errors import LockedError, RelookError
from relook.server.jobs.records import Job, Kind, StoppedError, Work
from relook.server.jobs.turn import Turn
from relook.server.problems import ProblemError, is_full
from relook.server.scrubbing import without_paths

__all__ = ["Jobs"]

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 16
_REMEMBERED = 100
_AGAIN_SECONDS = 1.0
_END_SECONDS = 30.0
_LOCKED = "another program is writing to the collection; this goes on when that has ended"
_FULL = "the disk is full; free some space and try again"
_UNWRITABLE = "the collection's folder cannot be used; check that it is there and can be written"
_FAULT = "something went wrong that should not; the log of the server says what"


@dataclass(slots=True, eq=False)
class _Task:
    id: str
    work: Work
    discard: Callable[[], None] | None
    stop: threading.Event = field(default_factory=threading.Event)


class Jobs:
    """The jobs of one server. Threads may share it.

    Args:
        collection: for words about it that hold no path.
    """

    def __init__(self, collection: Collection) -> None:
        self.turn = Turn()
        self.closing = threading.Event()
        """Set when the server ends: work stops, and leaves what the next start goes on with."""
        self._collection = collection
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}
        self._tasks: dict[str, _Task] = {}
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="relook-jobs", daemon=True)

    def start(self) -> None:
        """Begin to work; called once."""
        self._thread.start()

    def close(self) -> None:
        """Stop what runs and forget what waits; called from a thread that may wait."""
        self.closing.set()
        with self._lock:
            for task in self._tasks.values():
                task.stop.set()
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(_END_SECONDS)

    def check_room(self) -> None:
        """Say no before somebody sends much.

        Raises:
            ProblemError: 503, too many jobs wait.
        """
        with self._lock:
            waiting = sum(job.state == "waiting" for job in self._jobs.values())
        if waiting >= _MOST_WAITING or self.closing.is_set():
            raise ProblemError(
                503,
                f"{waiting} jobs wait already; try again when one of them is done",
                headers={"Retry-After": "10"},
            )

    def submit(
        self,
        kind: Kind,
        work: Work,
        *,
        total: int = 0,
        discard: Callable[[], None] | None = None,
    ) -> Job:
        """Queue a job.

        Args:
            kind: what it does.
            work: does it, in the thread of the jobs.
            total: units of the work where they are known.
            discard: called in place of the work where the job is cancelled before it began.

        Raises:
            ProblemError: 503, too many jobs wait.
        """
        self.check_room()
        task = _Task(secrets.token_urlsafe(16), work, discard)
        job = Job(task.id, kind, total=total)
        with self._lock:
            self._jobs[job.id] = job
            self._tasks[job.id] = task
            self._forget_old()
        self._queue.put(task)
        return job

    def get(self, key: str) -> Job | None:
        """A job as it stands, or None where there is none, or none any more."""
        with self._lock:
            return self._jobs.get(key)

    def all(self) -> list[Job]:
        """All that are remembered, the newest first."""
        with self._lock:
            return list(reversed(self._jobs.values()))

    def find(self, kind: Kind) -> Job | None:
        """The newest job of a kind that is not over."""
        return next((job for job in self.all() if job.kind == kind and not job.is_over), None)

    def cancel(self, key: str) -> Job | None:
        """Ask a job to end; one that waits for its turn is over at once."""
        with self._lock:
            job, task = self._jobs.get(key), self._tasks.get(key)
            if job is None or task is None or job.is_over:
                return job
            task.stop.set()
            running = job.state == "running"
            self._jobs[key] = replace(
                job,
                state="running" if running else "cancelled",
                message="stopping" if running else "cancelled",
            )
            return self._jobs[key]

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            if self.closing.is_set():
                return
            try:
                self._carry_out(task)
            finally:
                with self._lock:
                    self._tasks.pop(task.id, None)

    def _carry_out(self, task: _Task) -> None:
        while not task.stop.is_set():
            self._change(task, state="running", message="")
            try:
                report = task.work(self._reporter(task), task.stop)
            except LockedError:
                self._change(task, state="waiting", message=_LOCKED)
                task.stop.wait(_AGAIN_SECONDS)
            except StoppedError:
                self._change(task, state="cancelled", message="cancelled")
                return
            except Exception as error:  # noqa: BLE001 - one job must never end the others
                self._change(task, state="failed", message="", error=self._words(error))
                return
            else:
                self._end(task, dict(report))
                return
        self._change(task, state="cancelled", message="cancelled")
        if task.discard is not None and not self.closing.is_set():
            try:
                task.discard()
            except Exception as error:  # noqa: BLE001 - one job must never end the others
                self._words(error)  # goes to the log; the next start tidies up

    def _end(self, task: _Task, report: Mapping[str, Any]) -> None:
        if task.stop.is_set():
            self._change(task, state="cancelled", message="cancelled", report=report)
        else:
            total = self._jobs[task.id].total
            self._change(task, state="done", message="", report=report, done=total)

    def _reporter(self, task: _Task) -> Callable[[int, int, str], None]:
        def report(done: int, total: int, message: str) -> None:
            words = "stopping" if task.stop.is_set() else message
            self._change(task, done=done, total=total, message=words)

        return report

    def _change(self, task: _Task, **changes: Any) -> None:
        with self._lock:
            self._jobs[task.id] = replace(self._jobs[task.id], **changes)

    def _words(self, error: Exception) -> str:
        if isinstance(error, RelookError):
            _LOG.warning("a job failed: %s", error)
            return without_paths(" ".join(str(error).split()), self._collection)
        if isinstance(error, OSError):
            _LOG.warning("a job failed: %s", error)
            return _FULL if is_full(error) else _UNWRITABLE
        _LOG.error("a job failed", exc_info=error)
        return _FAULT

    def _forget_old(self) -> None:
        over = [key for key, job in self._jobs.items() if job.is_over and key not in self._tasks]
        for key in over[: max(0, len(self._jobs) - _REMEMBERED)]:
            del self._jobs[key]
