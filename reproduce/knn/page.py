"""A section on a page and on the terminal; the page keeps what people wrote around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from relook.cli.console import out
from relook.core.errors import UsageError
from relook.core.storage import write_whole
from reproduce.knn.results import Grid

__all__ = ["marks", "print_grid", "to_markdown", "write_section"]


def marks(name: str) -> tuple[str, str]:
    """The lines between which a command writes."""
    said = f"written by `python -m reproduce {name}`"
    return f"<!-- begin: {said}; change it there -->", f"<!-- end: {said} -->"


def write_section(page: Path, name: str, written: str, *, picture: str) -> None:
    """Put a section between its marks, and its picture beside the page.

    Raises:
        UsageError: the page is not there, or has not both marks once.
        StorageError: it cannot be written.
    """
    begin, end = marks(name)
    try:
        text = page.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {page}: {error.strerror}; name the page") from error
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise UsageError(f"{page} must have each of these lines once: {begin} {end}")
    file = Path("pictures", f"recognition-{name}.svg")
    (page.parent / file).parent.mkdir(parents=True, exist_ok=True)
    write_whole(page.parent / file, picture.encode())
    shown = f"![µAP against k, here and in the thesis]({file.as_posix()})"
    pattern = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    section = f"{begin}\n\n{shown}\n\n{written}\n\n{end}"
    write_whole(page, pattern.sub(lambda _: section, text).encode())


def to_markdown(facts: Sequence[str], grids: Sequence[Grid]) -> str:
    """Facts as a list, then all tables, each below its heading."""
    listed = "\n".join(f"- {words}" for words in facts)
    return "\n\n".join([listed, *map(_table, grids)])


def print_grid(grid: Grid) -> None:
    """Show a table on the terminal."""
    from rich.table import Table  # noqa: PLC0415 - programs that read JSON need not wait for it
    from rich.text import Text  # noqa: PLC0415

    table: Any = Table(*grid.header, box=None, header_style="dim", pad_edge=False)
    for column in table.columns[grid.left :]:
        column.justify = "right"
    for place, row in enumerate(grid.rows):
        bold = ["bold" if (place, number) in grid.bold else "" for number in range(len(row))]
        table.add_row(*(Text(cell, style=style) for cell, style in zip(row, bold, strict=True)))
    out().print(f"\n{grid.title}", style="bold")
    out().print(grid.words.replace("*", ""), style="dim")
    out().print(table)


def _table(grid: Grid) -> str:
    lines = [list(grid.header), ["---"] * grid.left]
    lines[1] += ["---:"] * (len(grid.header) - grid.left)
    for place, row in enumerate(grid.rows):
        lines.append(
            [f"**{one}**" if (place, col) in grid.bold else one for col, one in enumerate(row)]
        )
    drawn = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"### {grid.title}\n\n{grid.words}\n\n{drawn}"
