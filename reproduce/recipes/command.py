"""``python -m reproduce recipes``: every recipe of local features on one benchmark."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from relook.cli.console import out, write_json
from relook.cli.progress import progress_bar
from relook.cli.threads import limit_threads
from relook.core.errors import UsageError
from reproduce.global_descriptors.page import Grid, to_markdown, write_page
from reproduce.pacs.report import print_grid
from reproduce.recipes.report import grid_of, orders_of

__all__ = ["BEGIN", "END", "NAME", "ROWS", "run"]

NAME = "recipes"
BEGIN = "<!-- begin: written by `python -m reproduce recipes`; change it there -->"
END = "<!-- end: written by `python -m reproduce recipes` -->"
ROWS = Path(__file__).parent / "rows.toml"


def run(arguments: Sequence[str]) -> None:
    """Index, search, score, and show.

    Raises:
        RelookError: something is not on this disk, or does not go together.
    """
    options = _options(arguments)
    rows = _rows(options.methods)
    limit_threads()
    record = _measure(rows, options)
    methods = [row["method"] for row in rows]
    grid, orders = grid_of(methods, record), orders_of(methods, record)
    if options.page is not None:
        written = f"{to_markdown([grid])}\n\n" + "\n".join(f"- {words}" for words in orders)
        write_page(options.page, written, begin=BEGIN, end=END)
    if options.json:
        write_json({"orders": orders, **record})
        return
    _show(grid, orders)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m reproduce {NAME}", description=__doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="a benchmark with gnd.json")
    add(
        "--methods", nargs="+", default=[], metavar="NAME", help="only these, as the table has them"
    )
    add("--workdir", type=Path, metavar="DIR", help="keep the collections, and go on with them")
    add("--jobs", type=int, metavar="N", help="worker processes of the indexing")
    add("--page", type=Path, metavar="FILE", help="write the table between the marks of a page")
    add("--json", action="store_true", help="write JSON to stdout, and nothing else")
    return parser.parse_args(arguments)


def _rows(methods: Sequence[str]) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = tomllib.loads(ROWS.read_text("utf-8"))["row"]
    known = [row["method"] for row in rows]
    for name in methods:
        if name not in known:
            raise UsageError(f"there is no method {name!r}; take some of {', '.join(known)}")
    return [row for row in rows if not methods or row["method"] in methods]


def _measure(rows: Sequence[Mapping[str, Any]], options: argparse.Namespace) -> dict[str, Any]:
    from relook.evaluation.plan import PlannedRun, Plans  # noqa: PLC0415 - imports everything
    from relook.evaluation.several import measure  # noqa: PLC0415
    from relook.evaluation.source import load_source  # noqa: PLC0415
    from relook.search import load_recipe  # noqa: PLC0415

    source = load_source(str(options.data))
    runs = tuple(
        PlannedRun(row["method"], load_recipe(row["recipe"]).with_settings(row["settings"]))
        for row in rows
    )
    with progress_bar() as progress:
        measured = measure(
            source, Plans(runs, ()), workdir=options.workdir, jobs=options.jobs, progress=progress
        )
    return dict(measured.record.to_json())


def _show(grid: Grid, orders: Sequence[str]) -> None:
    print_grid(grid)
    for words in orders:
        out().print(words, style="dim", markup=False)
