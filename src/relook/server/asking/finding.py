"""Searches run in a few threads of their own; past a queue of them, requests are refused."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from relook.server.problems import ProblemError

__all__ = ["Finder"]

Result = TypeVar("Result")


class Finder:
    """A bounded pool of threads.

    Args:
        threads: searches at a time.
        queue: searches that may wait beside these; others are refused.
    """

    def __init__(self, *, threads: int, queue: int) -> None:
        self._room = threads + queue
        self._inside = 0
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="relook-find")

    async def run(self, search: Callable[[], Result]) -> Result:
        """What a search answers. A caller that is cancelled before its turn leaves the queue.

        Raises:
            ProblemError: 503 where too many wait.
        """
        with self._lock:
            if self._inside >= self._room:
                raise ProblemError(
                    503, "the server is busy; try again in a moment", headers={"Retry-After": "2"}
                )
            self._inside += 1
        try:
            future = self._threads.submit(search)
        except RuntimeError as error:  # it is closing
            self._left(None)
            raise ProblemError(
                503, "the server is closing; try again in a while", headers={"Retry-After": "10"}
            ) from error
        future.add_done_callback(self._left)
        return await asyncio.wrap_future(future)

    @property
    def waiting(self) -> int:
        """Searches that run or wait."""
        return self._inside

    def close(self) -> None:
        """Finish what runs; what waits is dropped."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _left(self, _: Future[Any] | None) -> None:
        with self._lock:
            self._inside -= 1
