"""``relook atlas``."""

from __future__ import annotations

import shutil
import sys

import cv2
import pytest

pytest.importorskip("openTSNE")


@pytest.fixture
def pictures(house, tmp_path):
    return shutil.copytree(house / "pictures", tmp_path / "pictures")


def test_a_map_is_made_once_and_drawn(run, pictures, tmp_path):
    made = run("atlas", pictures, "--out", tmp_path / "map.png")
    assert (made.code, made.out) == (0, "5 pictures on the map, laid out now\n")
    assert f"{tmp_path / 'map.png'} shows it" in made.err
    assert min(cv2.imread(str(tmp_path / "map.png")).shape[:2]) > 2000
    again = run("atlas", pictures, "--out", tmp_path / "map.html")
    assert (again.code, again.out) == (0, "5 pictures on the map\n")
    assert "5 pictures" in (tmp_path / "map.html").read_text("utf-8")


def test_places_are_written_as_json(run, pictures):
    first = run("atlas", pictures, "--json").json
    assert (first["images"], first["made"], first["stale"]) == (5, True, False)
    assert all(0 <= place[axis] <= 1 for place in first["pictures"] for axis in "xy")
    again = run("atlas", pictures, "--json").json
    assert (again["made"], again["pictures"]) == (False, first["pictures"])
    assert run("atlas", pictures, "--recompute", "--json").json["made"]


def test_a_file_that_could_not_be_written_is_refused_before_the_work(run, pictures, tmp_path):
    wrong = run("atlas", pictures, "--out", tmp_path / "map.pdf")
    assert wrong.code == 2
    assert "name it map.png or map.html" in wrong.err
    assert run("atlas", pictures, "--out", tmp_path / "away" / "map.png").code == 2
    assert not (pictures / "derived" / "atlas").exists()


def test_a_few_pictures_need_no_extra_and_photos_may_be_gone(run, pictures, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    ran = run("atlas", pictures, "--out", tmp_path / "map.html")
    assert ran.code == 0
