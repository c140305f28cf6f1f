"""Several recipes over one dataset: what describes alike shares a collection."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from relook.collection import Collection
from relook.core.errors import UsageError
from relook.evaluation.library import Report
from relook.evaluation.plan import Plans
from relook.evaluation.record import Record, RunRecord, SweepRecord
from relook.evaluation.run import Evaluation, evaluate
from relook.evaluation.source import Source
from relook.evaluation.summary import Summary
from relook.search import Recipe, make_engine

__all__ = ["Measured", "measure"]

FOLDER_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Measured:
    """All that an evaluation found.

    Attributes:
        record: scores, costs and the first results.
        rankings: by name of the run, where they were to be kept: for every query the ids of
            database images, best first.
        quarantined: ids of the images that some run could not use, and why.
    """

    record: Record
    rankings: Mapping[str, Mapping[str, Sequence[str]]]
    quarantined: Mapping[str, str]


def measure(
    source: Source,
    plans: Plans,
    *,
    workdir: Path | None = None,
    seeds: int = 1,
    jobs: int | None = None,
    keep_rankings: bool = False,
    progress: Report | None = None,
) -> Measured:
    """Run all plans over a dataset, one after the other.

    Args:
        source: names, truth and photos.
        plans: at least one run.
        workdir: holds the collection; where runs describe in different ways, one below it for each
            way. What is there is gone on with. A temporary directory by default.
        seeds: how many times the bootstrap is drawn; nothing else is random.
        jobs: worker processes of the indexing; one per core by default.
        keep_rankings: whether complete rankings are kept, which may be large.
        progress: called after each image and each query.

    Raises:
        UsageError: as :func:`relook.evaluation.run.evaluate`.
        RelookError: likewise.
    """
    summary = Summary(source, tuple(range(seeds)))
    records: list[RunRecord] = []
    rankings: dict[str, Mapping[str, Sequence[str]]] = {}
    quarantined: dict[str, str] = {}
    with _workdir(workdir) as home:
        for planned, place in zip(plans.runs, _places(home, plans), strict=True):
            evaluation = _evaluate(
                source, place, planned.recipe, jobs, _numbered(progress, len(records), plans)
            )
            first = records[0] if records else None
            base = plans.runs[0].recipe
            records.append(summary.record(planned, evaluation, first=first, base=base))
            quarantined |= evaluation.quarantined
            if keep_rankings:
                rankings[planned.name] = evaluation.rankings
    sweeps = tuple(
        SweepRecord(recipe=s.recipe, parameter=s.parameter, values=s.values, runs=s.runs)
        for s in plans.sweeps
    )
    created = datetime.now(UTC).isoformat(timespec="seconds")
    record = Record(dataset=source.truth.name, created=created, runs=tuple(records), sweeps=sweeps)
    return Measured(record, rankings, quarantined)


def _evaluate(
    source: Source, place: Path, recipe: Recipe, jobs: int | None, progress: Report | None
) -> Evaluation:
    return evaluate(
        source.truth,
        source.directory,
        engine=make_engine(recipe),
        workdir=place,
        jobs=jobs,
        progress=progress,
    )


@contextmanager
def _workdir(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    # Errors of cleaning up are ignored: Windows keeps mapped files for a while.
    with tempfile.TemporaryDirectory(prefix="relook-", ignore_cleanup_errors=True) as made:
        yield Path(made) / "collection"


def _places(home: Path, plans: Plans) -> list[Path]:
    """Where the collection of each run is kept.

    Raises:
        UsageError: ``home`` itself is a collection, and more than one is needed.
    """
    hashes = [run.recipe.describe_hash for run in plans.runs]
    several = len(set(hashes)) > 1
    if Collection.exists(home):
        if several:
            raise UsageError(
                f"{home} is itself a collection, and these recipes need several; name another "
                "directory"
            )
        return [home] * len(hashes)
    below = home.is_dir() and any(map(Collection.exists, home.iterdir()))
    if not several and not below:
        return [home] * len(hashes)
    home.mkdir(parents=True, exist_ok=True)
    return [home / digits[:FOLDER_DIGITS] for digits in hashes]


def _numbered(progress: Report | None, done: int, plans: Plans) -> Report | None:
    """Progress that says which of several runs it is of."""
    if progress is None or len(plans.runs) == 1:
        return progress
    where = f"{done + 1}/{len(plans.runs)}"
    return lambda what, count, total: progress(f"{where} {what}", count, total)
