"""The figures of recognition as a table for the terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from relook.evaluation.report.recognition_words import FIGURES, Record
from relook.evaluation.report.words import interval_words, plain, score_words

__all__ = ["recognition_table"]


def recognition_table(record: Record) -> Table:
    """A row for each subset, one for all, and one with the 95 % intervals."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("subset", overflow="fold")
    for name in ("known", "unknown", *FIGURES.values()):
        table.add_column(name, justify="right", no_wrap=True)
    subsets = sorted(record["subsets"].items())
    for name, part in subsets if len(subsets) > 1 else []:
        table.add_row(Text(plain(name)), *_cells(part))
    table.add_row("all", *_cells(record), style="bold")
    bounds = [interval_words(record["intervals"].get(name)) for name in FIGURES]
    table.add_row("95 %", "", "", *bounds, style="dim")
    return table


def _cells(part: Record) -> list[str]:
    counts = [f"{part['n_known']:,}", f"{part['n_unknown']:,}"]
    return counts + [score_words(part[name]) for name in FIGURES]
