"""A collection with labels says what a picture shows, or that it does not know it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from relook.collection.answering import to_hits
from relook.collection.collection import Collection
from relook.collection.described import DescribedQuery, describe_query
from relook.collection.fitting import Fit, fit_lessons
from relook.collection.lessons import Lessons, LessonShelf
from relook.collection.query import Query, QueryImage
from relook.collection.records import Generation, Hit, Recognition
from relook.collection.teaching import ask_all, plan_errands
from relook.core.errors import LockedError, RelookError, UsageError
from relook.core.records import Box, Ranking
from relook.recognition.claims import RESULTS, make_claims
from relook.recognition.observation import DEPTH, Observation, observe
from relook.recognition.pseudo import PseudoQuery
from relook.recognition.records import CalibrationReport, Verdict

__all__ = ["Recognizer"]

_SAVED_EVERY = 50
Report = Callable[[str, int, int], None]
PathLike = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class _Moment:
    """What the recognizer knows of one state of the catalog."""

    generation: Generation
    written: int
    lessons: Lessons | None
    fit: Fit


class Recognizer:
    """Names what pictures show, with confidences that were calibrated on the collection itself.

    Threads may share it. It follows the collection: labels and pictures that come or go count in
    the next answer.

    Example::

        with relook.Recognizer("museum") as guide:
            guide.calibrate()
            answer = guide.recognize("photo.jpg")
            print(answer.verdict.label, answer.verdict.confidence)
    """

    def __init__(self, collection: Collection | PathLike, *, threads: int | None = None) -> None:
        """Recognize with a collection, or with the one in a directory.

        Args:
            collection: with labels.
            threads: pictures that a calibration asks about at a time; up to 4 unless said.

        Raises:
            NotACollectionError: the directory holds no collection.
            UsageError: ``threads`` is below 1.
        """
        if threads is not None and threads < 1:
            raise UsageError(f"threads must be at least 1, not {threads}")
        self._owned = not isinstance(collection, Collection)
        self._collection = collection if isinstance(collection, Collection) else _open(collection)
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._lock = threading.RLock()
        self._calibrating = threading.Lock()
        self._moment: _Moment | None = None

    def __enter__(self) -> Recognizer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of a collection that was opened here."""
        if self._owned:
            self._collection.close()

    @property
    def calibration(self) -> CalibrationReport | None:
        """What the calibration found, with the labels as they are now; None without one."""
        return self._current().fit.report

    @property
    def lessons(self) -> Lessons | None:
        """What the collection was asked about itself; None without a calibration."""
        return self._current().lessons

    def recognize(
        self,
        image: QueryImage | DescribedQuery,
        *,
        box: Box | Sequence[float] | None = None,
        exclude_self: bool = False,
    ) -> Recognition:
        """Say what ``image``, or a box in it, shows.

        Args:
            image: a file, its bytes, ``(H, W, 3)`` uint8 RGB pixels, or what was described.
            box: x, y, width, height in pixels of the upright query.
            exclude_self: leave out the picture whose bytes are those of the query.

        Raises:
            ImageError: the query cannot be read.
            UsageError: the box lies outside the image, or no picture has a label.
        """
        started = time.perf_counter()
        moment = self._current()
        if not moment.fit.labelled:
            raise UsageError(self._unlabelled)
        if isinstance(image, DescribedQuery):
            if box is not None:
                raise UsageError("what was described has its box already; leave box out")
            query = image
        else:
            query = self._collection.describe(image, box=box)
        ranking, spent = self._collection.rank(query, top=DEPTH)
        searched = time.perf_counter()
        own = query.own_content(self._collection.catalog) if exclude_self else None
        verdict, evidence = self._judge(query.frame, ranking, moment.fit, own)
        ended = time.perf_counter()
        milliseconds = {**query.milliseconds, **spent, "recognize": 1e3 * (ended - searched)}
        milliseconds["total"] = max(1e3 * (ended - started), sum(milliseconds.values()))
        return Recognition(
            query.name,
            verdict,
            evidence,
            moment.fit.calibration,
            moment.fit.threshold,
            milliseconds,
            moment.fit.warnings,
        )

    def calibrate(
        self,
        *,
        target_precision: float = 0.99,
        unknown: float = 0.5,
        distractors: Sequence[PathLike] = (),
        progress: Report | None = None,
    ) -> CalibrationReport:
        """Ask the collection about its own pictures, and fit its confidences to the answers.

        What was asked before is not asked again while the same pictures are in the collection, so
        a run that was stopped goes on where it was.

        Args:
            target_precision: share of right answers among those given.
            unknown: expected share of queries that show nothing labelled.
            distractors: files of pictures that show nothing labelled.
            progress: called with what is under way, the number done and the total.

        Raises:
            UsageError: no picture has a label, or a share is not between 0 and 1.
            LockedError: another process writes what is derived.
            StorageError: the disk is full; what was known stays.
            KeyboardInterrupt: what was asked stays.
        """
        for name, share in (("target_precision", target_precision), ("unknown", unknown)):
            if not 0 < share < 1:
                raise UsageError(f"{name} must lie between 0 and 1, not {share:g}")
        files = [Path(file) for file in distractors]
        lost = [file for file in files if not file.is_file()]
        if lost:
            raise UsageError(f"{lost[0]} is no file; name photos that show nothing labelled")
        with self._calibrating:  # meanwhile, others recognize by what was known before
            lessons, generation = self._ask(files, target_precision, unknown, progress)
            fitted_in = self._collection.catalog.generation()
            fit = fit_lessons(self._collection, lessons)
            self._shelf.keep(replace(lessons, fit=fit.to_json(fitted_in)), generation)
        if fit.report is None:  # never of lessons
            raise UsageError("no picture has a label; relook label gives them names")
        return fit.report

    def _ask(
        self,
        distractors: Sequence[Path],
        target_precision: float,
        unknown: float,
        progress: Report | None,
    ) -> tuple[Lessons, Generation]:
        """Ask what was not asked before; the state of the catalog that it was planned in."""
        catalog, shelf = self._collection.catalog, self._shelf
        with catalog.reading():
            generation = catalog.generation()
            contents, newest = shelf.contents()
            errands = list(plan_errands(catalog, self._labels(), ()))
        errands += plan_errands(catalog, {}, distractors)  # reads files; nobody has to wait for it
        kept = {
            query.key: query
            for before in (shelf.load_unfinished(), shelf.load())
            if before is not None and before.contents == contents
            for query in before.queries
        }
        asked = {errand.key: kept[errand.key] for errand in errands if errand.key in kept}
        missing = [errand for errand in errands if errand.key not in kept]
        seen = len(asked)

        def lessons() -> Lessons:
            # In order of key: who was quicker must not matter.
            queries = tuple(asked[key] for key in sorted(asked))
            skipped = seen - len(asked)
            return Lessons(queries, contents, newest, target_precision, unknown, skipped)

        def done(query: PseudoQuery | None) -> None:
            nonlocal seen
            seen += 1
            if query is not None:
                asked[query.key] = query
            if progress is not None:
                progress("calibrate", seen, len(errands))
            if seen % _SAVED_EVERY == 0:
                with contextlib.suppress(LockedError):  # the next time, then
                    shelf.keep_unfinished(lessons(), generation)

        try:
            ask_all(
                missing,
                self._observe,
                longest=self._collection.engine.longest,
                threads=self._threads,
                done=done,
            )
        except BaseException:
            with contextlib.suppress(RelookError):
                shelf.keep_unfinished(lessons(), generation)
            raise
        return lessons(), generation

    def _labels(self) -> dict[int, tuple[str, ...]]:
        labels = self._collection.labelled()
        if not labels:
            raise UsageError(self._unlabelled)
        return labels

    @property
    def _unlabelled(self) -> str:
        directory = self._collection.directory
        return (
            f"no picture of {directory} has a label; give labels first: relook label {directory} "
            "--from-folders"
        )

    def _observe(self, query: Query) -> Observation:
        described = describe_query(query, self._collection.engine)
        ranking, _ = self._collection.rank(described, top=DEPTH)
        return self._seen(described.frame, ranking)

    def _seen(self, frame: Box, ranking: Ranking) -> Observation:
        similarities = self._collection.engine.similarities(ranking)
        return observe(ranking, similarities, frame=frame)

    def _judge(
        self, frame: Box, ranking: Ranking, fit: Fit, own: int | None
    ) -> tuple[Verdict, Hit | None]:
        catalog = self._collection.catalog
        seen = self._seen(frame, ranking)
        labels = dict(catalog.labels(seen.ids[:RESULTS].tolist(), shown=True))
        if own is not None:
            labels.pop(own, None)
        verdict = fit.model.judge(
            make_claims(seen, labels, shows=fit.shows), threshold=fit.threshold
        )
        if not verdict.candidates:
            return verdict, None
        first = verdict.candidates[0].image
        row = ranking.ids.tolist().index(first)
        one = Ranking(
            ranking.ids[row : row + 1],
            ranking.scores[row : row + 1],
            ranking.evidence[row : row + 1],
        )
        hits = to_hits(one, catalog.paths([first]), without=None)
        return verdict, replace(hits[0], rank=row + 1) if hits else None

    def _current(self) -> _Moment:
        """What holds for the present state of the catalog."""
        with self._lock:
            generation = self._collection.catalog.generation()
            written = self._shelf.written()
            moment = self._moment
            if moment and (moment.generation, moment.written) == (generation, written):
                return moment
            lessons = self._shelf.load()
            kept = None if lessons is None else Fit.read(lessons.fit, generation)
            fit = kept or fit_lessons(self._collection, lessons)
            if lessons is not None and kept is None:
                with contextlib.suppress(RelookError):  # only to be quicker the next time
                    written = self._shelf.keep_fit(fit.to_json(generation), written=written)
            self._moment = _Moment(generation, written, lessons, fit)
            return self._moment

    @property
    def _shelf(self) -> LessonShelf:
        collection = self._collection
        return LessonShelf(collection.directory, collection.catalog, collection.engine.recipe)


def _open(directory: PathLike) -> Collection:
    from relook.search import Recipe, make_engine  # noqa: PLC0415 - only where it is not open yet

    return Collection.open(directory, engine=lambda text: make_engine(Recipe.from_json(text)))
