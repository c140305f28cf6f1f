"""``python -m reproduce NAME --data DIR``: a published table, and ours beside it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from relook.cli.console import out
from relook.cli.progress import progress_bar
from relook.cli.threads import limit_threads
from relook.core.errors import RelookError, UsageError
from reproduce.cleaning import command as cleaning
from reproduce.global_descriptors import command as global_descriptors
from reproduce.joint_reduction import command as joint_reduction
from reproduce.knn import command as knn
from reproduce.pacs import command as pacs
from reproduce.recipes import command as recipes
from reproduce.table import Row, Table, names, read_table
from reproduce.training import command as training

COMMANDS: Mapping[str, tuple[Callable[[Sequence[str]], None], str]] = {
    global_descriptors.NAME: (global_descriptors.run, "one vector per picture, step by step"),
    joint_reduction.NAME: (joint_reduction.run, "several vocabularies, reduced together"),
    cleaning.NAME: (cleaning.run, "wrong pictures in classes, found and boxed"),
    recipes.NAME: (recipes.run, "every recipe of local features, quality and cost"),
    pacs.NAME: (pacs.run, "classes learned in some domains, said in another"),
    training.NAME: (training.run, "one network fine-tuned in several ways, with one budget"),
    **{name: (partial(knn.run, name), words) for name, words in knn.COMMANDS.items()},
}
"""Tables that are more than a file of ``tables``: what runs them, and what they are."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one table; 0 done, 1 failed, 2 wrong use or something is not on this disk."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words and words[0] in COMMANDS:
            COMMANDS[words[0]][0](words[1:])
            return 0
        options = _options(words)
        if options.name is None:
            _list()
        else:
            _reproduce(read_table(options.name), options)
    except UsageError as error:
        return _complain(error, 2)
    except RelookError as error:
        return _complain(error, 1)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reproduce", description=__doc__)
    parser.add_argument("name", nargs="?", help="a table; without one all are listed")
    parser.add_argument("--data", type=Path, metavar="DIR", help="photos, or a dir with gnd.json")
    parser.add_argument("--workdir", type=Path, metavar="DIR", help="keep the collection here")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write .html, .md or .json too")
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes of the indexing")
    return parser.parse_args(arguments)


def _complain(error: Exception, code: int) -> int:
    sys.stderr.write(f"reproduce: {error}\n")
    return code


def _list() -> None:
    for name in names():
        table = read_table(name)
        out().print(f"{name}: {table.source} ({table.dataset})", markup=False)
    for name, (_, words) in COMMANDS.items():
        out().print(f"{name}: {words}; --help says what it needs", markup=False)


def _reproduce(table: Table, options: argparse.Namespace) -> None:
    from relook.evaluation.plan import PlannedRun, Plans  # noqa: PLC0415 - imports everything
    from relook.evaluation.report import write_report  # noqa: PLC0415
    from relook.evaluation.several import measure  # noqa: PLC0415
    from relook.evaluation.source import load_source  # noqa: PLC0415
    from relook.search import load_recipe  # noqa: PLC0415

    own = options.data is not None and (options.data / "gnd.json").is_file()
    # A directory with a gnd.json says itself what it is; others are read as the table's dataset.
    source = (
        load_source(str(options.data)) if own else load_source(table.dataset, data=options.data)
    )
    limit_threads()
    runs = tuple(
        PlannedRun(row.method, load_recipe(row.recipe).with_settings(row.settings))
        for row in table.rows
    )
    with progress_bar() as progress:
        measured = measure(
            source, Plans(runs, ()), workdir=options.workdir, jobs=options.jobs, progress=progress
        )
    record = measured.record.to_json()
    _print(table, record)
    if options.report is not None:
        write_report(record, options.report, pictures=source.pictures)


def _print(table: Table, record: Mapping[str, Any]) -> None:
    from rich.table import Table as Grid  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    terminal = out()
    terminal.print(f"{table.source}: published / ours, in percent", style="bold", markup=False)
    keys = table.measures if _all_there(table, record) else ["map", *table.measures]
    labels = [key.removeprefix("subset ") for key in keys]
    grid = Grid("method", *labels, "ms", box=None, header_style="dim", pad_edge=False)
    for column in grid.columns[1:]:
        column.justify = "right"
    for row, run in zip(table.rows, record["runs"], strict=True):
        cells = [_pair(row, run, key) for key in keys]
        grid.add_row(Text(row.method), *cells, f"{run['milliseconds']['total']:.0f}")
    terminal.print(grid)
    terminal.print(table.differences, style="dim", markup=False)
    if table.dataset not in ("gnd", record["dataset"]):  # gnd: whatever the directory holds
        words = f"Ours are on {record['dataset']}, the published ones on {table.dataset}."
        terminal.print(words, style="bold", markup=False)
    for warning in dict.fromkeys(words for run in record["runs"] for words in run["warnings"]):
        terminal.print(f"Warning: {warning}", style="bold red", markup=False)


def _all_there(table: Table, record: Mapping[str, Any]) -> bool:
    return all(score(run, key) is not None for run in record["runs"] for key in table.measures)


def _pair(row: Row, run: Mapping[str, Any], key: str) -> str:
    published, ours = row.published.get(key), score(run, key)
    return f"{_percent(published)} / {_percent(None if ours is None else 100 * ours)}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def score(run: Mapping[str, Any], key: str) -> float | None:
    """A score of a run by its key, from 0 to 1; None where the dataset does not have it."""
    part, _, measure = key.partition(" ")
    if part == "subset":
        return _number(run["subsets"].get(measure, {}).get("map"))
    if not measure:
        return _number(run.get(part))
    graded = (run.get("protocols") or {}).get(part, {})
    if measure.startswith("mp@"):
        return _number(graded.get("mp", {}).get(measure.removeprefix("mp@")))
    return _number(graded.get(measure))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


if __name__ == "__main__":
    sys.exit(main())
