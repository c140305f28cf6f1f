from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from oracles.guide import TextGuide
from relook.core.errors import UsageError
from relook.core.records import Box
from relook.datasets.truth import DatasetImage, DatasetQuery, GroundTruth
from relook.evaluation.recognition_record import make_record, summary
from relook.evaluation.recognize import Recognized, Task, recognize_in
from relook.evaluation.source import Source, load_source

KEYS = {"accuracy_known", "auroc", "ece", "micro_ap", "precision_at_threshold", "coverage"}

# name: (text, label); queries are named q….
PICTURES = {
    "a1": ("abcd", "A"), "a2": ("abce", "A"), "b1": ("fghi", "B"), "c1": ("jklm", "C"),
    "d1": ("nopq", "D"), "x": ("rstu", None),
    "qa": ("abc", "A"), "qb": ("fgh", "B"), "qc": ("jkl", "C"), "qd": ("nop", "D"),
}  # fmt: skip


def made(
    folder: Path,
    queries: Sequence[DatasetQuery] = (),
    pictures: Mapping[str, tuple[str, str | None]] = PICTURES,
    protocol: str = "ranks",
) -> Source:
    images = []
    for name, (text, label) in pictures.items():
        (folder / f"{name}.jpg").write_text(text, encoding="utf-8")
        role = "query" if name.startswith("q") else "distractor" if label is None else "db"
        images.append(DatasetImage(name, f"{name}.jpg", role, label))
    asked = queries or tuple(
        DatasetQuery(name, "one", tuple(i.id for i in images if i.role == "db" and i.label == of))
        for name, (_, of) in pictures.items()
        if name.startswith("q")
    )  # fmt: skip
    return Source(GroundTruth("letters", tuple(images), tuple(asked), protocol), folder)


def run(source: Source, **task: float) -> tuple[Recognized, TextGuide]:
    guide = TextGuide(source.directory)
    return recognize_in(guide, guide.recognizer, source, Task(**task)), guide


def test_what_is_taken_out_is_not_indexed_and_its_queries_are_unknown(tmp_path):
    found, guide = run(made(tmp_path))
    assert len(found.taken) == 2
    assert found.labels == 2
    shown = {path.stem for paths in guide.contents.values() for path in paths}
    assert {name[0].upper() for name in shown} == {"A", "B", "C", "D", "X"} - found.taken
    for answer in found.answers:
        assert answer.question.known is not bool(answer.question.labels & found.taken)
        assert answer.answered_right
        assert answer.given is answer.question.known
    assert found.images == len(shown)
    record = make_record(made(tmp_path), found, Task(), recipe="letters", samples=50)
    assert {record[key] for key in KEYS - {"ece"}} == {1.0}
    assert 0 < record["ece"] < 0.5
    assert record["mean_p1"] is None
    assert (record["n_known"], record["n_unknown"], record["threshold"]) == (2, 2, 0.5)
    assert record["milliseconds"]["recognize"] == 1.0
    assert not {"queries", "taken_out"} & set(summary(record))
    assert summary(record).keys() >= KEYS | {"subsets", "intervals", "dataset", "recipe", "unknown"}
    assert record["subsets"]["one"].keys() >= KEYS | {"n_known", "n_unknown"}


def test_the_threshold_is_that_of_the_calibration_with_what_was_asked(tmp_path):
    found, guide = run(made(tmp_path), target_precision=0.9, unknown_prior=0.25)
    assert guide.log[0] == ("calibrate", 0.9, 0.25)
    assert (found.threshold, found.calibration) == (0.5, {"threshold": 0.5})


def test_with_nothing_taken_out_accuracy_is_mean_p1_and_auroc_is_not_defined(tmp_path):
    source = made(tmp_path)
    found, _ = run(source, unknown=0)
    record = make_record(source, found, Task(unknown=0), recipe="letters", samples=50)
    assert record["mean_p1"] == record["accuracy_known"] == 1.0
    assert record["auroc"] is None
    assert record["intervals"]["auroc"] is None
    assert record["intervals"]["coverage"] == (1.0, 1.0)


def test_museums_are_scored_by_mean_p1_over_queries_of_what_is_in_the_references(tmp_path):
    (tmp_path / "test").mkdir()
    texts = {
        "monet-01": "abcd", "monet-02": "efgh", "rodin-01": "ijkl", "klee-01": "mnop",
        "test/monet-03": "efg", "test/rodin-02": "mno", "test/klee-02": "mnp",
        "test/wall-01": "xyz",
    }  # fmt: skip
    for name, text in texts.items():
        (tmp_path / f"{name}.jpg").write_text(text, encoding="utf-8")
    source = load_source("clicide", data=tmp_path)
    found, _ = run(source, unknown=0)
    record = make_record(source, found, Task(unknown=0), recipe="letters", samples=50)
    assert (record["n_known"], record["n_unknown"]) == (3, 1)
    assert record["mean_p1"] == pytest.approx(2 / 3)


