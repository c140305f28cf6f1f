"""Ours and the published figures in two tables: training on three domains, and on one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relook.cli.console import out
from relook.core.errors import UsageError
from relook.evaluation.classes import ClassesResult
from reproduce.global_descriptors.page import Grid

__all__ = ["grids_of", "print_grid", "published"]

FILE = Path(__file__).parent / "published.toml"
WORDS = {"art_painting": "art"}


def published() -> Mapping[str, Any]:
    """The figures of the thesis, as ``published.toml`` has them."""
    return tomllib.loads(FILE.read_text("utf-8"))


def grids_of(results: Mapping[str, ClassesResult]) -> list[Grid]:
    """The tables, from a result for each row.

    Raises:
        UsageError: the dataset has other domains than the thesis.
    """
    paper = published()
    domains = paper["domains"]
    for result in results.values():
        if sorted(result.parts) != sorted(domains):
            raise UsageError(f"{result.dataset} has other domains than {', '.join(domains)}")
    return [_three(results, paper, domains), _one(results, paper, domains)]


def _three(results: Mapping[str, ClassesResult], paper: Any, domains: Sequence[str]) -> Grid:
    rows = [
        ["here", name, *(_percent(100 * result.accuracy(domain)) for domain in domains),
         _percent(100 * result.mean)]
        for name, result in results.items()
    ]  # fmt: skip
    best = max(range(len(rows)), key=lambda row: float(rows[row][-1]))
    rows += [
        ["thesis", row["name"], *map(_percent, (*row["others"], row["mean"]))]
        for row in paper["row"]
    ]
    header = ["", "descriptor", *map(_word, domains), "mean"]
    words = "Accuracy in percent in each domain, after training on the other three."
    return Grid("Trained on three domains", words, header, rows, frozenset({best}), left=2)


def _one(results: Mapping[str, ClassesResult], paper: Any, domains: Sequence[str]) -> Grid:
    rows: list[list[str]] = []
    for place, train in enumerate(domains):
        for name, result in results.items():
            cells = [
                "–" if test == train else _percent(100 * result.accuracy(test, train=train))
                for test in domains
            ]
            rows.append(["here", _word(train), name, *cells])
        rows += [
            ["thesis", _word(train), row["name"], *map(_percent, row["one"][place])]
            for row in paper["row"]
        ]
    header = ["", "trained on", "descriptor", *map(_word, domains)]
    words = "The same after training on a single domain."
    return Grid("Trained on one domain", words, header, rows, left=3)


def print_grid(grid: Grid) -> None:
    """Show a table on the terminal."""
    from rich.table import Table  # noqa: PLC0415 - programs that read JSON need not wait for it
    from rich.text import Text  # noqa: PLC0415

    table = Table(*grid.header, box=None, header_style="dim", pad_edge=False)
    for column in table.columns[grid.left :]:
        column.justify = "right"
    for number, row in enumerate(grid.rows):
        style = "bold" if number in grid.best else ""
        table.add_row(*(Text(cell, style=style) for cell in row))
    out().print(f"\n{grid.title}", style="bold")
    out().print(grid.words, style="dim")
    out().print(table)


def _percent(value: float) -> str:
    return "–" if value < 0 else f"{value:.1f}"


def _word(domain: str) -> str:
    return WORDS.get(domain, domain)
