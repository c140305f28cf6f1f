"""``relook label``: what pictures show."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import relook

KEYS = {"labels", "labelled", "unlabelled"}
READ = {"changed", "files", "several", "duplicates", "loose", "contradictory", "problems"} | KEYS


@pytest.fixture
def names(photos: Path) -> list[str]:
    return sorted(photo.name for photo in photos.iterdir())


@pytest.fixture(scope="session")
def classes(house: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The photos in two folders of classes, one of them beside these; one photo is in both."""
    folder = tmp_path_factory.mktemp("classes")
    photos = sorted((house / "museum" / "photos").iterdir())
    for number, photo in enumerate(photos[:4]):
        place = folder / "photos" / ("Дозор", "花")[number % 2] / "inner"[: 5 * (number > 1)]
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(photo, place / photo.name)
    shutil.copy(photos[0], folder / "photos" / "花" / "copy.png")
    shutil.copy(photos[4], folder / "photos" / photos[4].name)
    with relook.create(folder / "pictures") as collection:
        collection.add([folder / "photos"], jobs=1)
    return folder


@pytest.fixture
def museum(classes: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(classes / "pictures", tmp_path / "museum"))


def test_without_options_labels_are_listed(run: Any, pictures: Path, names: list[str]) -> None:
    assert run("label", pictures, "--json").json == {
        "labels": {}, "labelled": 0, "unlabelled": 5,
    }  # fmt: skip
    nothing = run("label", pictures)
    assert nothing.out == "0 labels on 0 pictures, 5 unlabelled\n"
    assert "--from-folders" in nothing.err
    with relook.open(pictures) as collection:
        collection.apply_labels({1: ["[bold]花", ":smile:"], 2: [":smile:"]})
    found = run("label", pictures, "--json").json
    assert found == {
        "labels": {":smile:": 2, "[bold]花": 1}, "labelled": 2, "unlabelled": 3,
    }  # fmt: skip
    text = run("label", pictures)
    assert "[bold]花" in text.out
    assert ":smile:" in text.out
    assert "2 labels on 2 pictures, 3 unlabelled" in text.out
    assert text.err == ""


def test_labels_are_set_added_removed_renamed_and_dropped(
    run: Any, pictures: Path, photos: Path, names: list[str]
) -> None:
    added = run("label", pictures, "--add", "a", "--add", "b", *names[:2], "--json")
    assert (added.code, added.err) == (0, "")
    assert added.json == {
        "changed": 2, "labels": {"a": 2, "b": 2}, "labelled": 2, "unlabelled": 3,
    }  # fmt: skip
    assert run("label", pictures, "--set", " c\n", names[0], "--json").json["labels"] == {
        "a": 1, "b": 1, "c": 1,
    }  # fmt: skip
    everything = run("label", pictures, "--add", "all", photos)
    assert "changed the labels of 5 pictures; 4 labels on 5 pictures" in everything.out
    assert (
        run("label", pictures, "--remove", "all", photos / names[0], "--json").json["labels"]["all"]
        == 4
    )
    renamed = run("label", pictures, "--rename", "c", "a", "--json").json
    assert (renamed["changed"], renamed["labels"]["a"]) == (1, 2)
    dropped = run("label", pictures, "--drop", "all", "--json").json
    assert (dropped["changed"], dropped["labels"]) == (4, {"a": 2, "b": 1})


def test_folders_name_pictures(run: Any, museum: Path, classes: Path) -> None:
    ran = run("label", museum, "--from-folders", "--level", "first", "--json")
    assert (ran.code, ran.err, set(ran.json)) == (0, "", READ)
    assert ran.json["labels"] == {"Дозор": 2, "花": 3}
    assert (ran.json["files"], ran.json["loose"], ran.json["problems"]) == (5, 1, [])
    (pair,) = ran.json["contradictory"]
    assert (pair["label"], pair["other_label"]) == ("Дозор", "花")
    assert pair["other_path"] == "花/copy.png"
    text = run("label", museum, "--from-folders", "--replace")
    assert "花/copy.png is 花" in text.err
    assert "1 picture lies in no folder" in text.err
    assert "5 pictures" not in text.err
    assert set(run("label", museum, "--json").json["labels"]) == {"inner", "Дозор", "花"}
    above = run("label", museum, "--from-folders", classes, "--level", "first", "--json").json
    assert (above["labels"]["photos"], above["loose"]) == (5, 0)


