"""Tables as Markdown and on the terminal; the page keeps what people wrote around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relook.core.errors import UsageError
from relook.core.storage import write_whole

__all__ = ["BEGIN", "END", "Grid", "to_markdown", "write_page"]

BEGIN = "<!-- begin: written by `python -m reproduce global-descriptors`; change it there -->"
END = "<!-- end: written by `python -m reproduce global-descriptors` -->"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes:
        title: its heading.
        words: a sentence below it.
        header: a name for each column; the first ``left`` are words, the others numbers.
        rows: cells.
        best: rows in bold.
    """

    title: str
    words: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    best: frozenset[int] = frozenset()
    left: int = 1


def to_markdown(grids: Sequence[Grid]) -> str:
    """All tables, each below its heading."""
    return "\n\n".join(map(_table, grids))


def write_page(path: Path, written: str, *, begin: str = BEGIN, end: str = END) -> None:
    """Put the tables between the marks of a page.

    Raises:
        UsageError: the page is not there, or has not both marks once.
    """
    try:
        page = path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; name the page") from error
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise UsageError(f"{path} must have each of these lines once: {begin} {end}")
    pattern = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    write_whole(path, pattern.sub(lambda _: f"{begin}\n\n{written}\n\n{end}", page).encode())


def _table(grid: Grid) -> str:
    marks = ["---"] * grid.left + ["---:"] * (len(grid.header) - grid.left)
    lines = [list(grid.header), marks]
    for number, row in enumerate(grid.rows):
        lines.append([f"**{cell}**" if number in grid.best and cell else cell for cell in row])
    drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"### {grid.title}\n\n{grid.words}\n\n{drawn}"
