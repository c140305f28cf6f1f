"""What a job is, and what the work of one looks like."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["FINAL", "Job", "Kind", "Report", "State", "StoppedError", "Work"]

Kind = Literal["add", "atlas", "duplicates"]
State = Literal["waiting", "running", "done", "failed", "cancelled"]
FINAL: frozenset[State] = frozenset({"done", "failed", "cancelled"})

Report = Callable[[int, int, str], None]
"""Says how far the work is: done, total, and in words; as often as one likes."""

Work = Callable[[Report, threading.Event], Mapping[str, Any]]
"""Does a job and returns its report (JSON). It ends soon after the event is set: with a report of
what was done, or with :class:`StoppedError`. It may be called again after a LockedError."""


class StoppedError(Exception):
    """Work was stopped and has nothing to report."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job at one moment.

    Attributes:
        id: cannot be guessed.
        kind: what it does.
        state: how it stands; from one of ``FINAL`` on nothing changes any more.
        done, total: in units of the work, such as photos; 0 of 0 where that is not known yet.
        message: what is under way, in words.
        error: why it failed and what to do; None otherwise.
        report: what it did; None before its end.
    """

    id: str
    kind: Kind
    state: State = "waiting"
    done: int = 0
    total: int = 0
    message: str = ""
    error: str | None = None
    report: Mapping[str, Any] | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing changes any more."""
        return self.state in FINAL
