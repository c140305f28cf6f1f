"""Recognize every query of a dataset with part of its instances unknown.

Only what remains of the database is indexed and labelled, the threshold comes from the
collection's own calibration, and a query is seen inside its box only. No truth is looked at before
the answers are judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from relook.collection.records import AddReport, Info, Progress, Quarantined, Recognition
from relook.core.errors import ImageError, UsageError
from relook.core.records import Box
from relook.datasets.truth import DatasetQuery
from relook.evaluation.answers import Answer, Question, judge_answer
from relook.evaluation.instances import Instances, instances_of
from relook.evaluation.library import (
    Report,
    absolute,
    names_by_file,
    no_report,
    refuse_strangers,
    unsearchable,
)
from relook.evaluation.source import Source
from relook.evaluation.unknown import choose_unknown, known_database

__all__ = [
    "Calibrated",
    "Library",
    "Recognized",
    "Recognizer",
    "Task",
    "recognize_in",
]


class Library(Protocol):
    """The part of a collection that an evaluation of recognition needs."""

    def add(
        self,
        paths: Sequence[Path],
        *,
        jobs: int | None,
        progress: Callable[[Progress], None] | None,
    ) -> AddReport:
        """Index these files; those that are indexed already cost nothing."""
        ...

    def ids_of(self, pictures: Sequence[Path]) -> Sequence[int]:
        """The contents that files show, each once."""
        ...

    def files_of(self, content: int) -> Sequence[Path]:
        """All files that show a content."""
        ...

    def labelled(self) -> Mapping[int, tuple[str, ...]]:
        """The labels of every content that has some."""
        ...

    def apply_labels(self, wanted: Mapping[int, Sequence[str]], *, mode: Any) -> int:
        """Add, replace or remove labels."""
        ...

    def quarantined(self) -> Sequence[Quarantined]:
        """The files that cannot be searched, and why."""
        ...

    def info(self) -> Info:
        """Numbers about the collection."""
        ...


class Calibrated(Protocol):
    """What a calibration says of itself."""

    def to_json(self) -> dict[str, Any]:
        """Its figures."""
        ...


class Recognizer(Protocol):
    """Says what a picture shows."""

    def calibrate(
        self, *, target_precision: float, unknown: float, progress: Report | None
    ) -> Calibrated:
        """Learn from the collection's own pictures what confidence is worth."""
        ...

    def recognize(self, image: Path, *, box: Box | None, exclude_self: bool) -> Recognition:
        """The label of a photo, or of a box in it, or none."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of recognition.

    Attributes:
        unknown: share of the instances that is taken out of the database.
        seed: which ones.
        target_precision: of the answers given, that the calibration aims at.
        unknown_prior: share of unknown queries that the calibration expects.
    """

    unknown: float = 0.5
    seed: int = 0
    target_precision: float = 0.99
    unknown_prior: float = 0.5


@dataclass(frozen=True, slots=True)
class Recognized:
    """One run over a dataset.

    Attributes:
        answers: one for each query, in order.
        threshold: confidence from which a label is given.
        calibration: figures of the collection's own calibration.
        labels: number of labels in the database.
        taken: labels that were taken out of it.
        images: number of database images.
        quarantined: ids of the images that could not be indexed or asked, and why.
        warnings: of the recognizer, each once.
    """

    answers: tuple[Answer, ...]
    threshold: float
    calibration: Mapping[str, Any]
    labels: int
    taken: frozenset[str]
    images: int
    quarantined: Mapping[str, str]
    warnings: tuple[str, ...]


