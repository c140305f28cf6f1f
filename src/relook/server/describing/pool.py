"""Workers for asyncio: a crowd waits in bounded lanes, a crash costs one request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from relook.collection.worker import Job
from relook.server.describing.hand import Hand
from relook.server.describing.lanes import Lane, Lanes, Ticket
from relook.server.describing.tools import Refusal, Task
from relook.server.problems import ProblemError

__all__ = ["DescribingPool"]

_GRACE = 1.0
"""Seconds that a task nobody waits for may go on: a new process costs about as much."""

_RETRY_AFTER = {"Retry-After": "2"}


class DescribingPool:
    """Processes that decode and describe whatever was sent.

    Args:
        make_job: picklable; makes a :class:`~relook.server.describing.tools.Desk` in each process.
        workers: processes; the first starts at once, the others when there is work for them.
        queue: tasks of those who ask that may wait; others are refused.
        shown: pictures to show that may wait; a page of results wants hundreds at a time.
        seconds: that a task may take; then its process is ended.
    """

    def __init__(
        self,
        make_job: Callable[[], Job],
        *,
        workers: int,
        queue: int,
        shown: int = 1024,
        seconds: float,
    ) -> None:
        self._make_job = make_job
        self._workers = workers
        self._seconds = seconds
        self._lanes = Lanes({"ask": queue, "show": shown})
        self._hands: list[Hand] = []

    def start(self) -> None:
        """Start the first process."""
        if not self._hands:
            self._hire()

    async def run(self, task: Task, *, lane: Lane = "ask") -> Any:
        """What the task answers. A caller that is cancelled leaves the queue at once.

        Raises:
            ProblemError: 4xx where the picture, or what is asked, cannot be used; 503 where too
                many wait.
        """
        loop = asyncio.get_running_loop()
        ticket = Ticket(task, lane, loop.create_future(), loop)
        if not self._lanes.put(ticket):
            raise ProblemError(
                503, "the server is busy; try again in a moment", headers=_RETRY_AFTER
            )
        if self._lanes.short_of_hands and len(self._hands) < self._workers:
            self._hire()
        try:
            outcome = await ticket.future
        except asyncio.CancelledError:
            self._abandon(ticket)
            raise
        if isinstance(outcome, Refusal):
            headers = _RETRY_AFTER if outcome.status == 503 else None
            raise ProblemError(outcome.status, outcome.detail, headers=headers)
        return outcome.value

    @property
    def waiting(self) -> int:
        """Tasks that wait for a process."""
        return len(self._lanes)

    def close(self) -> None:
        """End all processes, and wait for that; who still waits for a task gets 503."""
        for ticket in self._lanes.close():
            ticket.deliver(Refusal(503, "the server is closing; try again in a while"))
        for hand in self._hands:
            hand.close()
        for hand in self._hands:
            hand.join()
        self._hands.clear()

    def _hire(self) -> None:
        self._hands.append(Hand(self._make_job, self._lanes, seconds=self._seconds))

    def _abandon(self, ticket: Ticket) -> None:
        ticket.abandoned = True
        if not self._lanes.drop(ticket):
            ticket.loop.call_later(_GRACE, self._stop, ticket)

    def _stop(self, ticket: Ticket) -> None:
        for hand in self._hands:
            hand.stop_if_at(ticket)
