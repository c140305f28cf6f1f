from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reproduce.__main__ import main
from reproduce.joint_reduction import study
from reproduce.joint_reduction.command import BEGIN, END
from reproduce.joint_reduction.plot import draw_all
from reproduce.joint_reduction.report import grids_of
from reproduce.joint_reduction.settings import FAMILIES, OTHERS, REDUCED
from reproduce.joint_reduction.study import Curve, Results, columns_of

PAGE = Path(__file__).parents[2] / "docs" / "joint-reduction.md"


def results(*, better=0.1):
    curves = [
        Curve(family.name, sizes, reduced, tuple(0.3 + 0.01 * n for n in range(len(family.labels))))
        for family in FAMILIES
        for sizes, reduced in (((8, 4), True), ((8,), True), ((8,), False))
    ]
    curves[-2] = Curve(FAMILIES[-1].name, (8,), True, (0.3, 0.3 + better))
    return Results(curves, {one.name: 0.2 for one in OTHERS}, {8: (8, 60, 200)}, ["a fact"])


def test_columns_are_those_of_the_first_vocabularies_and_of_the_sizes_asked_for():
    assert columns_of((4, 2), (4, 2), 1).tolist() == [0, 1, 2, 3, 4, 5]
    assert columns_of((4, 2), (2,), 2).tolist() == [4, 5, 10, 11]


def test_every_row_that_was_published_is_in_the_table():
    table = grids_of(results())[0]
    said = {row[0] for row in table.rows}
    assert {one.name for one in OTHERS} | {family for family, _ in REDUCED} <= said
    assert all(len(row) == len(table.header) for row in table.rows)


def test_what_holds_is_said_with_its_sign():
    rows = {row[0]: row for row in grids_of(results(better=0.1))[1].rows}
    assert rows["mPCA3-SIFT ≥ mVocab, one size"][1:] == ["yes", "+7.0"]
    rows = {row[0]: row for row in grids_of(results(better=-0.1))[1].rows}
    assert rows["mPCA3-SIFT ≥ mVocab, one size"][1] == "no"
    assert rows["mRootSIFT ≥ mVocab, one size"][1] == "no difference"


def test_every_figure_is_drawn():
    drawn = draw_all(results())
    names = {f"joint-reduction-5-{number}.svg" for number in (1, 3, 4, 5, 6)}
    assert set(drawn) == names
    assert all(picture.startswith("<svg ") for picture in drawn.values())


def test_the_page_has_the_marks_of_the_command():
    text = PAGE.read_text("utf-8")
    assert text.count(BEGIN) == text.count(END) == 1


@pytest.fixture(scope="module")
def miniature(tmp_path_factory):
    """A benchmark of five photos, and two folders of photos to fit on."""
    folder = tmp_path_factory.mktemp("miniature")
    for place in range(150):
        noise = np.random.default_rng(place).integers(0, 256, (12, 12, 3), np.uint8)
        photo = Image.fromarray(noise).resize((64, 64), Image.Resampling.BICUBIC)
        kind = "bench" if place < 5 else ("one", "two")[place % 2]
        (folder / kind).mkdir(exist_ok=True)
        photo.save(folder / kind / f"{place}.png")
        if not place:
            photo.crop((6, 6, 60, 60)).save(folder / "bench" / "q.png")
    images = [{"id": str(n), "path": f"{n}.png", "role": "db"} for n in range(5)]
    images.append({"id": "q", "path": "q.png", "role": "query"})
    queries = [{"query": "q", "subset": "noise", "positives": ["0"]}]
    content = {"name": "miniature", "images": images, "queries": queries}
    (folder / "bench" / "gnd.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_one_command_measures_and_goes_on_with_what_is_kept(miniature, capsys, monkeypatch):
    few = (FAMILIES[0], FAMILIES[-1])
    monkeypatch.setattr(study, "FAMILIES", few)
    monkeypatch.setattr(study, "OTHERS", OTHERS[1:2])
    page = miniature / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n", "utf-8")
    arguments = [
        "joint-reduction", "--data", str(miniature / "bench"), "--every", "1",
        "--fit", str(miniature / "one"), str(miniature / "two"), "--words", "256",
        "--longest", "64", "--jobs", "1", "--skip-regions", "--workdir", str(miniature / "kept"),
        "--page", str(page),
    ]  # fmt: skip
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {curve["family"] for curve in found["curves"]} == {family.name for family in few}
    assert all(0 < score <= 1 for curve in found["curves"] for score in curve["map"])
    assert set(found["others"]) == {OTHERS[1].name}
    kept = {file: file.stat().st_mtime_ns for file in (miniature / "kept").rglob("*.npz")}
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == found
    assert kept == {file: file.stat().st_mtime_ns for file in (miniature / "kept").rglob("*.npz")}
    text = page.read_text("utf-8")
    assert text.startswith("before")
    assert text.endswith("after\n")
    assert "Table 5.2" in text
    assert (miniature / "pictures" / "joint-reduction-5-1.svg").is_file()
