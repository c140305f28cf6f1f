"""The figures of recognition as a table for the terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from relook.evaluation.report.recognition_words import Record
from relook.evaluation.report.words import plain, score_words

__all__ = ["recognition_table"]


COLUMNS = {
    "accuracy_known": "accuracy",
    "auroc": "AUROC",
    "ece": "ECE",
    "micro_ap": "µAP",
    "precision_at_threshold": "precision",
    "coverage": "coverage",
}
"""Figures that fit 80 columns; reports have all."""


def recognition_table(record: Record) -> Table:
    """A row for each subset, and one for all."""
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("subset", overflow="fold")
    for name in ("known", "unknown", *COLUMNS.values()):
        table.add_column(name, justify="right", no_wrap=True)
    subsets = sorted(record["subsets"].items())
    for name, part in subsets if len(subsets) > 1 else []:
        table.add_row(Text(plain(name)), *_cells(part))
    table.add_row("all", *_cells(record), style="bold")
    return table


def _cells(part: Record) -> list[str]:
    counts = [f"{part['n_known']:,}", f"{part['n_unknown']:,}"]
    return counts + [score_words(part[name]) for name in COLUMNS]
