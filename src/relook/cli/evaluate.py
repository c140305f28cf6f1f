"""``relook evaluate``: index a dataset, ask every query, score the rankings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from relook.cli import console
from relook.cli.index import show_quarantine
from relook.cli.options import Jobs, Json
from relook.cli.progress import progress_bar
from relook.cli.words import bytes_words, count

if TYPE_CHECKING:
    from relook.evaluation.record import RunRecord
    from relook.evaluation.several import Measured

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook evaluate minibench",
    "relook evaluate minibench --recipe sift-smk --workdir work --rankings rankings.json --json",
    "relook evaluate roxford5k --data data/roxford5k --distractors data/r1m --report ours.html",
    "relook evaluate minibench --sweep plan.candidates=0,50,100,200 --report sweep.html",
    "relook evaluate minibench --task recognition --unknown .5 --report recognition.html",
)
_FORMS = (".html", ".json", ".md")


def run(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="NAME|DIR", show_default=False,
            help="A published dataset (relook datasets lists them), or a directory with photos and "
            "a gnd.json.",
        ),
    ],
    *,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Where the files of NAME are.",
                     show_default=False),
    ] = None,
    recipe: Annotated[
        list[str] | None,
        typer.Option("--recipe", metavar="NAME|FILE", show_default=False,
                     help="A shipped recipe or a TOML file; sift-asmk unless said. Give several to "
                     "compare them; the others are compared with the first."),
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", metavar="KEY=V1,V2,…", show_default=False,
                     help="Run with each value of a setting, such as plan.candidates=0,100."),
    ] = None,
    distractors: Annotated[
        Path | None,
        typer.Option("--distractors", metavar="DIR", show_default=False,
                     help="Index every picture below DIR too; none of them is right."),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option("--seeds", metavar="N", min=1, max=1000,
                     help="Repeat what is random: only the draws of the intervals are."),
    ] = 1,
    workdir: Annotated[
        Path | None,
        typer.Option("--workdir", metavar="DIR", show_default=False,
                     help="Keep the collection here, and go on with what is there; one below it "
                     "for each way to describe, where there are several."),
    ] = None,
    report: Annotated[
        list[Path] | None,
        typer.Option("--report", metavar="FILE.html|.md|.json", show_default=False,
                     help="Write scores, intervals, costs and the first results of every query."),
    ] = None,
    rankings: Annotated[
        Path | None,
        typer.Option("--rankings", metavar="FILE", show_default=False,
                     help="Write the ranking of every query as JSON, so that others can score it; "
                     "of several runs by name of the run."),
    ] = None,
    task: Annotated[
        str,
        typer.Option("--task", metavar="retrieval|recognition",
                     help="Score rankings, or what relook recognize says when part of the "
                     "instances is not in the database."),
    ] = "retrieval",
    unknown: Annotated[
        float | None,
        typer.Option("--unknown", metavar="SHARE", show_default=False,
                     help="Recognition: share of the instances that is taken out of the database; "
                     ".5 unless said. With 0, accuracy_known is mean P@1."),
    ] = None,
    target_precision: Annotated[
        float | None,
        typer.Option("--target-precision", metavar="P", show_default=False,
                     help="Recognition: precision that the collection's calibration aims at; .99 "
                     "unless said."),
    ] = None,
    unknown_prior: Annotated[
        float | None,
        typer.Option("--unknown-prior", metavar="SHARE", show_default=False,
                     help="Recognition: share of unknown queries that the calibration expects; .5 "
                     "unless said."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", show_default=False,
                     help="Recognition: another number takes other instances out; 0 unless said."),
    ] = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Measure how well recipes find: mean average precision over the queries of a dataset.

    Only database images are indexed, a query is described inside its box only, and no truth is
    seen before the scoring. Intervals are 95 % bootstrap over queries. With --task recognition:
    accuracy, AUROC, calibration error, µAP, and precision and coverage at the threshold.
    """
    from relook.cli.evaluate_recognition import (  # noqa: PLC0415
        Asked,
        evaluate_recognition,
        show_recognition,
    )
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.evaluation.plan import plan_runs  # noqa: PLC0415
    from relook.evaluation.several import measure  # noqa: PLC0415
    from relook.evaluation.source import load_source, with_distractors  # noqa: PLC0415
    from relook.search import DEFAULT_RECIPE, load_recipe  # noqa: PLC0415

    reports = report or []
    _check_targets(reports, rankings)
    asked = Asked(unknown, target_precision, unknown_prior, seed)
    asked.check(task, recipes=recipe or [], others={
        "--sweep": sweep, "--rankings": rankings, "--seeds": seeds > 1
    })  # fmt: skip
    limit_threads()
    recipes = [load_recipe(name) for name in recipe or [DEFAULT_RECIPE]]
    plans = plan_runs(recipes, sweep or [])
    source = load_source(dataset, data=data)
    if distractors is not None:
        source = with_distractors(source, distractors)
    if task == "recognition":
        record = evaluate_recognition(source, recipes[0], asked, workdir=workdir, jobs=jobs)
        _write_reports(reports, record, source.pictures)
        show_recognition(record, as_json=as_json)
        return
    if source.truth.protocol == "recognition":
        console.note(
            f"{source.truth.name} is made for recognition; --task recognition scores it so"
        )
    with progress_bar() as progress:
        measured = measure(
            source,
            plans,
            workdir=workdir,
            seeds=seeds,
            jobs=jobs,
            keep_rankings=rankings is not None,
            progress=progress,
        )
    if rankings is not None:
        _write_rankings(rankings, measured.rankings)
    _write_reports(reports, measured.record.to_json(), source.pictures)
    if as_json:
        console.write_json(measured.record.summary())
        return
    _show(measured, seeds=seeds)