def test_unknown_queries_of_the_dataset_stay_unknown(tmp_path):
    queries = (DatasetQuery("qa", "one", ("a1", "a2")), DatasetQuery("qd", "two", ()))
    pictures = {name: PICTURES[name] for name in ("a1", "a2", "b1", "qa", "qd")}
    source = made(tmp_path, queries, pictures, "recognition")
    found, _ = run(source, unknown=0)
    assert [answer.question.known for answer in found.answers] == [True, False]
    assert [answer.answered_right for answer in found.answers] == [True, True]
    record = make_record(source, found, Task(unknown=0), recipe="letters", samples=50)
    assert record["auroc"] == 1.0
    assert record["subsets"]["two"]["accuracy_known"] is None
    assert record["subsets"]["two"]["precision_at_threshold"] is None
    assert record["subsets"]["two"]["ece"] == 0.0


def test_a_label_for_which_junk_speaks_is_passed_over(tmp_path):
    pictures = {**PICTURES, "j": ("abc", "J")}
    queries = (
        DatasetQuery("qa", "one", ("a1", "a2"), junk=("j",)),
        DatasetQuery("qb", "one", ("b1",)),
    )
    found, _ = run(made(tmp_path, queries, pictures), unknown=0)
    first, second = found.answers
    assert (first.passed, first.best, first.right, first.given) == (True, "A", True, True)
    assert first.confidence == first.familiarity == 0.75
    assert first.inliers == 0
    assert (second.passed, second.best, second.inliers) == (False, "B", 7)


def test_where_only_junk_is_found_the_answer_is_none_of_these(tmp_path):
    pictures = {"j": ("abc", "J"), "b1": ("fghi", "B"), "qa": ("abc", "A"), "qb": ("fgh", "B")}
    queries = (DatasetQuery("qa", "one", (), junk=("j",)), DatasetQuery("qb", "one", ("b1",)))
    found, _ = run(made(tmp_path, queries, pictures), unknown=0)
    first = found.answers[0]
    assert (first.passed, first.given, first.best) == (True, False, "B")
    assert (first.confidence, first.familiarity, first.answered_right) == (0.0, 0.0, True)


def test_only_the_box_is_asked_and_a_query_of_the_database_does_not_find_itself(tmp_path):
    box = Box(1, 2, 3, 4)
    queries = (DatasetQuery("a1", "one", ("a2",)), DatasetQuery("qb", "one", ("b1",), box=box))
    found, guide = run(made(tmp_path, queries), unknown=0)
    assert guide.log[1:] == [("a1", None, True), ("qb", box, False)]
    assert found.answers[0].image == "a2"


def test_a_query_that_is_the_only_picture_of_its_label_is_unknown(tmp_path):
    queries = (DatasetQuery("b1", "one", ()), DatasetQuery("qa", "one", ("a1",)))
    found, _ = run(made(tmp_path, queries), unknown=0)
    assert [answer.question.known for answer in found.answers] == [False, True]


def test_a_query_that_cannot_be_read_is_never_right_and_reported(tmp_path):
    pictures = {**PICTURES, "qd": ("", "D"), "qa": ("", "A")}
    source = made(tmp_path, (), pictures)
    found, _ = run(source, unknown=0.25)
    failed = {answer.question.query.id for answer in found.answers if answer.failed}
    assert failed == {"qa", "qd"} == found.quarantined.keys()
    assert not any(a.answered_right for a in found.answers if a.failed)
    record = make_record(source, found, Task(), recipe="letters", samples=50)
    assert record["n_failed"] == 2
    empty = {name: ("" if name[0] == "q" else text, of) for name, (text, of) in PICTURES.items()}
    with pytest.raises(UsageError, match="no query can be asked"):
        run(made(tmp_path, (), empty))


def test_an_image_that_cannot_be_indexed_is_reported(tmp_path):
    found, _ = run(made(tmp_path, (), {**PICTURES, "a2": ("", "A")}), unknown=0)
    assert found.quarantined == {"a2": "empty"}
    assert found.answers[0].question.known


def test_labels_are_written_once_and_old_ones_go(tmp_path):
    source = made(tmp_path)
    guide = TextGuide(tmp_path)
    first = recognize_in(guide, guide.recognizer, source, Task())
    again = recognize_in(guide, guide.recognizer, source, Task())
    assert guide.writes == 1
    assert again.answers == first.answers
    (content,) = guide.ids_of([tmp_path / "x.jpg"])
    guide.apply_labels({content: ("stray",)}, mode="replace")
    assert recognize_in(guide, guide.recognizer, source, Task()).labels == 2


def test_a_database_without_labels_left_and_other_pictures_are_refused(tmp_path):
    with pytest.raises(UsageError, match="from 0 to below 1"):
        run(made(tmp_path), unknown=1)
    broken = {
        **PICTURES,
        **{name: ("", PICTURES[name][1]) for name in ("a1", "a2", "b1", "c1", "d1")},
    }
    with pytest.raises(UsageError, match="no labelled image is left"):
        run(made(tmp_path, (), broken))
    source = made(tmp_path)
    guide = TextGuide(tmp_path)
    recognize_in(guide, guide.recognizer, source, Task(unknown=0))
    with pytest.raises(UsageError, match="pictures that are not of the dataset"):
        recognize_in(guide, guide.recognizer, source, Task(unknown=0.5))


def test_progress_counts_images_and_then_queries(tmp_path):
    source, seen = made(tmp_path), []
    guide = TextGuide(tmp_path)
    recognize_in(
        guide, guide.recognizer, source, Task(unknown=0), progress=lambda *one: seen.append(one)
    )
    assert seen[0] == ("index", 1, 6)
    assert seen[-1] == ("recognize", 4, 4)
