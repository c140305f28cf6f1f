"""Following jobs: how each goes on, until its end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from relook.server.jobs.queue import Jobs
from relook.server.jobs.records import Job
from relook.server.problems import ProblemError

__all__ = ["Streams"]

_TICK = 0.1
"""Seconds between two events at least."""
_HEARTBEAT = 15.0
_MOST, _MOST_OF_ONE = 64, 8


class Streams:
    """Those who follow jobs of one server, of whom there are not too many.

    Args:
        jobs: that they tell of.
        stopping: set when the server ends, which ends the streams.
    """

    def __init__(self, jobs: Jobs, stopping: threading.Event) -> None:
        self._jobs = jobs
        self._stopping = stopping
        self._open: Counter[str] = Counter()

    @contextmanager
    def place(self, key: str) -> Iterator[None]:
        """A place among those who listen, for as long as the block takes.

        Raises:
            ProblemError: 503, too many listen already.
        """
        if self._open.total() >= _MOST or self._open[key] >= _MOST_OF_ONE:
            raise ProblemError(
                503, "too many listen to jobs; ask for the job itself", headers={"Retry-After": "5"}
            )
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    async def follow(self, key: str) -> AsyncIterator[Job | None]:
        """A job whenever it changed, until it is over; None now and then while it does not."""
        shown, spoke = None, time.monotonic()
        while not self._stopping.is_set():
            job = self._jobs.get(key)
            if job is None:
                return
            if job != shown:
                yield job
                shown, spoke = job, time.monotonic()
            if job.is_over:
                return
            if time.monotonic() - spoke > _HEARTBEAT:
                yield None
                spoke = time.monotonic()
            await asyncio.sleep(_TICK)
