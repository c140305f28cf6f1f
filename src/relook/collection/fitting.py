"""From what a collection was asked to the confidences that it answers with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from relook.collection.lessons import Lessons
from relook.collection.records import Generation
from relook.recognition import figures
from relook.recognition.calibration import Calibration, calibrate
from relook.recognition.claims import FEATURES
from relook.recognition.confidence import Case, ConfidenceModel
from relook.recognition.pseudo import (
    DISTRACTOR,
    PHOTO,
    STRONG,
    VIEW,
    PseudoQuery,
    find_beside,
    labels_beside,
    make_cases,
    particular,
    pictures_by_label,
)
from relook.recognition.records import CalibrationReport, Contradiction
from relook.recognition.shipped import find_confidence

if TYPE_CHECKING:
    from relook.collection.collection import Collection

__all__ = ["Fit", "fit_lessons", "lesson_cases"]

TARGET = 0.99
"""Precision that is promised where nobody said another."""

_STALE = 0.25
_MOST = 0.25
"""Share of both pictures that evidence spans where they show the same thing."""

_VERSION = 1

Labels = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What answers are given by.

    Attributes:
        model: claims to probabilities.
        threshold: confidence from which a label is given.
        labelled: how many pictures have labels.
        report: of the calibration; None where there was none.
        shows: labels that pictures do not have, but that are right for them as well.
        warnings: what a reader of an answer should know.
    """

    model: ConfidenceModel
    threshold: float
    labelled: int
    report: CalibrationReport | None
    shows: Mapping[int, frozenset[str]]
    warnings: tuple[str, ...]

    @property
    def calibration(self) -> str:
        """``collection`` or ``shipped``: whose confidences they are."""
        return "shipped" if self.report is None or self.report.fallback else "collection"

    def to_json(self, generation: Generation) -> dict[str, Any]:
        """All of it, and the state of the catalog that it holds for."""
        return {
            "version": _VERSION,
            "features": list(FEATURES),
            "generation": [generation.uuid, generation.counter],
            "weights": self.model.weights.tolist(),
            "threshold": self.threshold,
            "labelled": self.labelled,
            "report": None if self.report is None else self.report.to_json(),
            "shows": {str(image): sorted(names) for image, names in self.shows.items()},
            "warnings": list(self.warnings),
        }

    @staticmethod
    def read(content: Mapping[str, Any], generation: Generation) -> Fit | None:
        """What :meth:`to_json` gave; None where it is of another state of the catalog, or damaged.

        Args:
            content: as it was kept; empty where nothing was.
            generation: the present state of the catalog.
        """
        found = [content.get(name) for name in ("version", "features", "generation")]
        if found != [_VERSION, list(FEATURES), [generation.uuid, generation.counter]]:
            return None
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            return Fit._from_json(content)
        return None

    @staticmethod
    def _from_json(content: Mapping[str, Any]) -> Fit:
        report = content["report"]
        if report is not None:
            pairs = {
                name: tuple(Contradiction(**item) for item in report[name])
                for name in ("contradictions", "also_shown")
            }
            report = CalibrationReport(**{**report, **pairs})
        return Fit(
            ConfidenceModel(np.array(content["weights"], np.float64)),
            float(content["threshold"]),
            int(content["labelled"]),
            report,
            {int(image): frozenset(names) for image, names in content["shows"].items()},
            tuple(content["warnings"]),
        )


def fit_lessons(collection: Collection, lessons: Lessons | None) -> Fit:
    """Fit to what was asked, read with the labels that the collection has now."""
    engine = collection.engine
    shipped = find_confidence(engine.kind, recipe=engine.describe_hash)
    if lessons is None:
        _, labelled = collection.catalog.labels_in_use()
        hint = (
            "confidences are those of independent photos; relook calibrate "
            f"{collection.directory} fits them to this collection"
        )
        return Fit(shipped, TARGET, labelled, None, {}, (hint,))
    labels = collection.labelled()
    queries = _still_here(collection, lessons.queries)
    found = calibrate(
        make_cases(queries, labels),
        shipped=shipped,
        unknown=lessons.unknown,
        target_precision=lessons.target_precision,
    )
    stale = sum(image > lessons.newest for image in labels)
    shown = find_beside(queries, labels)
    same, beside = _clashes(collection, queries, labels, shown)
    report = replace(
        _report(found, lessons, queries, labels, stale), contradictions=same, also_shown=beside
    )
    shows = labels_beside(labels, shown)
    words = _warnings(report, len(labels))
    return Fit(found.model, found.threshold, len(labels), report, shows, words)