def test_a_table_names_pictures_and_bad_rows_are_named(
    run: Any, pictures: Path, names: list[str], tmp_path: Path
) -> None:
    table = tmp_path / "t.csv"
    bad = [f"none{number}.png;x" for number in range(12)]
    rows = ["path;title", f"{names[0]};Nachtwacht|Wache", f"{names[0]};Wache", *bad]
    table.write_text("\n".join(rows), encoding="utf-8-sig")
    words = ["label", pictures, "--csv", table, "--column", "title", "--separator", "|"]
    strict = run(*words, "--strict", "--json")
    assert (strict.code, strict.json["changed"], strict.json["labels"]) == (1, 0, {})
    assert strict.err.count("\n") == 1
    assert len(strict.json["problems"]) == 12
    text = run(*words)
    assert text.code == 0
    assert "changed the labels of 1 picture; 2 labels on 1 picture, 4 unlabelled" in text.out
    assert "line 4: none0.png: not in the collection" in text.err
    assert "none9.png" in text.err
    assert "none10.png" not in text.err
    assert "and 2 more" in text.err
    assert "none11.png" in run(*words, "-v").err
    found = run(*words, "--json")
    assert (found.code, found.err, set(found.json)) == (0, "", READ)
    assert (found.json["changed"], found.json["several"], found.json["duplicates"]) == (0, 1, 1)
    assert found.json["problems"][0] == {
        "line": 4, "path": "none0.png", "reason": "not in the collection",
    }  # fmt: skip


def test_a_table_of_which_no_row_fits_fails(run: Any, pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("path,label\nnone.png,x\n")
    ran = run("label", pictures, "--csv", tmp_path / "t.csv")
    assert ran.code == 1
    assert "nothing was labelled because of 1 problem" in ran.err
    (tmp_path / "t.csv").write_text("path,label\n")
    assert run("label", pictures, "--csv", tmp_path / "t.csv").code == 0


def test_a_table_that_was_corrected_replaces_labels(
    run: Any, pictures: Path, names: list[str], tmp_path: Path
) -> None:
    table = tmp_path / "out.csv"
    run("label", pictures, "--set", "Rembrand", *names[:2])
    assert run("label", pictures, "--export", table, "--json").json == {
        "file": table.as_posix(), "rows": 2,
    }  # fmt: skip
    table.write_bytes(table.read_bytes().replace(b"Rembrand\r\n", b"Rembrandt\r\n", 1))
    found = run("label", pictures, "--csv", table, "--replace", "--json").json
    assert (found["changed"], found["labels"]) == (1, {"Rembrand": 1, "Rembrandt": 1})
    assert "out.csv: 2 rows" in run("label", pictures, "--export", table).out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--add", "a"], "say which pictures"),
        (["a.png"], "a picture is for --set or --add or --remove or --from-folders"),
        (["--add", "a", "--drop", "b"], "choose one of --add and --drop"),
        (["--level", "last"], "--level is for --from-folders"),
        (["--drop", "a", "--strict"], "--strict is for --from-folders or --csv"),
        (["--from-folders", "--level", "middle"], "one of first, last, not middle"),
        (["--from-folders", "a", "b"], "takes one folder"),
        (["--add", "a", "none.png"], "none.png is not in the collection"),
        (["--rename", "a", " "], "must not be empty"),
        (["--rename", "a", "b"], "no picture has the label “a”"),
        (["--drop", "a"], "no picture has any label yet"),
        (["--csv", "none.csv"], "cannot be read"),
    ],
)
def test_wrong_use_is_one_line_and_changes_nothing(
    run: Any, house: Path, words: list[str], why: str
) -> None:
    ran = run("label", house / "pictures", *words)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert why in ran.err


def test_a_label_that_is_none_changes_nothing(run: Any, pictures: Path, names: list[str]) -> None:
    ran = run("label", pictures, "--set", "ok", "--set", " ", names[0])
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert run("label", pictures, "--json").json["labels"] == {}
