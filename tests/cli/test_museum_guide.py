"""Every command of the tutorial does what it says, in the museum drawn by code."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

from relook.images import read

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "museum-guide.md"
TEXT = PAGE.read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ {4}relook (.+)$", TEXT, flags=re.MULTILINE)
PYTHON = re.findall(r"```python\n(.+?)```", TEXT, flags=re.DOTALL)


@pytest.fixture
def place(house: Path, tmp_path: Path) -> Path:
    """The folders of the tutorial: one per work, other photos, visitors, and a csv."""
    museum = house / "museum"
    images = json.loads((museum / "gnd.json").read_text(encoding="utf-8"))["images"]
    for image in images:
        folder, name = "other", Path(image["path"]).name
        if image["role"] == "query":
            folder = "visitors"
        elif image["instance"] is not None:
            folder = f"works/{image['instance']}"
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(museum / image["path"], tmp_path / folder / name)
    asked = next(image for image in images if image["role"] == "query")
    others = (tmp_path / "works").glob("*/*.jpg")
    hall = min(photo for photo in others if photo.parent.name != asked["instance"])
    shutil.move(hall, tmp_path / "works" / "hall.jpg")
    shutil.copy(museum / asked["path"], tmp_path / "visitors" / "photo.jpg")
    rows = [("path", "label")]
    rows += [
        (f"{photo.parent.name}/{photo.name}", photo.parent.name)
        for photo in sorted((tmp_path / "works").glob("*/*.jpg"))
    ]
    with (tmp_path / "labels.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)
    (tmp_path / "truth").write_text(asked["instance"], encoding="utf-8")
    return tmp_path


def test_the_tutorial_works_from_top_to_bottom(
    run: Any, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(place)
    truth = (place / "truth").read_text(encoding="utf-8")
    said = {}
    for command in COMMANDS:
        ran = run(*shlex.split(command))
        assert ran.code == 0, (command, ran.err)
        said[command] = ran.out
    asked = next(command for command in COMMANDS if "--out why.jpg" in command)
    assert said[asked].startswith(truth)
    assert read(place / "why.jpg").size[0] >= 1200
    boxed = next(command for command in COMMANDS if "--box" in command)
    assert "milliseconds" in json.loads(said[boxed])
    with (place / "answers.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {Path(row["query"]).name: row for row in csv.DictReader(file)}
    assert rows["photo.jpg"]["label"] == truth
    assert {row["known"] for name, row in rows.items() if "unknown" in name} == {"false"}
    for block in PYTHON:
        exec(compile(block, str(PAGE), "exec"), {})
    assert capsys.readouterr().out.startswith(truth)


def test_every_column_of_the_csv_is_named_in_the_tutorial() -> None:
    from relook.cli.answers import COLUMNS

    assert ", ".join(COLUMNS) in re.sub(r"\s+", " ", TEXT)
