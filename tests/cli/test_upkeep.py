"""``info``, ``remove``, ``check`` and ``recipes``, and collections that cannot be used."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from relook.collection.lock import FileLock
from relook.collection.writer import LOCK


def test_info_counts(run: Any, house: Path) -> None:
    found = run("info", house / "pictures", "--json").json
    assert {"images", "quarantined", "recipe", "bytes"} <= set(found)
    assert (found["images"], found["paths"], found["quarantined"]) == (5, 5, 0)
    assert found["recipe"] == "sift-asmk"
    assert found["bytes_per_image"] == found["bytes"] / 5
    assert found["quarantine"] == []
    text = run("info", house / "pictures").out
    assert "sift-asmk" in text
    assert "5 (shown by 5 files)" in text


def test_info_says_what_runs_networks_here_and_why(run: Any, house: Path) -> None:
    found = run("info", house / "pictures", "--json").json["runtime"]
    assert {"backend", "device", "precision", "reason", "processor", "features"} <= set(found)
    line = f"{found['backend']} on {found['device']} in {found['precision']}"
    assert line in run("info", house / "pictures").out


def test_removed_pictures_are_not_found_any_more(
    run: Any, pictures: Path, queries: list[Path]
) -> None:
    first = run("search", pictures, queries[0], "--json").json["results"][0]["path"]
    assert run("remove", pictures, first, "--json").json == {"removed": 1, "images": 4}
    results = run("search", pictures, queries[0], "--json").json["results"]
    assert first not in [result["path"] for result in results]


def test_removing_is_all_or_nothing(run: Any, pictures: Path, photos: Path) -> None:
    name = min(photos.iterdir()).name
    ran = run("remove", pictures, name, "bogus.jpg")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "bogus.jpg" in ran.err
    assert run("info", pictures, "--json").json["images"] == 5
    assert "forgot 1 file; 4 pictures to search" in run("remove", pictures, name).out


def test_check_finds_damage_and_repairs_it(run: Any, pictures: Path, photos: Path) -> None:
    sound = run("check", pictures, "--json")
    assert sound.code == 0
    assert set(sound.json) == {"ok", "problems", "digest"}
    assert (sound.json["ok"], sound.json["problems"]) == (True, [])
    with sqlite3.connect(pictures / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE descriptions SET data = x'00' WHERE rowid = 1")
    catalog.close()
    broken = run("check", pictures, "--json")
    assert (broken.code, broken.json["ok"], broken.err.count("\n")) == (1, False, 1)
    assert "--repair" in broken.err
    repaired = run("check", pictures, "--repair")
    assert repaired.code == 0
    assert repaired.out.count("\n") >= 2
    assert run("index", photos, "--into", pictures, "--jobs", "1").code == 0
    assert run("check", pictures, "--json").json["digest"] == sound.json["digest"]


def test_recipes_name_what_they_need(run: Any) -> None:
    found = run("recipes", "--json").json["recipes"]
    names = [recipe["name"] for recipe in found]
    assert names[0] == "sift-asmk"
    assert {"sift-smk", "hybrid", "mobilenetv2-gem"} < set(names)
    needed = {recipe["name"]: recipe["weights"] for recipe in found}
    assert (needed["sift-asmk"], needed["hybrid"]) == ([], ["mobilenet-v2"])
    for recipe in found:
        assert {"summary", "extras", "weights", "codebook", "settings"} <= set(recipe)
        assert recipe["settings"]["plan"]["min_inliers"] >= 3
    text = run("recipes").out
    assert "sift-asmk (default)" in text
    assert "min_inliers" not in text
    assert "min_inliers" in run("recipes", "-v").out


@pytest.mark.parametrize(
    "words", [["info"], ["check"], ["remove", "x.jpg"], ["search", "x.jpg"]], ids=lambda w: w[0]
)
def test_a_directory_without_a_collection_fails(run: Any, tmp_path: Path, words: list[str]) -> None:
    ran = run(words[0], tmp_path, *words[1:])
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "relook index" in ran.err


def test_a_newer_collection_fails(run: Any, pictures: Path) -> None:
    with sqlite3.connect(pictures / "catalog.sqlite") as catalog:
        catalog.execute("PRAGMA user_version = 999")
    catalog.close()
    ran = run("info", pictures)
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert "newer" in ran.err


def test_a_second_writer_fails_and_readers_go_on(run: Any, pictures: Path, photos: Path) -> None:
    with FileLock(pictures / LOCK):
        ran = run("index", photos, "--into", pictures)
        assert run("info", pictures).code == 0
    assert (ran.code, ran.err.count("\n")) == (1, 1)


def test_info_counts_labels(run: Any, pictures: Path) -> None:
    found = run("info", pictures, "--json").json
    assert (found["labels"], found["labelled"]) == (0, 0)
    with sqlite3.connect(pictures / "catalog.sqlite") as catalog:
        catalog.executemany("INSERT INTO labels VALUES (?, ?)", [(1, "a"), (2, "a"), (2, "b")])
    catalog.close()
    found = run("info", pictures, "--json").json
    assert (found["labels"], found["labelled"]) == (2, 2)
    assert "2 (on 2 pictures)" in run("info", pictures).out
