"""``relook explain`` on a rendered museum, by local features and by a network's vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import pytest

from relook.cli import main


@pytest.fixture(scope="module")
def hybrid(house: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures: Path = tmp_path_factory.mktemp("explain") / "pictures"
    photos = sorted((house / "museum" / "photos").iterdir())[:3]
    words = ["index", *map(str, photos), "--into", str(pictures), "--recipe", "hybrid-small"]
    assert main([*words, "--jobs", "1"]) == 0
    return pictures


def test_matches_are_told_and_drawn(
    run: Any, house: Path, queries: list[Path], tmp_path: Path
) -> None:
    found = run("search", house / "pictures", queries[0], "--top", "1", "--json").json
    path, inliers = found["results"][0]["path"], found["results"][0]["inliers"]
    page = tmp_path / "why.png"
    ran = run("explain", house / "pictures", queries[0], path, "--out", page)
    assert ran.code == 0
    assert f"{inliers} matches agree" in ran.out
    assert "verified by geometry" in ran.out
    assert cv2.imread(str(page)).shape[1] <= 1920


def test_json_holds_evidence_and_maps(run: Any, hybrid: Path, house: Path) -> None:
    photo = min((house / "museum" / "photos").iterdir())
    said = run("explain", hybrid, photo, photo.name, "--json").json
    assert said["verified"] is True
    assert len(said["points"]) == len(said["query_points"]) == said["inliers"] > 20
    assert len(said["transform"]) == 3
    grid = said["maps"]["query"]
    assert len(grid["values"]) == grid["rows"] * grid["columns"]
    assert sum(grid["values"]) == pytest.approx(said["maps"]["similarity"], abs=1e-4)
    assert said["maps"]["similarity"] == pytest.approx(1, abs=1e-4)
    assert said["similarity"] == pytest.approx(1, abs=1e-3)


def test_a_result_may_be_an_id_and_a_query_a_box(run: Any, hybrid: Path, house: Path) -> None:
    photo = min((house / "museum" / "photos").iterdir())
    said = run("explain", hybrid, photo, "2", "--box", 100, 50, 200, 160, "--json").json
    assert said["id"] == 2
    assert said["maps"]["query"]["frame"] == pytest.approx([100, 50, 200, 160], abs=2)


def test_local_features_alone_have_no_maps(run: Any, house: Path, queries: list[Path]) -> None:
    assert run("explain", house / "pictures", queries[0], "1", "--json").json["maps"] is None


def test_what_is_not_in_the_collection_is_said(run: Any, house: Path, queries: list[Path]) -> None:
    ran = run("explain", house / "pictures", queries[0], "nowhere.jpg")
    assert (ran.code, "not in the collection" in ran.err) == (2, True)
    ran = run("explain", house / "pictures", queries[0], "99999")
    assert (ran.code, "not in the collection" in ran.err) == (2, True)


def test_a_page_is_a_png_file(run: Any, house: Path, queries: list[Path]) -> None:
    assert run("explain", house / "pictures", queries[0], "1", "--out", "why.jpg").code == 2
