"""Changes that take a moment: made between two pictures that a job adds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from relook.core.errors import LockedError
from relook.server.jobs.turn import Turn
from relook.server.problems import ProblemError

__all__ = ["PATIENCE", "write"]

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds that a change waits for others that write."""

_PAUSE = 0.05
_THREADS = CapacityLimiter(4)
"""Of their own, so that waiting for the lock keeps nobody from reading."""


async def write(turn: Turn, change: Callable[[], T], *, patience: float = PATIENCE) -> T:
    """Make a change of the catalog in a thread.

    Args:
        turn: of the server's jobs.
        change: whole or not at all, so that it can be tried again.
        patience: seconds to wait for other writers, of this process and of others.

    Raises:
        ProblemError: 409, another writer did not end.
    """
    try:
        return await to_thread.run_sync(_patiently, turn, change, patience, limiter=_THREADS)
    except LockedError as error:
        raise ProblemError(
            409,
            "the collection is being written to by another program or a job; nothing was changed: "
            "try again when it is done",
        ) from error


def _patiently(turn: Turn, change: Callable[[], T], patience: float) -> T:
    deadline = time.monotonic() + patience
    with turn.short(patience=patience):
        while True:
            try:
                return change()
            except LockedError:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE)
