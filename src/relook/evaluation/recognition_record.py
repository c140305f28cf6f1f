"""What an evaluation of recognition leaves behind, as JSON that reports and programs read.

At its top: ``dataset``, ``recipe``, the figures of
:mod:`relook.evaluation.recognition_scores` with their ``intervals``, ``mean_p1``, ``subsets`` with
the same figures, ``threshold``, numbers of queries and labels, ``milliseconds``, what the
``calibration`` says of itself, and ``queries``, one entry for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from relook.evaluation.answers import Answer
from relook.evaluation.bootstrap import SAMPLES
from relook.evaluation.environment import environment
from relook.evaluation.library import percentiles
from relook.evaluation.recognition_scores import intervals, scores
from relook.evaluation.recognize import Recognized, Task
from relook.evaluation.source import Source

__all__ = ["STAGES", "VERSION", "make_record", "summary"]

VERSION = 1
"""Of the layout; it is raised when a reader of the old one would go wrong."""

STAGES = ("decode", "describe", "search", "verify", "recognize", "total")
"""What is timed of every query."""


def make_record(
    source: Source,
    found: Recognized,
    task: Task,
    *,
    recipe: str,
    warnings: Sequence[str] = (),
    samples: int = SAMPLES,
) -> dict[str, Any]:
    """The record of a run.

    Args:
        source: names and photos of the dataset.
        found: what was answered.
        task: what was asked.
        recipe: its name.
        warnings: why the scores may not be believed, beside what the run itself says.
        samples: of the bootstrap.
    """
    here, answers = environment(), found.answers
    parts: dict[str, list[Answer]] = {}
    for answer in answers:
        parts.setdefault(answer.question.query.subset, []).append(answer)
    figures = scores(answers)
    times = [answer.milliseconds for answer in answers if not answer.failed]
    return {
        "version": VERSION,
        "task": "recognition",
        "dataset": source.truth.name,
        "recipe": recipe,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **figures,
        "mean_p1": None if found.taken else figures["accuracy_known"],
        "intervals": intervals(answers, samples=samples),
        "threshold": found.threshold,
        "target_precision": task.target_precision,
        "unknown_prior": task.unknown_prior,
        "unknown": task.unknown,
        "seed": task.seed,
        **_counts(answers),
        "n_passed": sum(answer.passed for answer in answers),
        "n_failed": sum(bool(answer.failed) for answer in answers),
        "n_images": found.images,
        "n_labels": found.labels,
        "taken_out": sorted(found.taken),
        "subsets": {name: {**_counts(part), **scores(part)} for name, part in parts.items()},
        "calibration": dict(found.calibration),
        "milliseconds": percentiles(times, STAGES, 50, quarantined=found.quarantined),
        "milliseconds_p95": percentiles(times, STAGES, 95, quarantined=found.quarantined),
        "versions": dict(here.versions),
        "processor": here.processor,
        "warnings": [*warnings, *found.warnings],
        "quarantined": dict(found.quarantined),
        "queries": _queries(source, answers),
    }


def summary(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record without its queries, as ``relook evaluate --json`` writes it."""
    left_out = ("version", "queries", "taken_out", "quarantined")
    return {key: value for key, value in record.items() if key not in left_out}


def _counts(answers: Sequence[Answer]) -> dict[str, int]:
    known = sum(answer.question.known for answer in answers)
    return {"n_known": known, "n_unknown": len(answers) - known}


def _queries(source: Source, answers: Sequence[Answer]) -> list[dict[str, Any]]:
    paths = {image.id: image.path for image in source.truth.images}
    return [
        {
            "query": query.id,
            "subset": query.subset,
            "path": paths[query.id],
            "box": None if query.box is None else list(query.box),
            "labels": sorted(answer.question.labels),
            "known": answer.question.known,
            "example": answer.question.example,
            "best": answer.best,
            "given": answer.given,
            "right": answer.right,
            "answered_right": answer.answered_right,
            "confidence": answer.confidence,
            "familiarity": answer.familiarity,
            "evidence": answer.image,
            "evidence_path": None if answer.image is None else paths[answer.image],
            "inliers": answer.inliers,
            "alternatives": [list(other) for other in answer.others],
            "passed": answer.passed,
            "failed": answer.failed,
        }
        for answer in answers
        for query in [answer.question.query]
    ]
