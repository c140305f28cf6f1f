"""``relook calibrate`` with a recognizer that has measured already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

import relook


@dataclass(frozen=True)
class FakeReport:
    threshold: float = 0.87
    target_precision: float = 0.99
    unknown: float = 0.5
    known_queries: int = 40
    rendered_queries: int = 12
    unknown_queries: int = 52
    precision: float | None = 0.991
    coverage: float = 0.93
    ece: float = 0.021
    auroc: float = 0.987
    contradictions: tuple[tuple[str, str, str, str], ...] = ()
    also_shown: tuple[tuple[str, str, str, str], ...] = ()
    fallback: str = ""
    stale: int = 0
    skipped: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class FakeRecognizer:
    report = FakeReport()
    asked: dict[str, Any] = {}  # noqa: RUF012 - cleared by the fixture
    interrupted = False

    def __init__(self, collection: Any) -> None: ...

    def __enter__(self) -> FakeRecognizer:
        return self

    def __exit__(self, *_: object) -> None: ...

    def calibrate(self, *, progress: Callable[[str, int, int], None], **asked: Any) -> FakeReport:
        progress("ask", 1, 2)
        self.asked.update(asked)
        if self.interrupted:
            raise KeyboardInterrupt
        return self.report


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeRecognizer]:
    monkeypatch.setattr(FakeRecognizer, "asked", {})
    monkeypatch.setattr("relook.collection.Recognizer", FakeRecognizer, raising=False)
    return FakeRecognizer


@pytest.fixture
def guide(pictures: Path) -> Path:
    with relook.open(pictures) as collection:
        collection.apply_labels({1: ["a"]})
    return pictures


def test_the_report_is_short_and_says_what_it_was_measured_on(run: Any, guide: Path) -> None:
    ran = run("calibrate", guide)
    assert ran.code == 0
    assert "a label is given from 87 % on, for 99 % right" in ran.out
    for words in ("40", "12", "52", "precision", "0.991", "0.930", "0.021", "0.987"):
        assert words in ran.out
    assert "careful rule" not in ran.out


def test_json_is_the_report(run: Any, guide: Path) -> None:
    ran = run("calibrate", guide, "--json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["threshold"] == 0.87
    assert ran.json["contradictions"] == []


def test_options_are_passed_on_and_folders_become_their_pictures(
    run: Any, guide: Path, photos: Path
) -> None:
    words = ["--target-precision", ".95", "--unknown", ".2", "--distractors", photos]
    assert run("calibrate", guide, *words).code == 0
    asked = FakeRecognizer.asked
    assert (asked["target_precision"], asked["unknown"]) == (0.95, 0.2)
    assert sorted(file.name for file in asked["distractors"]) == sorted(
        file.name for file in photos.iterdir()
    )


def test_contradictions_fallback_and_age_are_said_plainly(
    run: Any, guide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = tuple((f"a{i}.jpg", "Mona", f"b{i}.jpg", "Lisa") for i in range(12))
    report = FakeReport(
        contradictions=pairs, fallback="only 3 pictures have a label", stale=2, skipped=4
    )
    monkeypatch.setattr(FakeRecognizer, "report", report)
    ran = run("calibrate", guide)
    assert "the careful rule that ships is used: only 3 pictures have a label" in ran.out
    assert "12 pairs of pictures show the same thing but have different labels" in ran.out
    assert "  a9.jpg (Mona) and b9.jpg (Lisa)" in ran.out
    assert "a10.jpg" not in ran.out
    assert "and 2 more (-v names them all)" in ran.out
    assert "a11.jpg" in run("calibrate", guide, "-v").out
    assert "2 pictures came since" in ran.err
    assert "4 pictures could not be read from a file and asked" in ran.err


def test_pictures_that_show_more_are_named_once_with_all_that_they_show(
    run: Any, guide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall = [("hall.jpg", "Mona", f"{name}.jpg", name[:4]) for name in ("Lisa", "Lisa2", "Cana")]
    report = FakeReport(also_shown=(*hall,))
    monkeypatch.setattr(FakeRecognizer, "report", report)
    out = run("calibrate", guide).out
    assert "1 picture shows more than its label says" in out
    assert out.endswith("  hall.jpg (Mona) also shows Lisa, Cana\n")
    many = tuple((f"a{i}.jpg", "[b]Mona", "b.jpg", "Lisa") for i in range(12))
    monkeypatch.setattr(FakeRecognizer, "report", FakeReport(also_shown=many))
    ran = run("calibrate", guide)
    assert "12 pictures show more than their labels say" in ran.out
    assert "  a9.jpg ([b]Mona) also shows Lisa" in ran.out
    assert "and 2 more (-v names them all)" in ran.out
    assert "a11.jpg" in run("calibrate", guide, "-v").out


def test_a_guide_that_never_answers_gets_advice(
    run: Any, guide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeRecognizer, "report", FakeReport(precision=None, coverage=0.0))
    ran = run("calibrate", guide)
    assert "hardly any label is given" in ran.out
    assert "precision        –" in ran.out


def test_an_interrupted_run_says_that_it_goes_on(
    run: Any, guide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeRecognizer, "interrupted", True)
    ran = run("calibrate", guide)
    assert ran.code == 130
    assert "run the same command again to go on" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        *(["--target-precision", value] for value in ("1", "0", "99", "nan")),
        *(["--unknown", value] for value in ("1", "-0.1", "50", "nan")),
        ["--distractors", "missing-folder/*.jpg"],
    ],
)
def test_shares_that_are_none_are_wrong_use(run: Any, guide: Path, words: list[str]) -> None:
    ran = run("calibrate", guide, *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert not FakeRecognizer.asked


def test_a_collection_without_labels_says_how_to_give_them(run: Any, pictures: Path) -> None:
    ran = run("calibrate", pictures)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "relook label" in ran.err
