"""Lessons and the labels of now become what answers are given by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from collection import guides
from collection.stock import stock
from oracles.confidence import observation
from relook.collection import Collection
from relook.collection.fitting import TARGET, Fit, fit_lessons, lesson_cases
from relook.collection.lessons import Lessons
from relook.collection.records import Generation
from relook.recognition.pseudo import DISTRACTOR, PHOTO, VIEW, PseudoQuery
from relook.recognition.records import Contradiction
from relook.recognition.shipped import find_confidence

LEFT, RIGHT = (0.0, 0.0, 0.4, 1.0), (0.6, 0.0, 1.0, 1.0)
NOTHING = (np.nan,) * 4


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    """Ten labels of three pictures: 1 to 3 are ``a``, 4 to 6 ``b``, and so on."""
    names = {f"{name}{number}": f"{name}{number}" for name in "abcdefghij" for number in range(3)}
    with Collection.create(tmp_path / "c", engine=guides.engine()) as found:
        stock(found, tmp_path, names)
        found.apply_labels({key: ["abcdefghij"[(key - 1) // 3]] for key in range(1, 31)})
        yield found


def siblings(source: int) -> list[int]:
    first = (source - 1) // 3 * 3 + 1
    return [key for key in range(first, first + 3) if key != source]


def photo(source: int, ids: Sequence[int] | None = None, **columns: object) -> PseudoQuery:
    """A picture that finds itself, its siblings with evidence, and others without."""
    if ids is None:
        others = [key for key in range(1, 31) if key not in {source, *siblings(source)}]
        ids = [source, *siblings(source), *others]
        columns = {
            "strengths": [90, 40, 30] + [0] * 27,
            "surprises": [30, 12, 11] + [0.5] * 27,
            "query_shares": [1, 0.6, 0.6] + [0] * 27,
            "shares": [1, 0.6, 0.6] + [0] * 27,
        }
    return PseudoQuery(source, PHOTO, 0, observation(ids, **columns))  # type: ignore[arg-type]


def lessons(queries: Sequence[PseudoQuery], **changes: object) -> Lessons:
    return Lessons(tuple(queries), "x", 30, 0.9, 0.5, **changes)  # type: ignore[arg-type]


def test_without_lessons_the_shipped_rule_holds(collection: Collection) -> None:
    fit = fit_lessons(collection, None)
    assert (fit.threshold, fit.labelled, fit.report) == (TARGET, 30, None)
    assert (fit.calibration, len(fit.warnings)) == ("shipped", 1)
    assert fit.model is find_confidence("local")


def test_lessons_are_read_with_the_labels_of_now(collection: Collection) -> None:
    asked = lessons([photo(source) for source in range(1, 31)], skipped=4)
    fit = fit_lessons(collection, asked)
    assert fit.report is not None
    assert (fit.calibration, fit.report.fallback, fit.warnings) == ("collection", "", ())
    assert (fit.report.known_queries, fit.report.unknown_queries) == (30, 30)
    assert (fit.report.skipped, fit.report.auroc) == (4, 1.0)
    collection.drop_label("a")
    after = fit_lessons(collection, asked)
    assert after.report is not None
    assert (after.labelled, after.report.known_queries) == (27, 27)
    assert len(lesson_cases(collection, asked)) == 54


def test_results_and_sources_that_are_gone_teach_nothing(collection: Collection) -> None:
    asked = lessons([photo(source) for source in range(1, 31)])
    full = lesson_cases(collection, asked)
    collection.remove([1, 5])
    left = lesson_cases(collection, asked)
    assert len(full) - len(left) == 4
    assert not {1, 5} & {image for case in left for image in case.claims.images.tolist()}


def test_distractors_stay_whatever_the_labels(collection: Collection) -> None:
    other = PseudoQuery(-1, DISTRACTOR, 7, observation([1, 2]))
    view = PseudoQuery(2, VIEW, 0, observation([1, 2]))
    fit = fit_lessons(collection, lessons([other, view]))
    assert fit.report is not None
    assert (fit.report.rendered_queries, fit.report.known_queries) == (1, 0)
    assert "too few" in fit.warnings[0]


def test_a_fit_is_read_back_as_it_was(collection: Collection) -> None:
    queries = [photo(source) for source in range(2, 31)]
    fit = fit_lessons(collection, lessons([wall(1, 4, RIGHT), *queries]))
    assert fit.shows == {1: frozenset("b")}
    now = Generation("u", 7)
    content = json.loads(json.dumps(fit.to_json(now)))
    again = Fit.read(content, now)
    assert again is not None
    assert again.model.weights.tolist() == fit.model.weights.tolist()
    for name in ("threshold", "labelled", "report", "shows", "warnings", "calibration"):
        assert getattr(again, name) == getattr(fit, name)
    assert Fit.read(content, Generation("u", 8)) is None
    assert Fit.read(content, Generation("v", 7)) is None
    assert Fit.read({}, now) is None


def wall(source: int, other: int, box: Sequence[float], **changes: object) -> PseudoQuery:
    """A photo of its own thing on the left, and of another in ``box``."""
    columns = {
        "strengths": [40, 40], "query_shares": [0.4, 0.4], "shares": [0.5, 0.5],
        "boxes": [LEFT, box], "offsets": [0, 0.5],
    }  # fmt: skip
    return photo(source, [siblings(source)[0], other], **{**columns, **changes})


def test_what_is_shown_beside_and_what_contradicts_is_told(collection: Collection) -> None:
    queries = [wall(1, 4, RIGHT), wall(7, 10, LEFT), wall(10, 7, LEFT)]
    report = fit_lessons(collection, lessons(queries)).report
    assert report is not None
    assert report.also_shown == (Contradiction("a0", "a", "b0", "b"),)
    assert report.contradictions == (Contradiction("c0", "c", "d0", "d"),)


def test_a_part_that_looks_alike_is_no_contradiction(collection: Collection) -> None:
    queries = [wall(7, 10, LEFT, shares=[0.5, 0.2]), wall(7, 13, LEFT, strengths=[40, 10])]
    report = fit_lessons(collection, lessons(queries)).report
    assert report is not None
    assert report.contradictions == ()


def test_a_label_in_common_is_no_contradiction_and_the_particular_one_is_told(
    collection: Collection,
) -> None:
    collection.apply_labels({key: ["Every picture"] for key in range(1, 31)})
    queries = [wall(1, 4, RIGHT), wall(7, 10, LEFT)]
    report = fit_lessons(collection, lessons(queries)).report
    assert report is not None
    assert report.contradictions == ()
    assert report.also_shown == (Contradiction("a0", "a", "b0", "b"),)


def test_many_new_pictures_are_a_warning(collection: Collection) -> None:
    asked = Lessons(tuple(photo(source) for source in range(1, 22)), "x", 21, 0.9, 0.5)
    fit = fit_lessons(collection, asked)
    assert fit.report is not None
    assert fit.report.stale == 9
    assert any(words.startswith("9 of 30 labelled pictures came since") for words in fit.warnings)
