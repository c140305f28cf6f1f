"""Labels from the names of folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from collection.stock import stock
from relook.collection import Collection
from relook.core.errors import UsageError

TREE = {
    "cats/1.png": "1",
    "cats/black/2.png": "2",
    "犬\n e\u0301/3.png": "3",
    "4.png": "4",
}


@pytest.fixture
def classes(empty: Collection, photos: Path) -> Collection:
    """Two pictures of cats, one deeper, one in a folder of a strange name, one in no folder."""
    stock(empty, photos, TREE)
    return empty


def named(collection: Collection, labels: dict[int, tuple[str, ...]]) -> dict[str | None, object]:
    return {collection.path_of(key): names for key, names in labels.items()}


def test_the_folder_that_holds_a_picture_names_it(classes: Collection) -> None:
    reading = classes.labels_from_folders()
    assert named(classes, reading.labels) == {
        "cats/1.png": ("cats",),
        "cats/black/2.png": ("black",),
        "犬\n e\u0301/3.png": ("犬 é",),
    }
    assert (reading.files, reading.loose, reading.problems) == (3, 1, ())
    assert classes.label_counts() == {}
    assert classes.apply_labels(reading.labels) == 3
    assert classes.label_counts() == {"black": 1, "cats": 1, "犬 é": 1}
    assert classes.apply_labels(classes.labels_from_folders().labels) == 0


def test_the_topmost_folder_may_name_it_instead(classes: Collection) -> None:
    reading = classes.labels_from_folders(level="first")
    assert sorted(reading.labels.values()) == [("cats",), ("cats",), ("犬 é",)]
    with pytest.raises(UsageError, match="one of first, last, not middle"):
        classes.labels_from_folders(level="middle")


def test_another_root_may_be_given(
    classes: Collection, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for root in (photos / "cats", "cats", "cats/"):
        reading = classes.labels_from_folders(root, level="first")
        assert named(classes, reading.labels) == {"cats/black/2.png": ("black",)}
        assert reading.loose == 1
    monkeypatch.chdir(photos.parent)
    above = classes.labels_from_folders(".", level="first")
    assert (set(above.labels.values()), above.loose) == ({("photos",)}, 0)
    with pytest.raises(UsageError, match=r"lies in nowhere; its photos are in .*photos"):
        classes.labels_from_folders("nowhere")


def test_a_copy_in_another_class_is_reported_and_has_both_labels(
    empty: Collection, photos: Path
) -> None:
    stock(empty, photos, TREE | {"dogs/same.png": "1", "cats/again.png": "1"})
    reading = empty.labels_from_folders(level="first")
    assert [tuple(one) for one in reading.contradictory] == [
        ("cats/1.png", "cats", "dogs/same.png", "dogs")
    ]
    assert ("cats", "dogs") in reading.labels.values()
    assert (reading.files, len(reading.labels)) == (5, 3)


def test_names_that_are_no_labels_are_problems(empty: Collection, photos: Path) -> None:
    names = {"a\x01b/1.png": "1", "good/2.png": "2", "x" * 220 + "/3.png": "3"}
    stock(empty, photos, names | {"good/4.png": None})
    reading = empty.labels_from_folders()
    assert list(reading.labels.values()) == [("good",)]
    assert [problem.line for problem in reading.problems] == [None] * 3
    assert "U+0001" in reading.problems[0].reason
    assert reading.problems[1].path == "good/4.png"
    assert "220 characters" in reading.problems[2].reason


def test_one_class_and_no_picture_at_all_are_no_errors(empty: Collection, photos: Path) -> None:
    assert empty.labels_from_folders().labels == {}
    stock(empty, photos, {"1.png": "1"})
    assert (empty.labels_from_folders().labels, empty.labels_from_folders().loose) == ({}, 1)
    only = empty.labels_from_folders(photos.parent)
    assert list(only.labels.values()) == [("photos",)]


def test_pictures_are_found_by_path_file_and_folder(
    classes: Collection, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = classes.ids_of(["cats/1.png"])
    assert classes.ids_of([photos / "cats" / "1.png", "cats/1.png"]) == (one,)
    assert set(classes.ids_of(["cats"])) == {one, *classes.ids_of(["cats/black/2.png"])}
    assert len(classes.ids_of([photos])) == 4
    assert classes.ids_of(["犬\n \u00e9/3.png"]) == classes.ids_of(["犬\n e\u0301"])
    (photos / "cats").mkdir(parents=True)
    monkeypatch.chdir(photos / "cats")
    assert classes.ids_of(["1.png"]) == (one,)
    assert classes.ids_of([r"black\2.png"]) == classes.ids_of(["../cats/black"])
    for wrong in ("5.png", "", "\0", "cat", str(photos.parent / "elsewhere")):
        with pytest.raises(UsageError, match="is not in the collection"):
            classes.ids_of([wrong])


def test_a_path_in_two_folders_must_be_given_in_full(empty: Collection, tmp_path: Path) -> None:
    for name in ("a", "b"):
        stock(empty, tmp_path / name, {"1.png": name})
    with pytest.raises(UsageError, match="several folders; give its full path"):
        empty.ids_of(["1.png"])
    assert len(empty.ids_of([tmp_path / "a" / "1.png", tmp_path / "b"])) == 2
