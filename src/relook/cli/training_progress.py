"""A line that lives while a network trains, and Ctrl-C that saves before it stops."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from relook.cli import console
from relook.training.run.watching import Watcher

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["watching"]

_SHOWN = ("loss", "map", "rate", "pictures_per_second", "waiting")


class _Terminal(Watcher):
    def __init__(self) -> None:
        self._stop = self._at_once = False
        self._bars: Any = None
        self._task: Any = None

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._stop:
            raise KeyboardInterrupt("stopped without saving; the last checkpoint is as it was")
        self._stop = True
        if self._at_once:
            raise KeyboardInterrupt
        console.note("saves after this step and stops; press Ctrl-C once more to stop now")

    def should_stop(self) -> bool:
        return self._stop

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Where Ctrl-C need not wait for the end of a step."""
        if self._stop:
            raise KeyboardInterrupt
        self._at_once = True
        try:
            yield
        finally:
            self._at_once = False

    def note(self, words: str) -> None:
        console.note(words)

    def progress(self, step: int, iterations: int, row: Mapping[str, float]) -> None:
        if self._bars is None:
            return
        words = " ".join(f"{name} {row[name]:.4g}" for name in _SHOWN if name in row)
        if self._task is None:
            self._task = self._bars.add_task("train", total=iterations, words=words)
        self._bars.update(self._task, completed=step, words=words)

    def show(self, bars: Any) -> None:
        self._bars = bars


@contextmanager
def watching() -> Iterator[Watcher]:
    """Progress on stderr where a person watches, and a first Ctrl-C that only asks."""
    terminal = _Terminal()
    before = signal.signal(signal.SIGINT, terminal.interrupt)
    try:
        if not console.err().is_terminal:
            yield terminal
            return
        with _bars() as bars:
            terminal.show(bars)
            yield terminal
    finally:
        signal.signal(signal.SIGINT, before)


def _bars() -> Any:
    from rich.progress import (  # noqa: PLC0415 - only where it is seen
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[words]}", markup=False),
        console=console.err(),
        transient=True,
    )
