from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

KEYS = {
    "added", "known", "moved", "changed", "unchanged", "ignored", "missing", "pruned",
    "quarantined", "quarantine", "unreadable", "inherited", "seconds", "images", "recipe",
}  # fmt: skip


def test_indexing_again_finds_nothing_new(run: Any, photos: Path, pictures: Path) -> None:
    ran = run("index", photos, "--into", pictures, "--json")
    assert ran.code == 0
    assert set(ran.json) == KEYS
    assert ran.json["unchanged"] == ran.json["images"] == 5
    assert (ran.json["added"], ran.json["quarantined"], ran.json["quarantine"]) == (0, 0, [])
    assert ran.err == ""


def test_bad_pictures_are_named_and_do_not_fail(run: Any, photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "Fotos [bold]é"
    folder.mkdir()
    good = min(photos.iterdir())
    shutil.copy(good, folder / "gut ü :smile:.jpg")
    (folder / "text.jpg").write_text("hello")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "cut.jpg").write_bytes(good.read_bytes()[:2000])
    (folder / "notes.txt").write_text("x")
    ran = run("index", folder, "--into", tmp_path / "p", "--jobs", "1")
    assert ran.code == 0
    assert "1 picture to search (1 added, 3 in quarantine, 1 other file ignored)" in ran.out
    assert all(f"  {name}.jpg: " in ran.out for name in ("text", "empty", "cut"))
    found = run("search", tmp_path / "p", folder / "gut ü :smile:.jpg")
    assert found.code == 0
    assert "gut ü :smile:.jpg" in found.out


def test_gone_files_are_told_and_pruned(run: Any, photos: Path, tmp_path: Path) -> None:
    folder, into = tmp_path / "photos", tmp_path / "pictures"
    folder.mkdir()
    first, second = sorted(photos.iterdir())[:2]
    shutil.copy(first, folder)
    shutil.copy(second, folder)
    assert run("index", folder, "--into", into, "--jobs", "1").code == 0
    (folder / first.name).unlink()
    assert "--prune" in run("index", folder, "--into", into).out
    assert run("index", folder, "--into", into, "--prune", "--json").json["pruned"] == 1
    assert run("info", into, "--json").json["images"] == 1


@pytest.mark.parametrize("make", ["nothing", "empty", "text only"])
def test_no_photos_is_wrong_use_and_leaves_nothing(run: Any, tmp_path: Path, make: str) -> None:
    folder = tmp_path / "photos"
    if make != "nothing":
        folder.mkdir()
    if make == "text only":
        (folder / "notes.txt").write_text("x")
    ran = run("index", folder, "--into", tmp_path / "pictures")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "pictures").exists()


def test_another_recipe_is_refused(run: Any, photos: Path, pictures: Path) -> None:
    ran = run("index", photos, "--into", pictures, "--recipe", "sift-smk")
    assert ran.code == 1
    assert "was made with the recipe sift-asmk" in ran.err
    assert ran.err.count("\n") == 1
    assert run("index", photos, "--into", pictures, "--recipe", "sift-asmk").code == 0


def test_an_unknown_recipe_is_wrong_use(run: Any, photos: Path, tmp_path: Path) -> None:
    ran = run("index", photos, "--into", tmp_path / "p", "--recipe", "bogus")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "sift-asmk" in ran.err


def test_a_used_directory_is_refused(run: Any, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "mine.txt").write_text("x")
    ran = run("index", photos, "--into", tmp_path / "p")
    assert (ran.code, ran.err.count("\n")) == (1, 1)


def test_a_recipe_of_ones_own_is_used(run: Any, photos: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "small.toml"
    recipe.write_text(
        '[channels.local]\ncodebook = "sift-16k"\nlongest = 320\nsift = { features = 100 }\n'
    )
    photo = min(photos.iterdir())
    into = tmp_path / "pictures"
    assert run("index", photo, "--into", into, "--recipe", recipe, "--jobs", "1").code == 0
    assert run("info", into, "--json").json["recipe"] == "small"
    assert run("index", photo, "--into", into).code == 0
