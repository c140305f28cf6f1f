"""``relook evaluate --task recognition``: how good are answers, and their confidence?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relook.cli import console
from relook.cli.index import show_quarantine
from relook.cli.progress import progress_bar
from relook.cli.words import count
from relook.core.errors import UsageError

if TYPE_CHECKING:
    from relook.evaluation.source import Source
    from relook.search import Recipe

__all__ = ["Asked", "evaluate_recognition", "show_recognition"]

TASKS = ("retrieval", "recognition")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options of recognition; None is what was not said."""

    unknown: float | None = None
    target_precision: float | None = None
    unknown_prior: float | None = None
    seed: int | None = None

    def check(self, task: str, *, recipes: Sequence[str], others: Mapping[str, object]) -> None:
        """Refuse options that the task would not heed, and values out of range.

        Raises:
            UsageError: there is one.
        """
        if task not in TASKS:
            raise UsageError(f"--task is one of {', '.join(TASKS)}, not {task!r}")
        own = {
            "--unknown": self.unknown,
            "--target-precision": self.target_precision,
            "--unknown-prior": self.unknown_prior,
            "--seed": self.seed,
        }
        if task == "retrieval":
            given = [name for name, value in own.items() if value is not None]
            if given:
                raise UsageError(f"{given[0]} is for recognition; add --task recognition")
            return
        unfit = [name for name, value in others.items() if value]
        if unfit:
            raise UsageError(f"{unfit[0]} does not go with --task recognition; leave it out")
        if len(recipes) > 1:
            raise UsageError("--task recognition measures one recipe at a time; name one")
        for name in ("--target-precision", "--unknown-prior"):
            value = own[name]
            if value is not None and not 0 < value < 1:
                raise UsageError(f"{name} {value:g} must lie between 0 and 1")
        if self.unknown is not None and not 0 <= self.unknown < 1:
            raise UsageError(
                f"--unknown {self.unknown:g} must be from 0 to below 1; at 1 no label is left"
            )


def evaluate_recognition(
    source: Source, recipe: Recipe, asked: Asked, *, workdir: Path | None, jobs: int | None
) -> dict[str, Any]:
    """Run it, and return the record."""
    from relook.evaluation.recognition_run import (  # noqa: PLC0415
        choose_share,
        measure_recognition,
    )
    from relook.evaluation.recognize import Task  # noqa: PLC0415

    usual = Task()
    precision, prior = asked.target_precision, asked.unknown_prior
    task = Task(
        unknown=choose_share(source, asked.unknown),
        seed=usual.seed if asked.seed is None else asked.seed,
        target_precision=usual.target_precision if precision is None else precision,
        unknown_prior=usual.unknown_prior if prior is None else prior,
    )
    with progress_bar() as progress:
        return measure_recognition(
            source, recipe, task, workdir=workdir, jobs=jobs, progress=progress
        )


def show_recognition(record: Mapping[str, Any], *, as_json: bool) -> None:
    """The figures as a table, or as JSON."""
    from relook.collection import Quarantined  # noqa: PLC0415
    from relook.evaluation.recognition_record import summary  # noqa: PLC0415
    from relook.evaluation.report import recognition_table  # noqa: PLC0415
    from relook.evaluation.report.recognition_words import interval_line, run_words  # noqa: PLC0415

    if as_json:
        console.write_json(summary(record))
        return
    terminal = console.out()
    terminal.print(f"{record['dataset']} with {record['recipe']}", style="bold")
    terminal.print(recognition_table(record))
    for line in (interval_line(record), *run_words(record)):
        terminal.print(line, style="dim", soft_wrap=True)
    for warning in record["warnings"]:
        terminal.print(warning, style="bold red", soft_wrap=True)
    if record["quarantined"]:
        bad = [Quarantined(*item) for item in record["quarantined"].items()]
        terminal.print(f"{count(len(bad), 'image')} of the dataset could not be used:")
        show_quarantine(bad)
