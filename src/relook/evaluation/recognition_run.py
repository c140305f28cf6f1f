"""Recognition with one recipe over one dataset, from the photos to a record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from relook.core.errors import UsageError
from relook.evaluation.fitted import fitted_of
from relook.evaluation.library import Report, opened_collection
from relook.evaluation.overlap import overlap
from relook.evaluation.recognition_record import make_record
from relook.evaluation.recognize import Recognized, Task, recognize_in
from relook.evaluation.source import Source
from relook.search import Recipe, make_engine

__all__ = ["OPEN_SET", "UNKNOWN", "choose_share", "measure_recognition"]

UNKNOWN = 0.5
"""Share of the instances that is taken out unless said."""

OPEN_SET = "recognition"
"""The protocol of datasets that bring their own unknown queries; nothing is taken out of them."""

FOLDER_DIGITS = 12


def choose_share(source: Source, asked: float | None) -> float:
    """The share of the instances to take out.

    Raises:
        UsageError: some is to be taken out of a dataset that has unknown queries of its own.
    """
    if source.truth.protocol != OPEN_SET:
        return UNKNOWN if asked is None else asked
    if asked:
        raise UsageError(
            f"{source.truth.name} has unknown queries of its own, and nothing is taken out of it; "
            "leave --unknown out"
        )
    return 0.0


def measure_recognition(
    source: Source,
    recipe: Recipe,
    task: Task,
    *,
    workdir: Path | None = None,
    jobs: int | None = None,
    progress: Report | None = None,
) -> dict[str, Any]:
    """Index what is known, label it, calibrate, recognize every query; the record of that.

    Args:
        source: names, truth and photos.
        recipe: that describes and searches.
        task: what is taken out, and what is aimed at.
        workdir: holds a collection for each recipe, share and seed; what is there is gone on with.
            A temporary directory by default.
        jobs: worker processes of the indexing; one per core by default.
        progress: called after each image and each query.

    Raises:
        UsageError: as :func:`relook.evaluation.recognize.recognize_in`.
        RelookError: the collection cannot be made or written.
    """
    from relook.collection import Recognizer  # noqa: PLC0415 - brings its fitted rule along

    place = None if workdir is None else workdir / _folder(recipe, task)
    with opened_collection(place, make_engine(recipe)) as collection:
        found = recognize_in(
            collection,
            lambda: Recognizer(collection),
            source,
            task,
            jobs=jobs,
            progress=progress,
        )
    warnings = _warnings(source, recipe, found)
    return make_record(source, found, task, recipe=recipe.name, warnings=warnings)


def _folder(recipe: Recipe, task: Task) -> str:
    """Runs that know other instances must not share a collection."""
    return f"{recipe.describe_hash[:FOLDER_DIGITS]}-unknown-{task.unknown:g}-seed-{task.seed}"


def _warnings(source: Source, recipe: Recipe, found: Recognized) -> list[str]:
    warnings = []
    for asset, fitted in fitted_of(recipe):
        reason = overlap(fitted, source.truth, source.directory)
        if reason is not None:
            warnings.append(f"{asset} was {reason}; no fair comparison")
    if found.quarantined:
        warnings.append(f"{len(found.quarantined):,} images could not be used")
    return warnings
