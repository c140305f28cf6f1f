"""Whose turn it is to write: what takes a moment goes before what takes minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from relook.core.errors import LockedError

__all__ = ["Turn"]


class Turn:
    """One writer at a time within this process; a collection's lock keeps other processes out.

    A long write looks at :attr:`wanted` now and then, and makes way.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._waiting = 0

    @property
    def wanted(self) -> bool:
        """Whether a short write waits."""
        return self._waiting > 0

    @contextmanager
    def short(self, *, patience: float) -> Iterator[None]:
        """The turn for a moment, before any long write that waits.

        Raises:
            LockedError: nobody made way for ``patience`` seconds.
        """
        deadline = time.monotonic() + patience
        with self._changed:
            self._waiting += 1
            try:
                while self._taken:
                    left = deadline - time.monotonic()
                    if left <= 0 or not self._changed.wait(left):
                        raise LockedError("pictures are being added; try again in a moment")
                self._taken = True
            finally:
                self._waiting -= 1
                self._changed.notify_all()
        yield from self._until_given_back()

    @contextmanager
    def long(self) -> Iterator[None]:
        """The turn, once no short write waits any more."""
        with self._changed:
            while self._taken or self._waiting:
                self._changed.wait()
            self._taken = True
        yield from self._until_given_back()

    def _until_given_back(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._taken = False
                self._changed.notify_all()
