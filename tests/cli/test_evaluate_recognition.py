from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from relook.datasets.museum import Exhibition, write_museum
from relook.evaluation import recognition_scores, source

KEYS = {"accuracy_known", "auroc", "ece", "micro_ap", "precision_at_threshold", "coverage"}
"""Promised of the whole and of each subset."""


@pytest.fixture(scope="module")
def museum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four paintings on two walls: one wall can be unknown."""
    folder = tmp_path_factory.mktemp("recognition") / "museum"
    write_museum(folder, exhibition=Exhibition(paintings=4, views=2, queries=4, unknown=1, empty=1))
    return folder


def test_recognition_gives_the_promised_keys_and_reports(
    run: Any, museum: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = partial(recognition_scores.intervals, samples=200)  # the bounds are tested elsewhere
    monkeypatch.setattr(
        "relook.evaluation.recognition_record.intervals", lambda answers, samples: fewer(answers)
    )
    work, page, text = tmp_path / "work", tmp_path / "r.html", tmp_path / "r.md"
    words = ["--task", "recognition", "--workdir", work, "--jobs", "1"]
    ran = run("evaluate", museum, *words, "--json", "--report", page, "--report", text)
    assert ran.code == 0, ran.err
    found = ran.json
    assert set(found) >= KEYS | {"subsets", "threshold", "intervals", "milliseconds", "calibration"}
    assert (found["dataset"], found["recipe"], found["unknown"]) == ("museum", "sift-asmk", 0.5)
    assert (found["n_known"], found["n_unknown"], found["n_labels"]) == (2, 3, 2)
    assert found["mean_p1"] is None
    assert all(part.keys() >= KEYS | {"n_known", "n_unknown"} for part in found["subsets"].values())
    assert found["subsets"]["unknown"]["auroc"] is None
    assert "<h1>museum</h1>" in page.read_text("utf-8")
    assert text.read_text("utf-8").startswith("# museum: recognition")
    again = run("evaluate", museum, *words)
    assert again.code == 0
    assert again.out.startswith("museum with sift-asmk\n")
    assert "2 instances taken out (0.5, seed 0)" in again.out
    other = run("evaluate", museum, *words, "--json", "--seed", "2", "--unknown", "0")
    assert (other.json["n_known"], other.json["n_unknown"]) == (4, 1)
    assert other.json["mean_p1"] == other.json["accuracy_known"]
    assert len(list(work.iterdir())) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--unknown", ".5"], "--unknown is for recognition; add --task recognition"),
        (["--seed", "1"], "add --task recognition"),
        (["--task", "recognise"], "--task is one of retrieval, recognition"),
        (["--task", "recognition", "--unknown", "1"], "from 0 to below 1"),
        (["--task", "recognition", "--unknown", "nan"], "from 0 to below 1"),
        (["--task", "recognition", "--target-precision", "99"], "must lie between 0 and 1"),
        (["--task", "recognition", "--unknown-prior", "0"], "must lie between 0 and 1"),
        (["--task", "recognition", "--sweep", "plan.candidates=0,1"], "--sweep does not go with"),
        (["--task", "recognition", "--rankings", "r.json"], "--rankings does not go with"),
        (["--task", "recognition", "--seeds", "2"], "--seeds does not go with"),
        (["--task", "recognition", "--recipe", "a", "--recipe", "b"], "one recipe at a time"),
    ],
)
def test_what_recognition_does_not_heed_is_refused(
    run: Any, museum: Path, words: list[str], said: str
) -> None:
    ran = run("evaluate", museum, *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_nothing_is_taken_out_of_a_dataset_that_has_unknown_queries(
    run: Any, museum: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = source.load_source

    def as_recognition(*words: Any, **more: Any) -> source.Source:
        found = load(*words, **more)
        return replace(found, truth=replace(found.truth, protocol="recognition"))

    monkeypatch.setattr(source, "load_source", as_recognition)
    ran = run("evaluate", museum, "--task", "recognition", "--unknown", ".5")
    assert ran.code == 2
    assert "has unknown queries of its own" in ran.err


def test_instances_that_are_all_linked_are_refused(run: Any, house: Path) -> None:
    ran = run("evaluate", house / "museum", "--task", "recognition")
    assert ran.code == 2
    assert "--unknown 0 leaves all of them in" in ran.err


def test_classes_say_which_command_measures_them(run: Any, tmp_path: Path) -> None:
    for domain in ("photo", "art_painting", "cartoon", "sketch"):
        place = tmp_path / domain / "dog"
        place.mkdir(parents=True)
        (place / "1.jpg").write_bytes(b"")
    ran = run("evaluate", "pacs", "--data", tmp_path)
    assert ran.code == 2
    assert "python -m reproduce pacs" in ran.err
