from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from relook.images import read

STAGES = {"decode", "describe", "search", "verify", "total"}


def test_json_has_exactly_the_promised_keys(run: Any, house: Path, queries: list[Path]) -> None:
    ran = run("search", house / "pictures", queries[0], "--json", "--top", "3")
    assert (ran.code, ran.err) == (0, "")
    assert set(ran.json) == {"query", "results", "milliseconds", "skipped"}
    assert ran.json["query"] == str(queries[0])
    assert set(ran.json["milliseconds"]) == STAGES
    assert [result["rank"] for result in ran.json["results"]] == [1, 2, 3]
    for result in ran.json["results"]:
        assert set(result) == {
            *("rank", "path", "score", "similarity"),
            *("inliers", "verified", "region", "query_region"),
        }
        assert 0 < result["similarity"] <= 1
        assert (result["region"] is None) == (result["inliers"] == 0)
    best = ran.json["results"][0]
    assert best["inliers"] >= 20
    assert [len(point) for point in best["region"] + best["query_region"]] == [2] * 8


def test_people_get_a_table(run: Any, house: Path, queries: list[Path]) -> None:
    ran = run("search", house / "pictures", queries[0], "--top", "2", "-v")
    rows = ran.out.splitlines()
    assert len(rows) == 3
    assert rows[1].lstrip().startswith("1 ")
    assert "verified · " in rows[1]
    assert rows[1].rstrip().endswith(".jpg")
    assert ran.err.startswith("milliseconds: decode ")


def test_a_picture_can_be_left_out_of_its_own_results(run: Any, house: Path, photos: Path) -> None:
    photo = max(photos.iterdir())
    words = ["search", house / "pictures", photo, "--json"]
    found = [run(*words, *own).json["results"] for own in ([], ["--exclude-self"])]
    paths = [[hit["path"] for hit in hits] for hits in found]
    assert paths[0][0] == photo.name
    assert photo.name not in paths[1]


def test_only_the_box_is_searched(run: Any, house: Path, queries: list[Path]) -> None:
    box = (200, 100, 300, 300)
    ran = run("search", house / "pictures", queries[0], "--json", "--box", *box)
    assert ran.code == 0
    for result in ran.json["results"]:
        for x, y in result["query_region"] or []:
            assert 199 <= x <= 501
            assert 99 <= y <= 401


@pytest.mark.parametrize("box", [(5000, 5000, 10, 10), (0, 0, 0, 0), (-50, 0, 10, 10)])
def test_a_box_outside_is_wrong_use(
    run: Any, house: Path, queries: list[Path], box: tuple[int, ...]
) -> None:
    ran = run("search", house / "pictures", queries[0], "--box", *box)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


def test_a_sheet_shows_what_matched(
    run: Any, house: Path, queries: list[Path], tmp_path: Path
) -> None:
    sheet = tmp_path / "why.png"
    words = ["--sheet", sheet, "--box", "100", "100", "400", "300", "--json"]
    ran = run("search", house / "pictures", queries[0], *words)
    assert ran.code == 0
    assert ran.json["results"]
    assert read(sheet).size[0] == 2400


def test_a_sheet_is_drawn_without_files_that_are_gone(
    run: Any, photos: Path, queries: list[Path], tmp_path: Path
) -> None:
    mine, into = tmp_path / "mine", tmp_path / "pictures"
    mine.mkdir()
    shutil.copy(min(photos.iterdir()), mine / "a.jpg")
    run("index", mine, "--into", into, "--jobs", "1")
    (mine / "a.jpg").unlink()
    query = min(photos.iterdir())
    ran = run("search", into, query, "--sheet", tmp_path / "s.png")
    assert ran.code == 0
    assert "a.jpg cannot be read any more" in ran.err
    assert (tmp_path / "s.png").is_file()


@pytest.mark.parametrize("name", ["why.jpg", "missing/why.png"])
def test_a_sheet_that_cannot_be_written_is_refused_first(
    run: Any, house: Path, queries: list[Path], tmp_path: Path, name: str
) -> None:
    ran = run("search", house / "pictures", queries[0], "--sheet", tmp_path / name)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize("content", [None, b"", b"hello", b"\xff\xd8\xff\xe0 cut"])
def test_a_query_that_cannot_be_read_fails(
    run: Any, house: Path, tmp_path: Path, content: bytes | None
) -> None:
    query = tmp_path / "query.jpg"
    if content is not None:
        query.write_bytes(content)
    ran = run("search", house / "pictures", query)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "query.jpg" in ran.err
