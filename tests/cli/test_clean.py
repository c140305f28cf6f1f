"""``relook clean``."""

from __future__ import annotations

import csv

import pytest
from PIL import Image as Pillow

from oracles import wall
from oracles.pictures import texture
from relook.mapping.cleaning import cleaning


@pytest.fixture(scope="module")
def classes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clean") / "cl<a>sses" / "thing [b]&"
    folder.mkdir(parents=True)
    for view in range(3):
        Pillow.fromarray(wall.photo_of(0, view, wall=view)).save(folder / f"view{view}.png")
    Pillow.fromarray(texture((200, 260), seed=501)).save(folder / "stranger :x:.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    other = folder.parent / "one"
    other.mkdir()
    Pillow.fromarray(texture((200, 260), seed=502)).save(other / "only.png")
    return folder.parent


@pytest.fixture(scope="module")
def work(classes):
    """Where the collection is kept, so that it is described once."""
    return classes.parent / "work"


def clean(run, classes, work, *words):
    return run("clean", classes, "--workdir", work, "--jobs", 1, *words)


def test_what_would_be_dropped_is_listed_with_reasons(run, classes, work):
    ran = clean(run, classes, work)
    assert ran.code == 0
    assert "6 pictures in 2 classes: 3 would stay, 3 would be dropped" in ran.out
    assert "thing [b]&/stranger :x:.png: matches no other picture of its class" in ran.out
    assert "broken.jpg: cannot be read" in ran.out
    assert "--keep-unverified" in ran.out
    assert "nothing was deleted" in ran.err
    assert len(list(classes.rglob("*.*"))) == 6


def test_json_says_all_of_it(run, classes, work):
    told = clean(run, classes, work, "--json").json
    assert (told["pictures"], told["kept"], told["dropped"]) == (6, 3, 3)
    thing = told["classes"][1]
    assert thing["name"] == "thing [b]&"
    reasons = {
        picture["path"].rpartition("/")[2]: picture["reason"] for picture in thing["pictures"]
    }
    assert reasons["broken.jpg"] == "unreadable"
    assert reasons["view0.png"] == "same thing"
    boxes = [picture["box"] for picture in thing["pictures"] if picture["kept"]]
    assert all(len(box) == 4 for box in boxes)
    assert all(link["inliers"] >= 5 for link in thing["links"])


def test_the_report_shows_every_picture_and_escapes_names(run, classes, work, tmp_path):
    assert clean(run, classes, work, "--report", tmp_path / "clean.html").code == 0
    page = (tmp_path / "clean.html").read_text("utf-8")
    assert page.count("<figure") == 6
    assert page.count('class="dropped"') == 3
    assert "cl&lt;a&gt;sses" in page
    assert "<a>sses" not in page
    assert "http:" not in page.replace("http-equiv", "")


def test_the_list_names_what_stays(run, classes, work, tmp_path):
    assert clean(run, classes, work, "--write", tmp_path / "kept.csv").code == 0
    with (tmp_path / "kept.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["thing [b]&"] * 3
    assert all((tmp_path / row["path"]).is_file() for row in rows)


def test_training_reads_the_list(run, classes, work):
    from relook.training.sources.pictures import Folder, find_pictures

    assert clean(run, classes, work, "--write", classes.parent / "kept.csv").code == 0
    found = find_pictures([Folder(classes.parent, labels="kept.csv")])
    assert len(found.pictures) == 3
    assert found.left_out == ()
    assert found.pictures.classes == ("thing [b]&",)


def test_targets_that_could_not_be_written_are_refused_first(run, classes, work, tmp_path):
    for words in (("--report", "clean.txt"), ("--write", "kept.txt")):
        ran = clean(run, classes, work, *words)
        assert ran.code == 2
        assert "name it" in ran.err
    ran = clean(run, classes, work, "--report", tmp_path / "nowhere" / "clean.html")
    assert ran.code == 2
    assert "does not exist" in ran.err
    (tmp_path / "kept.csv").mkdir()
    assert "is a folder" in clean(run, classes, work, "--write", tmp_path / "kept.csv").err


def test_folders_without_classes_are_refused(run, classes, tmp_path):
    assert "no folder" in run("clean", tmp_path / "nothing").err
    (tmp_path / "empty").mkdir()
    ran = run("clean", tmp_path / "empty")
    assert ran.code == 2
    assert "has no folders" in ran.err
    (tmp_path / "empty" / "class").mkdir()
    assert run("clean", tmp_path / "empty").code == 2
    ran = run("clean", classes / "one")
    assert ran.code == 2
    assert "folder of its own" in ran.err


def test_a_collection_is_cleaned_by_its_labels(run, classes, work):
    clean(run, classes, work)
    assert "have no labels" in run("clean", work).err
    assert run("label", work, "--from-folders").code == 0
    told = run("clean", work, "--json").json
    assert told["kept"] == 3
    assert run("clean", work, "--workdir", "elsewhere").code == 2


def test_a_table_names_classes(run, classes, work, tmp_path):
    lines = ["path,label", f"{tmp_path}/gone.jpg,a"]
    lines += [f"{file},a" for file in sorted((classes / "thing [b]&").glob("*.png"))]
    (tmp_path / "table.csv").write_text("\n".join(lines), encoding="utf-8")
    ran = clean(run, tmp_path / "table.csv", work, "--json")
    assert [(one["name"], one["kept"], one["dropped"]) for one in ran.json["classes"]] == [
        ("a", 3, 1)
    ]
    assert "1 file is not there" in ran.err
    (tmp_path / "table.csv").write_text("path,label\nnothing.jpg,a\n", encoding="utf-8")
    assert run("clean", tmp_path / "table.csv").code == 2


def test_an_interrupt_says_that_nothing_was_written(run, classes, work, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(cleaning, "verify_pairs", stop)
    ran = clean(run, classes, work, "--write", tmp_path / "kept.csv")
    assert ran.code == 130
    assert not (tmp_path / "kept.csv").exists()
