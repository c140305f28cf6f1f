"""``relook explore`` on a few photos of a rendered wall."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import pytest

from oracles.panorama import Shot, write
from relook.cli import main

SHOTS = {
    "near": Shot(0, (0.2, 0.1), 0.5),
    "mid": Shot(0, (-0.25, 0.0), 0.9),
    "whole": Shot(0, (0.0, 0.0), 2.0),
    "right": Shot(0, (0.5, 0.0), 1.3),
}
QUERY = Shot(0, (0.0, 0.0), 1.3)


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("explore")
    (folder / "photos").mkdir()
    write(folder / "photos", SHOTS)
    write(folder, {"query": QUERY, "stranger": Shot(6, (0.0, 0.0), 1.4)})
    pictures = str(folder / "pictures")
    assert main(["index", str(folder / "photos"), "--into", pictures, "--jobs", "1"]) == 0
    return folder


@pytest.mark.parametrize(("zoom", "wanted"), [("in", "near.png"), ("crawl", "right.png")])
def test_what_was_found_is_listed_and_drawn(
    run: Any, wall: Path, tmp_path: Path, zoom: str, wanted: str
) -> None:
    sheet = tmp_path / "sheet.png"
    ran = run("explore", wall / "pictures", wall / "query.png", "--zoom", zoom, "--sheet", sheet)
    assert ran.code == 0
    assert wanted in ran.out
    assert "match" in ran.out
    assert cv2.imread(str(sheet)).shape[1] <= 2400


def test_json_holds_everything(run: Any, wall: Path) -> None:
    said = run("explore", wall / "pictures", wall / "query.png", "--zoom", "in", "--json").json
    assert said["zoom"] == "in"
    first = said["results"][0]
    assert first["path"] == "near.png"
    assert first["verified"] is True
    assert first["magnification"] == pytest.approx(1.3 / 0.5, rel=0.1)
    assert first["chain"] == []
    assert len(first["outline"]) == len(first["region"]) == 4
    assert len(first["transform"]) == 3
    assert first["direction"] is None


def test_the_box_is_what_is_looked_into(run: Any, wall: Path) -> None:
    box = ("--box", "360", "200", "280", "280")
    said = run(
        "explore", wall / "pictures", wall / "query.png", "--zoom", "out", *box, "--json"
    ).json
    assert {entry["path"] for entry in said["results"]} >= {"whole.png"}
    assert all(entry["magnification"] < 1 for entry in said["results"])


def test_nothing_found_is_said_and_is_no_failure(run: Any, wall: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    ran = run(
        "explore", wall / "pictures", wall / "stranger.png", "--zoom", "out", "--sheet", sheet
    )
    assert ran.code == 0
    assert "no picture in the collection shows" in ran.out
    assert sheet.is_file()


def test_wrong_use_is_one_line(run: Any, wall: Path, tmp_path: Path) -> None:
    pictures, query = wall / "pictures", wall / "query.png"
    for words, why in (
        ((pictures, query, "--zoom", "up"), "one of in, out, crawl"),
        ((pictures, query, "--zoom", "in", "--sheet", tmp_path / "a.jpg"), "PNG"),
    ):
        ran = run("explore", *words)
        assert (ran.code, ran.err.count("\n")) == (2, 1)
        assert why in ran.err
    ran = run("explore", pictures, tmp_path / "none.jpg", "--zoom", "in")
    assert ran.code == 1
    assert "cannot be read" in ran.err
