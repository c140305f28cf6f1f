from __future__ import annotations

import csv
import io
import shutil
from types import SimpleNamespace

import pytest
from PIL import Image as Pillow

import relook
from oracles import wall
from oracles.pictures import texture
from relook.core.errors import UsageError
from relook.images import read
from relook.mapping.cleaning import Cleaning, CleaningSettings, clean
from relook.mapping.cleaning.classes import classes_in_folder, classes_of_labels
from relook.mapping.cleaning.table import COLUMNS, kept_as_csv
from relook.search import load_recipe


def save(pixels, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path)


def write_classes(folder):
    """A class with a stranger, a copy and a broken file; others that are harder."""
    for view in range(3):
        save(wall.photo_of(0, view, wall=view), folder / "thing & 名" / f"view {view}.png")
    save(texture((200, 260), seed=501), folder / "thing & 名" / "stranger.png")
    first = folder / "thing & 名" / "view 0.png"
    shutil.copy(first, first.with_name("copy.png"))
    first.with_name("broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    with Pillow.open(first) as image:
        image.resize((300, 172)).save(first.with_name("near.jpg"), quality=80)
    for view in range(3):  # three of one thing, two of another
        save(wall.photo_of(1, view, wall=view + 3), folder / "two things" / f"a{view}.png")
    for view in range(2):
        save(wall.photo_of(2, view, wall=view + 6), folder / "two things" / f"b{view}.png")
    save(texture((200, 260), seed=502), folder / "one" / "only.png")
    for number in range(2):
        save(texture((200, 260), seed=503 + number), folder / "strangers" / f"{number}.png")
    shutil.copy(first, folder / "strangers" / "also in thing.png")
    save(texture((60, 60), seed=9), folder / "loose.png")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cleaning")
    write_classes(folder / "classes")
    with relook.create(folder / "pictures") as collection:
        collection.add([folder / "classes"], jobs=1)
    return folder


def cleaned(place, **settings):
    with relook.open(place / "pictures") as collection:
        classes, _ = classes_in_folder(collection, place / "classes")
        found = clean(collection, classes, settings=CleaningSettings(**settings))
    return {report.name: report for report in found.classes}


@pytest.fixture(scope="module")
def reports(place):
    return cleaned(place)


def by_name(report):
    return {picture.path.rpartition("/")[2]: picture for picture in report.pictures}


def test_what_matches_nothing_would_be_dropped(reports):
    pictures = by_name(reports["thing & 名"])
    kept = {name for name, picture in pictures.items() if picture.kept}
    assert kept == {"view 0.png", "view 1.png", "view 2.png", "copy.png", "near.jpg"}
    assert pictures["stranger.png"].reason == "no match"
    assert pictures["stranger.png"].matches == 0


def test_unreadable_pictures_are_named_with_the_reason(reports):
    broken = by_name(reports["thing & 名"])["broken.jpg"]
    assert broken.reason == "unreadable"
    assert not broken.kept
    assert broken.problem in broken.words


def test_copies_are_said_and_no_reason_to_drop(reports):
    pictures = by_name(reports["thing & 名"])
    assert pictures["copy.png"].copies == ("thing & 名/near.jpg", "thing & 名/view 0.png")
    assert "thing & 名/view 0.png" in pictures["near.jpg"].copies
    assert pictures["view 1.png"].copies == ()
    assert reports["thing & 名"].groups == (3,)


def test_a_smaller_group_is_named_with_its_pictures(reports):
    report = reports["two things"]
    assert report.groups == (3, 2)
    assert report.doubt.startswith("groups of 3 and 2")
    other = by_name(report)["b0.png"]
    assert other.reason == "other thing"
    assert other.group == ("two things/b0.png", "two things/b1.png")
    assert "two things/b1.png" in other.words


def test_a_class_of_one_and_one_of_strangers_keep_nothing_unless_asked(place, reports):
    assert [picture.reason for picture in reports["one"].pictures] == ["alone"]
    assert {picture.reason for picture in reports["strangers"].pictures} == {"nothing verifies"}
    assert not reports["one"].kept
    assert not reports["strangers"].kept
    asked = cleaned(place, keep_unverified=True)
    assert len(asked["one"].kept) == 1
    assert len(asked["strangers"].kept) == 3
    assert all(picture.box is None for picture in asked["strangers"].kept)


def test_files_of_the_same_bytes_in_two_classes_are_said(reports):
    assert by_name(reports["thing & 名"])["view 0.png"].elsewhere == ("strangers",)


def test_the_same_bytes_that_stay_in_two_classes_are_contradictory(place, reports):
    assert Cleaning(tuple(reports.values())).contradictory == ()  # one of them would be dropped
    asked = Cleaning(tuple(cleaned(place, keep_unverified=True).values()))
    assert {picture.path for picture in asked.contradictory} == {
        "strangers/also in thing.png", "thing & 名/copy.png", "thing & 名/view 0.png"
    }  # fmt: skip


def test_boxes_lie_on_the_thing_and_not_on_its_wall(reports):
    for report in (reports["thing & 名"], reports["two things"]):
        for picture in report.kept:
            width, height = picture.size
            middle = (picture.box.x + picture.box.width / 2, picture.box.y + picture.box.height / 2)
            assert middle == pytest.approx((width / 2, height / 2), abs=0.12 * width)
            assert 0.3 * width < picture.box.width < 0.65 * width  # the thing: 200 of 420


def test_large_classes_ask_the_index_and_find_the_same(place, reports):
    asked = cleaned(place, whole=1, candidates=6)
    for name, report in reports.items():
        assert [picture.kept for picture in asked[name].pictures] == [
            picture.kept for picture in report.pictures
        ]


def test_cleaning_twice_says_the_same(place, reports):
    again = cleaned(place)
    assert all(again[name].pictures == report.pictures for name, report in reports.items())


def test_progress_counts_pictures(place):
    seen = []
    with relook.open(place / "pictures") as collection:
        classes, loose = classes_in_folder(collection, place / "classes")
        clean(collection, classes, progress=lambda *what: seen.append(what))
    assert loose == ("loose.png",)
    assert seen[-1][1] == seen[-1][2] == len(seen)
    assert {what for what, _, _ in seen} == {"match"}


def test_the_list_of_what_stays_has_labels_and_boxes(place, reports):
    content = kept_as_csv(Cleaning(tuple(reports.values())), folder=place)
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert tuple(rows[0]) == COLUMNS
    assert {row["label"] for row in rows} == {"thing & 名", "two things"}
    for row in rows:
        width, height = read(place / row["path"]).size
        assert 0 <= int(row["x0"]) < int(row["x1"]) <= width
        assert 0 <= int(row["y0"]) < int(row["y1"]) <= height


def test_labels_of_a_collection_are_classes(place, tmp_path):
    shutil.copytree(place / "pictures", tmp_path / "pictures")
    with relook.open(tmp_path / "pictures") as collection:
        with pytest.raises(UsageError, match="have no labels"):
            classes_of_labels(collection)
        collection.apply_labels(collection.labels_from_folders().labels)
        classes = classes_of_labels(collection)
    assert set(classes) == {"thing & 名", "two things", "one", "strangers"}


def test_pictures_without_folders_are_refused(place):
    with relook.open(place / "pictures") as collection, pytest.raises(UsageError, match="folder"):
        classes_in_folder(collection, place / "classes" / "one")


def test_a_recipe_without_local_features_is_refused():
    recipe = load_recipe("mobilenetv2-gem")
    engine = SimpleNamespace(name=recipe.name, recipe=recipe.to_json())
    with pytest.raises(UsageError, match="cleaning needs local features"):
        clean(SimpleNamespace(engine=engine), {})


def test_wrong_settings_are_named():
    with pytest.raises(UsageError, match="1 or more"):
        CleaningSettings(whole=0)
    with pytest.raises(UsageError, match="above 0"):
        CleaningSettings(strength=0)
