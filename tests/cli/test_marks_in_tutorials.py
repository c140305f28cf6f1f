"""What the tutorials say about marks works as it stands there, in the museum drawn by code."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

import relook

PAGES = Path(__file__).parents[2] / "docs" / "tutorials"


@pytest.fixture
def place(
    house: Path, queries: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A collection as each tutorial has it, a query, and pictures with the names used there."""
    for name in ("query.jpg", "some-photo.jpg"):
        shutil.copy(queries[0], tmp_path / name)
    shutil.copytree(house / "pictures", tmp_path / "pictures")
    folder = tmp_path / "Pictures of mine"
    (folder / "holiday").mkdir(parents=True)
    photos = sorted((house / "museum" / "photos").iterdir())
    for photo, name in zip(photos, ("holiday/IMG_0042.jpg", "cat.jpg"), strict=False):
        shutil.copy(photo, folder / name)
    for photo in photos[2:]:
        shutil.copy(photo, folder / photo.name)
    monkeypatch.chdir(tmp_path)
    return folder


def test_python(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (PAGES / "python.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"## Mark results.+?```python\n(.+?)```", text, flags=re.DOTALL)
    exec(compile(block, "python.md", "exec"), {"relook": relook})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1 ")
    assert lines[0].endswith(" marked right")


def test_the_command_line(place: Path, run: Any) -> None:
    text = (PAGES / "folder-of-photos.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^ {4}relook (.+ --right .+)$", text, flags=re.MULTILINE)
    assert run("index", place, "--into", "my-photos", "--jobs", "1").code == 0
    ran = run(*shlex.split(command))
    assert ran.code == 0
    assert ran.out.splitlines()[2].rstrip().endswith("holiday/IMG_0042.jpg")
    assert "cat.jpg" not in ran.out
