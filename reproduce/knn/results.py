"""What a table holds: scores here and there, and what the thesis says that they show."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from relook.evaluation.bootstrap import Interval
from reproduce.knn.protocol import Answers, difference

__all__ = ["KS", "Claim", "Finding", "Grid", "Key", "Section", "Table", "finding", "published"]

KS = (1, 3, 7, 13, 17, 23)
"""How many neighbors the thesis asks."""

SAME = 0.005
"""Below this a difference is none, however sure it is."""


class Key(NamedTuple):
    """A cell of a table."""

    whitened: bool
    method: str
    k: int


@dataclass(frozen=True, slots=True)
class Grid:
    """A table in words.

    Attributes:
        title: its heading.
        words: a sentence below it.
        header: a name for each column; the first ``left`` are words, the others numbers.
        rows: cells.
        bold: places of cells, (row, column).
    """

    title: str
    words: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    bold: frozenset[tuple[int, int]] = frozenset()
    left: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of the thesis: µAP by whitening, method and k.

    Attributes:
        number: in the thesis.
        title: what it compares.
        labels: of the methods, in order.
        ours: by cell.
        theirs: by cell, where the thesis prints it.
        beside: methods of other tables, to compare with.
    """

    number: str
    title: str
    labels: Mapping[str, str]
    ours: Mapping[Key, Answers]
    theirs: Mapping[Key, float]
    beside: frozenset[str] = frozenset()

    @property
    def ks(self) -> list[int]:
        """The columns."""
        return sorted({key.k for key in self.ours})

    @property
    def best(self) -> Key:
        """The cell of its own with our highest score; of equal ones the first."""
        own = [key for key in self.ours if key.method not in self.beside]
        return max(own, key=lambda key: self.ours[key].score)


@dataclass(frozen=True, slots=True)
class Claim:
    """That one cell is above another, as the thesis says or its figures show.

    Attributes:
        words: the claim.
        more: the cell that is said to be above.
        less: the other.
    """

    words: str
    more: Key
    less: Key


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim beside what is found here.

    Attributes:
        words: the claim.
        theirs: by how much one is above the other in the thesis; None where it has no figures.
        ours: the same here.
    """

    words: str
    theirs: float | None
    ours: Interval

    @property
    def verdict(self) -> str:
        """Whether it holds here; what other queries could turn around is undecided."""
        if max(abs(self.ours.low), abs(self.ours.high)) < SAME:
            return "no difference"
        if self.ours.low > 0:
            return "yes"
        return "no, the reverse" if self.ours.high < 0 else "undecided"


@dataclass(frozen=True, slots=True)
class Section:
    """All that one command finds.

    Attributes:
        name: of the command.
        facts: what it was measured on, in words.
        table: of the thesis.
        findings: what it shows.
        more: further tables.
    """

    name: str
    facts: Sequence[str]
    table: Table
    findings: Sequence[Finding]
    more: Sequence[Grid] = field(default_factory=tuple)


def finding(claim: Claim, table: Table) -> Finding:
    """Compare the two cells of a claim."""
    more, less = table.theirs.get(claim.more), table.theirs.get(claim.less)
    theirs = None if more is None or less is None else more - less
    return Finding(claim.words, theirs, difference(table.ours[claim.more], table.ours[claim.less]))


def published(number: str) -> dict[Key, float]:
    """The figures of a table of the thesis."""
    content = _thesis()[number]
    return {
        Key(name == "whitened", method, k): score
        for name, rows in content.items()
        for method, scores in rows.items()
        for k, score in zip(KS[-len(scores) :], scores, strict=True)
    }


@cache
def _thesis() -> dict[str, Any]:
    text = (Path(__file__).parent / "thesis.toml").read_text("utf-8")
    return tomllib.loads(text)