def lesson_cases(collection: Collection, lessons: Lessons) -> list[Case]:
    """What lessons teach, read with the labels that the collection has now."""
    return make_cases(_still_here(collection, lessons.queries), collection.labelled())


def _still_here(collection: Collection, queries: Sequence[PseudoQuery]) -> list[PseudoQuery]:
    """The pseudo-queries of pictures that are there, without results that are not."""
    shown = set(collection.catalog.searchable().tolist())
    kept = [query for query in queries if query.source in shown or query.source < 0]
    gone = {key for query in kept for key in query.observation.ids.tolist()} - shown
    return [
        PseudoQuery(query.source, query.kind, query.number, query.observation.without(gone))
        for query in kept
    ]


def _report(
    found: Calibration,
    lessons: Lessons,
    queries: Iterable[PseudoQuery],
    labels: Labels,
    stale: int,
) -> CalibrationReport:
    kinds = [query.kind for query in queries if query.source in labels or query.source < 0]
    trial = found.trial
    return CalibrationReport(
        threshold=found.threshold,
        target_precision=lessons.target_precision,
        unknown=lessons.unknown,
        known_queries=kinds.count(PHOTO),
        rendered_queries=kinds.count(VIEW),
        unknown_queries=len(kinds) if trial is None else int((~trial.known).sum()),
        precision=None if trial is None else figures.precision(trial, found.threshold),
        coverage=None if trial is None else figures.coverage(trial, found.threshold),
        ece=None if trial is None else figures.calibration_error(trial, found.threshold),
        auroc=None if trial is None else figures.auroc(trial),
        fallback=found.fallback,
        stale=stale,
        skipped=lessons.skipped,
    )


def _warnings(report: CalibrationReport, labelled: int) -> tuple[str, ...]:
    words = []
    if report.fallback:
        words.append(f"confidences are those of independent photos: {report.fallback}")
    if report.stale > _STALE * labelled:
        words.append(
            f"{report.stale} of {labelled} labelled pictures came since the calibration; run "
            "relook calibrate again"
        )
    return tuple(words)


def _clashes(
    collection: Collection,
    queries: Sequence[PseudoQuery],
    labels: Labels,
    shown: Mapping[int, tuple[int, ...]],
) -> tuple[tuple[Contradiction, ...], tuple[Contradiction, ...]]:
    """Pictures that show the same thing under other labels, and such that show another beside."""
    members = pictures_by_label(labels)
    first = {image: particular(names, members) for image, names in labels.items()}
    beside = [(image, other) for image, others in shown.items() for other in others]
    same: dict[tuple[int, int], None] = {}
    for query in queries:
        own = set(labels.get(query.source, ()))
        if query.kind == DISTRACTOR or not own:
            continue
        more = shown.get(query.source, ())
        seen = query.observation
        strong = (seen.strengths >= STRONG) & (seen.shares >= _MOST) & (seen.query_shares >= _MOST)
        for image in seen.ids[strong].tolist():
            if image not in more and own.isdisjoint(labels.get(image, own)):
                same[min(image, query.source), max(image, query.source)] = None
    paths = collection.catalog.paths(sorted({image for pair in (*beside, *same) for image in pair}))

    def tell(pairs: Iterable[tuple[int, int]]) -> tuple[Contradiction, ...]:
        return tuple(
            Contradiction(paths[one], first[one], paths[other], first[other])
            for one, other in sorted(pairs)
            if one in paths and other in paths
        )

    return tell(same), tell(beside)
