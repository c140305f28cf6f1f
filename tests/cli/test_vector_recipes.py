"""Commands with a recipe that needs weights: there, away, and with a description that is none."""

from __future__ import annotations

import sqlite3
import zlib
from pathlib import Path

import pytest

pytest.importorskip("torch")

from oracles import tiny


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RELOOK_WEIGHTS", raising=False)
    tiny.write_network(tmp_path)
    tiny.save_photos(tmp_path / "photos", range(2), views=(0, 1))
    tiny.recipe(tmp_path, "own")
    return tmp_path


def test_photos_are_indexed_and_found_and_damage_is_told(folder, run):
    made = run("index", folder / "photos", "--into", folder / "c", "--recipe", folder / "own.toml",
               "--jobs", 1)  # fmt: skip
    assert (made.code, made.err) == (0, "")
    found = run("search", folder / "c", folder / "photos" / "t1v0.png", "--top", 2)
    assert found.code == 0
    assert "t1v0.png" in found.out
    assert "verified" not in found.out  # there is no geometry that could
    assert "left out" not in found.out + found.err
    connection = sqlite3.connect(folder / "c" / "catalog.sqlite")
    with connection:
        sql = "UPDATE descriptions SET data = x'00', crc = ? WHERE content = 2"
        connection.execute(sql, (zlib.crc32(b"\0"),))
    connection.close()
    for path in (folder / "c" / "derived" / "search-global").iterdir():
        path.unlink()
    again = run("search", folder / "c", folder / "photos" / "t1v0.png")
    assert again.code == 0
    assert "1 picture left out, whose description cannot be read; relook check" in again.err
    assert run("check", folder / "c").code == 1
    assert run("check", folder / "c", "--repair").code == 0
    assert "left out" not in run("search", folder / "c", folder / "photos" / "t1v0.png").err


def test_weights_that_are_away_are_one_line_and_nothing_is_made(folder, run):
    ran = run("index", folder / "photos", "--into", folder / "c", "--recipe", "resnet101-gem")
    assert ran.code != 0
    assert len(ran.err.splitlines()) == 1
    assert "are not here; run relook weights fetch " in ran.err
    assert not (folder / "c").exists()


def test_recipes_say_which_weights_they_need(run):
    listed = {recipe["name"]: recipe for recipe in run("recipes", "--json").json["recipes"]}
    assert listed["sift-asmk"]["weights"] == []
    assert all(recipe["weights"] for name, recipe in listed.items() if "gem" in name)
