"""How many bytes of uploads may be in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from relook.server.problems import ProblemError

__all__ = ["Budget"]


class Budget:
    """Bytes that are held at a time; one upload always fits. For the thread of the event loop.

    Args:
        most: of all that are held together.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0

    @contextmanager
    def hold(self, count: int) -> Iterator[None]:
        """Hold so many bytes for as long as the block takes.

        Raises:
            ProblemError: 503 where others hold too many.
        """
        if self._held and self._held + count > self._most:
            raise ProblemError(
                503, "the server is busy; try again in a moment", headers={"Retry-After": "2"}
            )
        self._held += count
        try:
            yield
        finally:
            self._held -= count
