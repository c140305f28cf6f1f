"""Starting worker processes that import nothing of the user's script and one thread each."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import ModuleType

from relook.collection.worker import Job, main

__all__ = ["ENVIRONMENT", "launch"]

# Read by native libraries when they are loaded, so they must be there before the first import.
_NATIVE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
ENVIRONMENT = {
    **dict.fromkeys(_NATIVE, "1"),
    # glibc only: keep what SIFT frees (some 70 MB per photo) for the next photo. Getting it anew
    # from the system each time costs up to a third of the time of describing.
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
}
_LAUNCHING = threading.Lock()


def launch(make_job: Callable[[], Job], *, timeout: float) -> tuple[SpawnProcess, Connection]:
    """Start one worker and return it with our end of its connection."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs, make_job, timeout), daemon=True)
    try:
        with _LAUNCHING, _plain_main(), _one_thread(), _no_interrupt():
            process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


@contextmanager
def _plain_main() -> Iterator[None]:
    """Hide the user's script: a worker would run it again where it lacks a main guard."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextmanager
def _one_thread() -> Iterator[None]:
    # Not by os.environ: other threads may be reading it, and would miss what vanishes meanwhile.
    for name, value in ENVIRONMENT.items():
        os.putenv(name, value)
    try:
        yield
    finally:
        for name in ENVIRONMENT:
            if name in os.environ:
                os.putenv(name, os.environ[name])
            else:
                os.unsetenv(name)


@contextmanager
def _no_interrupt() -> Iterator[None]:
    """Ctrl-C is the parent's business; a child is born with the signal blocked."""
    if sys.platform == "win32":
        yield
        return
    # The first start of a process starts this one too, which would unblock the signal again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
