"""Index a dataset, ask every query, score the rankings.

Only what the protocol allows reaches the engine: database and distractor images are indexed, a
query is described inside its box, and no name and no truth is seen before the scoring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from relook.collection.records import AddReport, Info, Progress, Quarantined, SearchResult
from relook.core.errors import ImageError, UsageError
from relook.core.records import Box
from relook.datasets.gnd import DatasetQuery, GroundTruth
from relook.evaluation.library import (
    Report,
    absolute,
    names_by_file,
    no_report,
    opened_collection,
    percentiles,
    refuse_strangers,
    unsearchable,
)
from relook.evaluation.rankings import Score, Scores, form_of, score_rankings
from relook.search.engine import Engine

__all__ = ["Evaluation", "Library", "evaluate", "evaluate_in"]

STAGES = ("decode", "describe", "search", "verify", "total")
"""What is timed of every query."""


class Library(Protocol):
    """The part of a collection that an evaluation needs."""

    def add(
        self,
        paths: Sequence[Path],
        *,
        jobs: int | None,
        progress: Callable[[Progress], None] | None,
    ) -> AddReport:
        """Index these files; those that are indexed already cost nothing."""
        ...

    def search(self, image: Path, *, box: Box | None, top: int) -> SearchResult:
        """The ``top`` best contents for a photo, or for a box in it."""
        ...

    def files_of(self, content: int) -> Sequence[Path]:
        """All files that show a content."""
        ...

    def quarantined(self) -> Sequence[Quarantined]:
        """The files that cannot be searched, and why."""
        ...

    def info(self) -> Info:
        """Numbers about the collection."""
        ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One run over a dataset.

    Attributes:
        dataset: its name.
        recipe: name of the recipe.
        scores: means over the queries that have positives.
        milliseconds: median over queries of the time of each stage.
        bytes_per_image: size of the collection's directory without thumbnails, per image.
        rankings: for every query the ids of database images, best first, without the query.
        quarantined: ids of the images that could not be indexed or asked, and why.
        ap: form of average precision.
        milliseconds_p95: as ``milliseconds``, what 95 of 100 queries stay within.
        describe_milliseconds: per image, of those described in this run: wall time, with indexing
            and with all workers at work; None where nothing had to be described.
        verified: for every query the ids that geometry confirmed.
    """

    dataset: str
    recipe: str
    scores: Scores
    milliseconds: Mapping[str, float]
    bytes_per_image: float
    rankings: Mapping[str, Sequence[str]]
    quarantined: Mapping[str, str]
    ap: str = "ranks"
    milliseconds_p95: Mapping[str, float] = field(default_factory=dict)
    describe_milliseconds: float | None = None
    verified: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The scores and costs of the run, without rankings."""
        return {
            "dataset": self.dataset,
            "recipe": self.recipe,
            "ap": self.ap,
            "map": self.scores.overall.map,
            "p1": self.scores.overall.p1,
            "subsets": {name: _as_json(score) for name, score in self.scores.subsets.items()},
            "milliseconds": dict(self.milliseconds),
            "bytes_per_image": self.bytes_per_image,
        }


def evaluate(
    ground_truth: GroundTruth,
    directory: Path,
    *,
    engine: Engine,
    workdir: Path | None = None,
    jobs: int | None = None,
    progress: Report | None = None,
) -> Evaluation:
    """Index a dataset into a collection, ask every query, score the rankings.

    Args:
        ground_truth: names and truth.
        directory: of the dataset; its paths are relative to it.
        engine: the recipe at work.
        workdir: where the collection is kept; one that is there, finished or not, is gone on
            with. A temporary directory by default.
        jobs: worker processes of the indexing; one per core by default.
        progress: called after each image and each query.

    Raises:
        RecipeMismatchError: the collection in ``workdir`` was made with another recipe.
        UsageError: it holds other pictures, a box lies outside its query, or no query can be read.
        CollectionError: it cannot be written; the next run goes on from there.
    """
    with opened_collection(workdir, engine) as collection:
        return evaluate_in(
            collection, ground_truth, directory, recipe=engine.name, jobs=jobs, progress=progress
        )


def evaluate_in(
    library: Library,
    ground_truth: GroundTruth,
    directory: Path,
    *,
    recipe: str,
    jobs: int | None = None,
    progress: Report | None = None,
) -> Evaluation:
    """Evaluate with a collection that is open: empty, or holding images of the dataset only.

    Args:
        library: the collection; what it lacks of the dataset is added.
        ground_truth: names and truth.
        directory: of the dataset; its paths are relative to it.
        recipe: name of the collection's recipe, for the report.
        jobs: worker processes of the indexing; one per core by default.
        progress: called after each image and each query.

    Raises:
        UsageError: the collection holds other pictures, a box lies outside its query, or no query
            can be read.
        CollectionError: the collection cannot be written; the next run goes on from there.
    """
    names = names_by_file(ground_truth.database, directory)
    report = progress or no_report
    added = library.add(
        [Path(file) for file in names],
        jobs=jobs,
        progress=lambda state: report("index", state.done, state.total),
    )
    info = library.info()
    quarantined = unsearchable(library, info, names)
    refuse_strangers(info, names)
    photos = {image.id: directory / image.path for image in ground_truth.images}
    asker = _Asker(library, photos, names)
    answers: dict[str, _Answer] = {}
    for number, query in enumerate(ground_truth.queries, start=1):
        try:
            answers[query.id] = asker.ask(query)
        except ImageError as error:
            quarantined[query.id] = str(error)
        report("search", number, len(ground_truth.queries))
    nothing = _Answer((), frozenset(), {})
    rankings = {q.id: answers.get(q.id, nothing).ranking for q in ground_truth.queries}
    times = [answer.milliseconds for answer in answers.values()]
    return Evaluation(
        dataset=ground_truth.name,
        recipe=recipe,
        scores=score_rankings(ground_truth, rankings),
        milliseconds=percentiles(times, STAGES, 50, quarantined=quarantined),
        bytes_per_image=info.bytes_per_image,
        rankings=rankings,
        quarantined=quarantined,
        ap=form_of(ground_truth),
        milliseconds_p95=percentiles(times, STAGES, 95, quarantined=quarantined),
        describe_milliseconds=1000 * added.seconds / added.added if added.added else None,
        verified={name: answer.verified for name, answer in answers.items()},
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """Ids of images, best first; those of them that are verified; times of the stages."""

    ranking: tuple[str, ...]
    verified: frozenset[str]
    milliseconds: Mapping[str, float]


class _Asker:
    """Turns the hits of a search into a ranking of image ids, each at most once."""

    def __init__(
        self, library: Library, photos: Mapping[str, Path], names: Mapping[str, Sequence[str]]
    ) -> None:
        self._library = library
        self._photos = photos
        self._names = names
        self._shown: dict[int, tuple[str, ...]] = {}

    def ask(self, query: DatasetQuery) -> _Answer:
        """The ranking of all images, without the query itself."""
        photo = self._photos[query.id]
        try:
            answer = self._library.search(photo, box=query.box, top=len(self._names))
        except UsageError as error:
            raise UsageError(f"query {query.id}: {error}") from error
        named = [(name, hit) for hit in answer.results for name in self._names_of(hit.id)]
        return _Answer(
            tuple(name for name, _ in named if name != query.id),
            frozenset(name for name, hit in named if hit.verified),
            answer.milliseconds,
        )

    def _names_of(self, content: int) -> tuple[str, ...]:
        """The images that show a content: several where files are copies of each other."""
        if content not in self._shown:
            files = map(absolute, self._library.files_of(content))
            self._shown[content] = tuple(
                name for file in files for name in self._names.get(file, ())
            )
        return self._shown[content]


def _as_json(score: Score) -> dict[str, float]:
    return {"n": score.n, "map": score.map, "p1": score.p1}
