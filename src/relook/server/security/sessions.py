"""Who logged in: random names of sessions, of which only hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Sessions"]


class Sessions:
    """Sessions that expire, at most so many; the oldest gives way. Threads may share it.

    Attributes:
        seconds: that a session lasts.
    """

    def __init__(
        self,
        *,
        seconds: float = 7 * 86_400.0,
        most: int = 256,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._ends: OrderedDict[bytes, float] = OrderedDict()

    def open(self) -> str:
        """A new session; whoever knows its name is logged in."""
        name = secrets.token_urlsafe(32)
        with self._lock:
            self._ends[_hash(name)] = self._clock() + self.seconds
            while len(self._ends) > self._most:
                self._ends.popitem(last=False)
        return name

    def knows(self, name: str) -> bool:
        """Whether a session of this name is open."""
        return self.mark(name) is not None

    def mark(self, name: str) -> str | None:
        """What an open session may be called where its name must not be; None for any other."""
        with self._lock:
            key = _hash(name)
            end = self._ends.get(key)
            if end is not None and end <= self._clock():
                del self._ends[key]
                return None
            return None if end is None else f"session {key.hex()}"

    def close(self, name: str) -> None:
        """Forget a session; one that is unknown is no error."""
        with self._lock:
            self._ends.pop(_hash(name), None)

    def __len__(self) -> int:
        return len(self._ends)


def _hash(name: str) -> bytes:
    """What is kept: looking it up takes as long for a name that is nearly right as for any."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
