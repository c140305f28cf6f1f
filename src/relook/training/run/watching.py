"""Who watches a run: is told what happens, and may ask it to stop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

__all__ = ["Watcher"]


class Watcher:
    """Hears nothing and never stops; those who do override what they need."""

    def progress(self, step: int, iterations: int, row: Mapping[str, float]) -> None:
        """A step was taken; the row has the newest numbers of the log."""

    def note(self, words: str) -> None:
        """Something that people should know."""

    def should_stop(self) -> bool:
        """Whether to save and stop after the step under way."""
        return False

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """While no step is under way: who is asked to stop raises KeyboardInterrupt in here."""
        yield