def recognize_in(
    library: Library,
    make_recognizer: Callable[[], AbstractContextManager[Recognizer]],
    source: Source,
    task: Task,
    *,
    jobs: int | None = None,
    progress: Report | None = None,
) -> Recognized:
    """Evaluate with a collection that is open: empty, or of an earlier run of the same task.

    Args:
        library: the collection; what it lacks of the known database is added and labelled.
        make_recognizer: makes a recognizer of it, once its pictures have labels.
        source: names, truth and photos.
        task: what is taken out, and what is aimed at.
        jobs: worker processes of the indexing; one per core by default.
        progress: called after each image and each query.

    Raises:
        UsageError: the dataset has no labels or nothing can be taken out, the collection holds
            other pictures, a box lies outside its query, or no query can be read.
        CollectionError: the collection cannot be written; the next run goes on from there.
    """
    report = progress or no_report
    instances = instances_of(source.truth)
    taken = choose_unknown(source.truth, instances, share=task.unknown, seed=task.seed)
    images = known_database(source.truth, instances, taken)
    names = names_by_file(images, source.directory)
    library.add(
        [Path(file) for file in names],
        jobs=jobs,
        progress=lambda state: report("index", state.done, state.total),
    )
    info = library.info()
    refuse_strangers(info, names)
    quarantined = unsearchable(library, info, names)
    shown = _shown(library, names, quarantined)
    left = _label(library, shown, instances)
    with make_recognizer() as recognizer:
        calibration = recognizer.calibrate(
            target_precision=task.target_precision, unknown=task.unknown_prior, progress=progress
        ).to_json()
        asker = _Asker(recognizer, source, instances, shown)
        for number, query in enumerate(source.truth.queries, start=1):
            asker.ask(query)
            report("recognize", number, len(source.truth.queries))
    quarantined |= {one.question.query.id: one.failed for one in asker.answers if one.failed}
    return Recognized(
        answers=tuple(asker.answers),
        threshold=asker.threshold(quarantined),
        calibration=calibration,
        labels=len(left),
        taken=taken,
        images=len(images),
        quarantined=quarantined,
        warnings=tuple(asker.warnings),
    )


def _shown(
    library: Library, names: Mapping[str, Sequence[str]], quarantined: Mapping[str, str]
) -> dict[int, tuple[str, ...]]:
    """The ids of the images that show each content: several where files are copies."""
    usable = [Path(file) for file, ids in names.items() if ids[0] not in quarantined]
    return {
        content: tuple(
            name
            for file in map(absolute, library.files_of(content))
            for name in names.get(file, ())
        )
        for content in library.ids_of(usable)
    }


def _label(
    library: Library, shown: Mapping[int, Sequence[str]], instances: Instances
) -> frozenset[str]:
    """Make the labels of the collection those of the truth, and return them.

    Nothing is written where they are already, so that a calibration stays valid.
    """
    wanted = {
        content: tuple(sorted({instances.labels[name] for name in ids if name in instances.labels}))
        for content, ids in shown.items()
    }
    there = library.labelled()
    changes = {c: labels for c, labels in wanted.items() if there.get(c, ()) != labels}
    changes |= dict.fromkeys(there.keys() - wanted.keys(), ())
    if changes:
        library.apply_labels(changes, mode="replace")
    left = frozenset(label for labels in library.labelled().values() for label in labels)
    if not left:
        raise UsageError(
            "no labelled image is left in the database; take out less with --unknown, or check "
            "the photos"
        )
    return left


class _Asker:
    """Asks queries one after the other and judges the answers."""

    def __init__(
        self,
        recognizer: Recognizer,
        source: Source,
        instances: Instances,
        shown: Mapping[int, Sequence[str]],
    ) -> None:
        self._recognizer = recognizer
        self._photos = source.pictures
        self._instances = instances
        self._shown = shown
        self._bearers: dict[str, set[str]] = {}
        for name in (name for ids in shown.values() for name in ids):
            if name in instances.labels:
                self._bearers.setdefault(instances.labels[name], set()).add(name)
        self._indexed = {name: set(ids) for ids in shown.values() for name in ids}
        self._thresholds: list[float] = []
        self.answers: list[Answer] = []
        self.warnings: dict[str, None] = {}

    def ask(self, query: DatasetQuery) -> None:
        """Ask a query; where it is in the database itself, it and its copies do not count."""
        own = self._indexed.get(query.id, set())
        labels = self._instances.right[query.id]
        bearers = {name for label in labels for name in self._bearers.get(label, ())} - own
        example = next(
            (name for name in query.positives if name in bearers), min(bearers, default=None)
        )
        question = Question(query, labels, bool(bearers), example)
        try:
            found = self._recognizer.recognize(
                self._photos[query.id], box=query.box, exclude_self=bool(own)
            )
        except ImageError as error:
            self.answers.append(Answer(question, failed=str(error)))
            return
        except UsageError as error:
            raise UsageError(f"query {query.id}: {error}") from error
        self._thresholds.append(found.threshold)
        self.warnings.update(dict.fromkeys(found.warnings))
        self.answers.append(judge_answer(question, found, self._shown))

    def threshold(self, quarantined: Mapping[str, str]) -> float:
        """The one that was used."""
        if not self._thresholds:
            reason = next(iter(quarantined.values()), "there is none")
            raise UsageError(f"no query can be asked ({reason}); check the photos")
        return self._thresholds[0]
