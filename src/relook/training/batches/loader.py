"""Batches made ahead by other processes, given in the order of their steps.

A batch is a function of its draw, so it is the same whoever makes it, and however many there are.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, Protocol

from relook.core.errors import RelookError, UsageError
from relook.training.batches.making import Made, Maker, MakerSpec
from relook.training.batches.plan import Draw

__all__ = ["Loader", "open_loader"]

AHEAD = 3
"""Batches that each process may be ahead of the loop."""


class Loader(Protocol):
    """Takes draws and gives batches, first in, first out."""

    @property
    def room(self) -> int:
        """Draws that may be asked for now."""
        ...

    def ask(self, draw: Draw) -> None:
        """Have a batch made."""
        ...

    def take(self) -> Made:
        """The batch of the oldest draw that was asked for."""
        ...


@contextmanager
def open_loader(spec: MakerSpec, *, workers: int) -> Iterator[Loader]:
    """A loader with so many processes; none: the caller's own makes each batch when it is taken."""
    if workers == 0:
        yield _Own(spec)
        return
    loader = _Others(spec, workers)
    try:
        yield loader
    finally:
        loader.close()


class _Own:
    def __init__(self, spec: MakerSpec) -> None:
        self._maker = Maker(spec)
        self._asked: deque[Draw] = deque()

    @property
    def room(self) -> int:
        return 1 - len(self._asked)

    def ask(self, draw: Draw) -> None:
        self._asked.append(draw)

    def take(self) -> Made:
        return self._maker.make(self._asked.popleft())


class _Others:
    """Processes that are asked in turn, so that answers come in turn."""

    def __init__(self, spec: MakerSpec, workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes: list[Any] = []
        for _ in range(workers):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:  # after all have started: this may be large
            pipe.send(spec)
        self._asked = self._taken = 0

    @property
    def room(self) -> int:
        return AHEAD * len(self._pipes) - (self._asked - self._taken)

    def ask(self, draw: Draw) -> None:
        self._pipes[self._asked % len(self._pipes)].send(draw)
        self._asked += 1

    def take(self) -> Made:
        place = self._taken % len(self._pipes)
        try:
            answer = self._pipes[place].recv()
        except (EOFError, OSError) as error:
            code = self._processes[place].exitcode
            raise UsageError(
                f"a process that makes batches died (exit code {code}); run the command again to "
                "go on, with fewer train.workers if memory was short"
            ) from error
        self._taken += 1
        if isinstance(answer, Made):
            return answer
        kind, words = answer
        raise kind(words) if issubclass(kind, RelookError) else RuntimeError(words)

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.terminate()
            process.join()


def _work(pipe: Connection) -> None:
    """Make what is asked until the other end is closed, also by the death of its process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the loop decides when to stop
    import cv2  # noqa: PLC0415 - in this process alone

    cv2.setNumThreads(1)
    answers: queue.Queue[Any] = queue.Queue()
    threading.Thread(target=_answer, args=(pipe, answers), daemon=True).start()
    try:
        spec = pipe.recv()
        try:
            maker = Maker(spec)
        except RelookError as error:
            answers.put((type(error), str(error)))
            pipe.recv()
            return
        while True:
            answers.put(_made(maker, pipe.recv()))
    except (EOFError, OSError):
        return


def _made(maker: Maker, draw: Draw) -> Made | tuple[type[Exception], str]:
    try:
        return maker.make(draw)
    except RelookError as error:
        return type(error), str(error)
    except Exception:  # noqa: BLE001 - it is told, and raised, in the process of the loop
        return RuntimeError, traceback.format_exc()


def _answer(pipe: Connection, answers: queue.Queue[Any]) -> None:
    try:
        while True:
            pipe.send(answers.get())
    except OSError:
        return
