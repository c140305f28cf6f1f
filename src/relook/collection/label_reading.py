"""What was read about labels, before any of it is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from relook.collection.files import Files, StoredFile

__all__ = ["Contradiction", "Gathering", "LabelReading", "Problem"]


class Contradiction(NamedTuple):
    """Two files with the same bytes of which different things are said."""

    path: str
    label: str
    other_path: str
    other_label: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that gave no label.

    Attributes:
        line: of a csv, from 1; None where the label is that of a folder.
        path: as it was written.
        reason: one line.
    """

    line: int | None
    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class LabelReading:
    """Labels that were read, for :meth:`Collection.apply_labels`, and what is odd about them.

    Attributes:
        labels: id of a content to its labels, sorted.
        files: files that got a label.
        several: files that got more than one.
        duplicates: times that a file was given the same label again.
        loose: files that lie in no folder that could name them.
        contradictory: files with the same bytes that have no label in common; their picture has
            the labels of both, which makes it a doubtful witness for either.
        problems: what gave no label, in order.
    """

    labels: Mapping[int, tuple[str, ...]]
    files: int
    several: int = 0
    duplicates: int = 0
    loose: int = 0
    contradictory: tuple[Contradiction, ...] = ()
    problems: tuple[Problem, ...] = ()


class Gathering:
    """Collects the labels of files one by one."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._of_content: dict[int, dict[StoredFile, list[str]]] = {}
        self._problems: list[Problem] = []
        self._duplicates = 0

    def add(self, file: StoredFile, content: int, label: str) -> None:
        """Say that a file shows ``label``."""
        labels = self._of_content.setdefault(content, {}).setdefault(file, [])
        if label in labels:
            self._duplicates += 1
        else:
            labels.append(label)

    def complain(self, line: int | None, path: str, reason: str) -> None:
        """Keep what gave no label."""
        self._problems.append(Problem(line, path, reason))

    def finish(self, *, loose: int = 0) -> LabelReading:
        """Everything that was said."""
        said = [labels for files in self._of_content.values() for labels in files.values()]
        return LabelReading(
            labels={
                content: tuple(sorted({label for labels in files.values() for label in labels}))
                for content, files in self._of_content.items()
            },
            files=len(said),
            several=sum(len(labels) > 1 for labels in said),
            duplicates=self._duplicates,
            loose=loose,
            contradictory=tuple(self._contradictions()),
            problems=tuple(self._problems),
        )

    def _contradictions(self) -> Iterator[Contradiction]:
        for files in self._of_content.values():
            (first, labels), *others = files.items()
            for other, theirs in others:
                if set(labels).isdisjoint(theirs):
                    path, other_path = self._files.shown(first), self._files.shown(other)
                    yield Contradiction(path, labels[0], other_path, theirs[0])
