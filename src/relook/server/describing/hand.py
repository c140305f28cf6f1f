"""One worker process, and the thread of ours that talks to it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from relook.collection.launch import launch
from relook.collection.worker import Done, Failed, Job, Ready
from relook.server.describing.lanes import Lanes, Ticket
from relook.server.describing.tools import Answer, Refusal

__all__ = ["Hand"]

_LOG = logging.getLogger(__name__)
_START_SECONDS = 300.0
_TRIES = 2
_DIED = Refusal(415, "the decoder crashed on this picture; save it as another format and try again")
_DOWN = Refusal(503, "the server cannot start a describing process; try again in a while")


class Hand:
    """Does tickets one after the other; a process that dies or hangs is replaced.

    Args:
        make_job: picklable; called in each process.
        lanes: where tickets come from.
        seconds: that a task may take.
    """

    def __init__(self, make_job: Callable[[], Job], lanes: Lanes, *, seconds: float) -> None:
        self._make_job = make_job
        self._lanes = lanes
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._ticket: Ticket | None = None
        self._doomed = False
        self._closed = False
        self._complaint = ""
        self._thread = threading.Thread(target=self._work, name="relook-describe", daemon=True)
        self._thread.start()

    def stop_if_at(self, ticket: Ticket) -> None:
        """End the process where it is at this very ticket still."""
        with self._lock:
            if self._ticket is ticket and self._process is not None:
                self._doomed = True
                self._process.kill()

    def close(self) -> None:
        """End the process; the lanes are closed before."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def join(self) -> None:
        """Wait until the thread is gone."""
        self._thread.join()

    def _work(self) -> None:
        while True:
            self._have_process()
            ticket = self._lanes.take()
            if ticket is None:
                break
            if not ticket.abandoned:
                ticket.deliver(self._try(ticket))
        self._bury()

    def _try(self, ticket: Ticket) -> Answer | Refusal:
        """Twice where the process dies: somebody may have killed it from outside."""
        outcome: Answer | Refusal = _DOWN
        for _ in range(_TRIES):
            self._have_process()
            outcome = self._do(ticket)
            if outcome is not _DIED or ticket.abandoned or self._closed:
                break
        return outcome

    def _have_process(self) -> None:
        if self._doomed or self._process is None or not self._process.is_alive():
            self._bury()
            self._start()

    def _do(self, ticket: Ticket) -> Answer | Refusal:
        connection = self._connection
        if connection is None:
            return _DOWN
        with self._lock:
            self._ticket = ticket
        late = False
        try:
            connection.send(ticket.task)
            late = not connection.poll(self._seconds)
            message = None if late else connection.recv()
        except Exception:  # noqa: BLE001 - a dying process may send anything, or nothing
            message = None
        finally:
            with self._lock:
                self._ticket = None
        if isinstance(message, Done) and isinstance(message.result, (Answer, Refusal)):
            return message.result
        self._bury()
        if not late:
            return _DIED
        return Refusal(422, f"this takes more than {self._seconds:g} s; send a smaller picture")

    def _start(self) -> None:
        try:
            process, connection = launch(self._make_job, timeout=2 * self._seconds)
        except OSError:  # no memory, no more processes
            return
        with self._lock:
            self._process, self._connection = process, connection
            if self._closed:
                process.kill()
        try:
            first = connection.recv() if connection.poll(_START_SECONDS) else None
        except (EOFError, OSError):
            first = None
        if not isinstance(first, Ready):
            self._bury()
            self._complain(first.reason if isinstance(first, Failed) else "it died, or hangs")

    def _complain(self, why: str) -> None:
        """Clients are told to wait; whoever runs the server has to know what for."""
        if not self._closed and why != self._complaint:
            _LOG.warning("a describing process cannot start: %s", why)
        self._complaint = why

    def _bury(self) -> None:
        with self._lock:
            process, self._process = self._process, None
            connection, self._connection = self._connection, None
            self._doomed = False
        if process is None or connection is None:
            return
        process.kill()
        process.join()
        connection.close()
        with contextlib.suppress(ValueError):  # another thread hears of its end first
            process.close()
