"""Our own threads, counted explicitly, around matrix products that take one thread each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

__all__ = ["one_blas_thread", "run_all", "stream"]

Task = TypeVar("Task")
Result = TypeVar("Result")


def run_all(work: Callable[[Task], Result], tasks: Sequence[Task], *, threads: int) -> list[Result]:
    """The results of all tasks, in their order; in the calling thread where one is enough."""
    if threads <= 1 or len(tasks) <= 1:
        return [work(task) for task in tasks]
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        return list(pool.map(work, tasks))


def stream(
    work: Callable[[Task], Result], tasks: Iterable[Task], *, threads: int
) -> Iterator[Result]:
    """The same one after another; few results wait, so that memory stays bounded."""
    if threads <= 1:
        yield from map(work, tasks)
        return
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for task in tasks:
            waiting.append(pool.submit(work, task))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Matrix products inside use one thread, in all threads until the last one leaves.

    Small products of several threads wait for each other on a busy machine.
    """
    _HELD.enter()
    try:
        yield
    finally:
        _HELD.leave()


class _Held:
    """The limit is of the process: the first one in sets it, the last one out restores it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0
        self._limit: Any = None

    def enter(self) -> None:
        with self._lock:
            if not self._inside:
                self._limit = _pools().limit(limits=1, user_api="blas")
            self._inside += 1

    def leave(self) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._limit.restore_original_limits()


_HELD = _Held()


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()
