"""Results are marked right or wrong, and the search is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from relook.images import read


@pytest.fixture
def found(run: Any, house: Path, queries: list[Path]) -> list[str]:
    """Paths of the first answer, best first."""
    ran = run("search", house / "pictures", queries[0], "--json")
    return [result["path"] for result in ran.json["results"]]


def test_marks_change_the_answer_and_not_its_form(
    run: Any, house: Path, queries: list[Path], found: list[str]
) -> None:
    words = ["search", house / "pictures", queries[0], "--json"]
    plain = run(*words)
    ran = run(*words, "--right", found[3], "--right", found[2], "--wrong", found[0])
    assert (ran.code, ran.err) == (0, "")
    paths = [result["path"] for result in ran.json["results"]]
    assert set(paths[:2]) == {found[2], found[3]}
    assert found[0] not in paths
    assert list(ran.json) == list(plain.json)
    assert list(ran.json["milliseconds"]) == list(plain.json["milliseconds"])
    assert [list(one) for one in ran.json["results"]] == [list(plain.json["results"][0])] * len(
        paths
    )


def test_the_table_says_that_results_were_marked(
    run: Any, house: Path, queries: list[Path], found: list[str]
) -> None:
    words = ["search", house / "pictures", queries[0]]
    assert "marked" not in run(*words).out
    ran = run(*words, "--right", found[1], "--wrong", found[3], "--wrong", found[2])
    rows = ran.out.splitlines()
    assert rows[0] == "searched again, 1 marked right and 2 wrong"
    assert " marked right " in rows[2]
    assert rows[2].rstrip().endswith(found[1])


def test_a_sheet_is_drawn_of_marked_results_too(
    run: Any, house: Path, queries: list[Path], found: list[str], tmp_path: Path
) -> None:
    sheet = tmp_path / "why.png"
    words = ["--right", found[1], "--wrong", found[0], "--sheet", sheet, "--json"]
    assert run("search", house / "pictures", queries[0], *words).code == 0
    assert read(sheet).size[0] == 2400


def test_wrong_marks_are_wrong_use(
    run: Any, house: Path, queries: list[Path], found: list[str]
) -> None:
    for words, reason in [
        (["--right", "nowhere.jpg"], "nowhere.jpg is not in the collection"),
        (["--right", found[0], "--wrong", found[0]], "is marked right and wrong"),
    ]:
        ran = run("search", house / "pictures", queries[0], *words)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
        assert reason in ran.err
