"""Two bounded queues in front of the workers, served in turn: neither can starve the other."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from relook.server.describing.tools import Answer, Refusal, Task

__all__ = ["Lane", "Lanes", "Ticket"]

Lane = Literal["ask", "show"]
"""Somebody waits for an answer, or for pictures of it that take milliseconds each."""

_TURNS: tuple[Lane, ...] = ("ask", "show", "show", "show", "show")
"""Who is next while both wait: four pictures take a fraction of the time of an answer."""


@dataclass(slots=True, eq=False)
class Ticket:
    """A task that somebody waits for.

    Attributes:
        task: what to do.
        lane: where it waits.
        future: of the outcome; belongs to ``loop``.
        loop: of the one who waits.
        abandoned: nobody waits any more.
    """

    task: Task
    lane: Lane
    future: asyncio.Future[Answer | Refusal]
    loop: asyncio.AbstractEventLoop
    abandoned: bool = False

    def deliver(self, outcome: Answer | Refusal) -> None:
        """Hand the outcome over; from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed, so nobody waits
            self.loop.call_soon_threadsafe(self._set, outcome)

    def _set(self, outcome: Answer | Refusal) -> None:
        if not self.future.done():
            self.future.set_result(outcome)


class Lanes:
    """Tickets on their way to workers. Threads may share it.

    Args:
        room: how many tickets may wait in each lane.
    """

    def __init__(self, room: Mapping[Lane, int]) -> None:
        self._room = room
        self._waiting: dict[Lane, deque[Ticket]] = {lane: deque() for lane in room}
        self._turn = 0
        self._takers = 0
        self._closed = False
        self._changed = threading.Condition()

    def __len__(self) -> int:
        with self._changed:
            return sum(map(len, self._waiting.values()))

    def put(self, ticket: Ticket) -> bool:
        """Let a ticket wait; False where its lane is full or closed."""
        with self._changed:
            lane = self._waiting[ticket.lane]
            if self._closed or len(lane) >= self._room[ticket.lane] + self._takers:
                return False
            lane.append(ticket)
            self._changed.notify()
            return True

    def drop(self, ticket: Ticket) -> bool:
        """Take a ticket out again; False where it does not wait any more."""
        with self._changed:
            try:
                self._waiting[ticket.lane].remove(ticket)
            except ValueError:
                return False
            return True

    def take(self) -> Ticket | None:
        """The next ticket; waits for one. None once the lanes are closed."""
        with self._changed:
            self._takers += 1
            try:
                while not self._closed:
                    for turn in range(self._turn, self._turn + len(_TURNS)):
                        lane = self._waiting[_TURNS[turn % len(_TURNS)]]
                        if lane:
                            self._turn = turn % len(_TURNS) + 1
                            return lane.popleft()
                    self._changed.wait()
                return None
            finally:
                self._takers -= 1

    @property
    def short_of_hands(self) -> bool:
        """Whether more tickets wait than somebody stands ready for."""
        with self._changed:
            return sum(map(len, self._waiting.values())) > self._takers

    def close(self) -> list[Ticket]:
        """Let nobody in any more; those who still waited."""
        with self._changed:
            self._closed = True
            left = [ticket for lane in self._waiting.values() for ticket in lane]
            for lane in self._waiting.values():
                lane.clear()
            self._changed.notify_all()
            return left
