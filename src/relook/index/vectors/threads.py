"""Our own threads, counted explicitly, for loops that release the GIL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

from threadpoolctl import ThreadpoolController

__all__ = ["blas_threads", "faiss_threads", "run_all"]

Task = TypeVar("Task")


def run_all(work: Callable[[Task], object], tasks: Sequence[Task], *, threads: int) -> None:
    """Do all tasks, in the calling thread where one is enough; the first error is raised."""
    if threads <= 1 or len(tasks) <= 1:
        for task in tasks:
            work(task)
        return
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        for done in [pool.submit(work, task) for task in tasks]:
            done.result()


@contextmanager
def blas_threads(threads: int) -> Iterator[None]:
    """Matrix products inside use this many threads."""
    with _pools().limit(limits=threads, user_api="blas"):
        yield


@contextmanager
def faiss_threads(threads: int) -> Iterator[None]:
    """FAISS uses this many threads inside."""
    import faiss  # noqa: PLC0415 - takes a moment, and exact search does without

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        with blas_threads(threads):
            yield
    finally:
        faiss.omp_set_num_threads(before)


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()
