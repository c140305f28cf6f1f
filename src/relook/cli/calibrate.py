"""``relook calibrate``: make confidences true for one collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from relook.cli import console
from relook.cli.options import Directory, Json
from relook.cli.progress import progress_bar
from relook.cli.recognize import check_labelled
from relook.cli.words import count

if TYPE_CHECKING:
    from relook.recognition.records import CalibrationReport

__all__ = ["EXAMPLES", "run"]

EXAMPLES = (
    "relook calibrate museum",
    "relook calibrate museum --target-precision .95 --unknown .2 --distractors other-photos",
)
_NAMED = 10
_LITTLE = 0.1


def run(
    directory: Directory,
    *,
    target_precision: Annotated[
        float,
        typer.Option("--target-precision", metavar="P",
                     help="Give a label where this share of the labels given will be right."),
    ] = 0.99,
    unknown: Annotated[
        float,
        typer.Option("--unknown", metavar="SHARE",
                     help="How many of the photos to come show nothing labelled, 0 to 1."),
    ] = 0.5,
    distractors: Annotated[
        list[Path] | None,
        typer.Option("--distractors", metavar="FOLDER", show_default=False,
                     help="Photos of which none shows anything labelled."),
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Fit the confidences to a collection, by asking about its own pictures.

    A picture whose label has others is asked about without itself; where a label has one picture,
    views of it are rendered; what is left out altogether stands for the unknown. A run that was
    stopped goes on where it was.
    """
    import relook  # noqa: PLC0415
    from relook.cli.asked import expand  # noqa: PLC0415
    from relook.cli.threads import limit_threads  # noqa: PLC0415
    from relook.collection import Recognizer  # noqa: PLC0415

    _check_shares(target_precision, unknown)
    others = [photo.file for photo in expand(distractors or []) if not photo.reason]
    limit_threads()
    with relook.open(directory) as collection:
        check_labelled(collection)
        with Recognizer(collection) as recognizer, progress_bar() as progress:
            report = recognizer.calibrate(
                target_precision=target_precision,
                unknown=unknown,
                distractors=others,
                progress=progress,
            )
    if as_json:
        console.write_json(report.to_json())
        return
    _show(directory, report)


def _check_shares(target_precision: float, unknown: float) -> None:
    from relook.core.errors import UsageError  # noqa: PLC0415

    for name, share in (("target-precision", target_precision), ("unknown", unknown)):
        if not 0.0 < share < 1.0:
            raise UsageError(f"--{name} lies between 0 and 1, not {share:g}; 99 % is .99")


def _show(directory: Path, report: CalibrationReport) -> None:
    from rich.table import Table  # noqa: PLC0415

    from relook.plots.wording import percent  # noqa: PLC0415

    terminal = console.out()
    terminal.print(
        f"{directory}: a label is given from {percent(report.threshold)} on, for "
        f"{percent(report.target_precision)} right where {percent(report.unknown)} of the photos "
        "show nothing labelled",
        style="bold",
        soft_wrap=True,
    )
    if report.fallback:
        terminal.print(
            f"Not fitted to this collection; the careful rule that ships is used: "
            f"{report.fallback}",
            style="yellow",
            soft_wrap=True,
        )
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    table.add_column(style="dim", overflow="fold")
    table.add_row("asked about", f"{report.known_queries:,}", "pictures of a label with others")
    table.add_row("", f"{report.rendered_queries:,}", "rendered views of labels with one picture")
    table.add_row("", f"{report.unknown_queries:,}", "unknown: left out, or distractors")
    for name, value, meaning in _figures(report):
        table.add_row(name, value, meaning)
    terminal.print(table)
    if report.coverage is not None and report.coverage < _LITTLE and not report.fallback:
        terminal.print(
            "At this precision hardly any label is given. Give each label more "
            "photos, correct what is named below, or lower --target-precision.",
            style="yellow",
            soft_wrap=True,
        )
    _show_contradictions(report)
    _show_also_shown(report)
    if report.skipped:
        console.note(f"{count(report.skipped, 'picture')} could not be read from a file and asked")
    if report.stale:
        console.note(f"{count(report.stale, 'picture')} came since and took no part")


def _figures(report: CalibrationReport) -> list[tuple[str, str, str]]:
    """What the calibration is worth, on labels that it was not fitted on."""
    found = (
        ("precision", report.precision, "of the labels given are right"),
        ("coverage", report.coverage, "of the known ones are given a label"),
        ("ece", report.ece, "how far confidences are from the truth; 0 is best"),
        ("auroc", report.auroc, "how well known and unknown are told apart; 1 is best"),
    )
    return [
        (name, "–" if value is None else f"{value:.3f}", meaning) for name, value, meaning in found
    ]


def _show_contradictions(report: CalibrationReport) -> None:
    found = report.contradictions
    if not found:
        return
    console.out().print(
        f"{count(len(found), 'pair')} of pictures show the same thing but have different labels; "
        "correct them with relook label and calibrate again:",
        style="yellow",
        soft_wrap=True,
    )
    _name([f"{path} ({label}) and {other} ({name})" for path, label, other, name in found])


def _show_also_shown(report: CalibrationReport) -> None:
    beside: dict[tuple[str, str], list[str]] = {}
    for path, label, _, other_label in report.also_shown:
        labels = beside.setdefault((path, label), [])
        if other_label not in labels:
            labels.append(other_label)
    if not beside:
        return
    one = len(beside) == 1
    console.out().print(
        f"{count(len(beside), 'picture')} {'shows' if one else 'show'} more than "
        f"{'its label says' if one else 'their labels say'}; that is allowed for. Where a picture "
        "is meant to stand for both, add the label (relook label --add):",
        soft_wrap=True,
    )
    _name([
        f"{path} ({label}) also shows {', '.join(others)}"
        for (path, label), others in beside.items()
    ])  # fmt: skip


def _name(lines: list[str]) -> None:
    """The first of them, or all where details are asked for."""
    terminal = console.out()
    shown = lines if console.is_verbose() else lines[:_NAMED]
    for line in shown:
        terminal.print(f"  {line}", markup=False, soft_wrap=True)
    if len(shown) < len(lines):
        terminal.print(f"  and {len(lines) - len(shown):,} more (-v names them all)")