def _check_targets(reports: Sequence[Path], rankings: Path | None) -> None:
    """Refuse files that cannot be written before hours of work, not after them."""
    from relook.core.errors import UsageError  # noqa: PLC0415

    for file in [*reports, *([] if rankings is None else [rankings])]:
        if not file.parent.is_dir():
            raise UsageError(f"the folder {file.parent} does not exist; make it first")
    for file in reports:
        if file.suffix.lower() not in _FORMS:
            raise UsageError(f"a report is one of {', '.join(_FORMS)}; name it {file.stem}.html")


def _write_rankings(file: Path, rankings: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    from relook.core.storage import write_whole  # noqa: PLC0415
    from relook.evaluation.rankings import write_rankings  # noqa: PLC0415

    if len(rankings) == 1:
        write_rankings(file, next(iter(rankings.values())))
        return
    content = json.dumps(rankings, ensure_ascii=False, indent=0)
    write_whole(file, (content + "\n").encode())


def _write_reports(
    files: Sequence[Path], record: Mapping[str, Any], pictures: Mapping[str, Path]
) -> None:
    from relook.evaluation.report import write_report  # noqa: PLC0415

    for file in files:
        write_report(record, file, pictures=pictures)
        console.note(f"wrote {file}")


def _show(measured: Measured, *, seeds: int) -> None:
    from relook.collection import Quarantined  # noqa: PLC0415
    from relook.evaluation.report import terminal_table  # noqa: PLC0415

    terminal, record = console.out(), measured.record
    if len(record.runs) > 1 or record.sweeps:
        terminal.print(record.dataset, style="bold")
        terminal.print(terminal_table(record.to_json(), width=terminal.width))
    else:
        _show_run(record.dataset, record.runs[0])
    for run in record.runs:
        for warning in run.warnings:
            terminal.print(f"{run.name}: {warning}", style="bold red", soft_wrap=True)
    if measured.quarantined:
        bad = [Quarantined(*item) for item in measured.quarantined.items()]
        terminal.print(f"{count(len(bad), 'image')} of the dataset could not be used:")
        show_quarantine(bad)
    if seeds > 1:
        terminal.print(
            f"{seeds} seeds: describing, searching and the sampling of datasets are deterministic, "
            "so the scores have no spread; the bounds of the intervals are means over the seeds",
            style="dim",
            soft_wrap=True,
        )


def _show_run(dataset: str, run: RunRecord) -> None:
    from rich.table import Table  # noqa: PLC0415

    terminal = console.out()
    terminal.print(f"{dataset} with {run.name}", style="bold")
    table = Table(
        "subset", "queries", "mAP", "95 %", "P@1", box=None, header_style="dim", pad_edge=False
    )
    for column in table.columns[1:]:
        column.justify = "right"
    parts = sorted(run.subsets.items())
    for name, part in parts if len(parts) > 1 else []:
        table.add_row(name, *_cells(part.n, part.map, part.map_interval, part.p1))
    cells = _cells(len(run.queries), run.map, run.map_interval, run.p1)
    table.add_row("all", *cells, style="bold")
    for name, graded in (run.protocols or {}).items():
        table.add_row(name, f"{graded.n:,}", f"{graded.map:.4f}", "", f"{graded.mp['1']:.4f}")
    terminal.print(table)
    times = ", ".join(f"{name} {spent:.1f}" for name, spent in run.milliseconds.items())
    terminal.print(f"milliseconds per query (median): {times}", style="dim", soft_wrap=True)
    slow = ", ".join(f"{name} {spent:.1f}" for name, spent in run.milliseconds_p95.items())
    terminal.print(f"milliseconds per query (p95): {slow}", style="dim", soft_wrap=True)
    terminal.print(f"{bytes_words(run.bytes_per_image)} per image", style="dim")


def _cells(n: int, mean: float, interval: tuple[float, float], p1: float) -> tuple[str, ...]:
    low, high = interval
    return f"{n:,}", f"{mean:.4f}", f"{low:.3f} to {high:.3f}", f"{p1:.4f}"
