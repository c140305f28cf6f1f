"""Ways beyond the tables of the thesis, each a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reproduce.knn.material import similarities
from reproduce.knn.protocol import Answers, Task, difference
from reproduce.knn.results import KS, Grid
from reproduce.knn.votes import vote

__all__ = ["Way", "answers_by", "answers_of", "grid_of"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A way to compare several descriptors of a picture.

    Attributes:
        name: in words.
        chosen: how it came about.
        answers: to the benchmark's queries, by k.
        other: µAP on other photos by the nearest neighbor; None where they were fitted on.
    """

    name: str
    chosen: str
    answers: dict[int, Answers]
    other: float | None


def answers_by(task: Task, scores: Float32) -> dict[int, Answers]:
    """Votes as they are, by ``(Q, N)`` similarities."""
    return {k: vote(task, scores, k) for k in KS}


def answers_of(task: Task, vectors: Float32) -> dict[int, Answers]:
    """The same by one vector of each picture."""
    return answers_by(task, similarities(task, vectors))


def grid_of(title: str, words: str, ways: Sequence[Way]) -> Grid:
    """A row for each; the first is what the others are compared with."""
    rows = []
    for place, way in enumerate(ways):
        scores = [f"{way.answers[k].score:.3f}" for k in KS]
        other = "–" if way.other is None else f"{way.other:.3f}"
        change = _change(way, ways[0]) if place else ["–", ""]
        rows.append([way.name, way.chosen, other, *scores, *change])
    best = max(range(len(ways)), key=lambda place: ways[place].answers[1].score)
    header = [
        "descriptors", "chosen", "other photos, k = 1",
        *(f"k = {k}" for k in KS), "gain, k = 1", "95 %",
    ]  # fmt: skip
    said = f"{words} Gains are over the first row."
    return Grid(title, said, header, rows, frozenset([(best, 3)]), left=2)


def _change(way: Way, first: Way) -> list[str]:
    found = difference(way.answers[1], first.answers[1])
    return [f"{found.mean:+.3f}", f"{found.low:+.3f} to {found.high:+.3f}"]
