from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

import relook
from oracles.copies import KINDS
from relook.collection import Collection
from relook.core.errors import UsageError
from relook.mapping.duplicates import find_duplicates
from relook.search import load_recipe

GROUPS = len(KINDS) + 2


def by_source(found):
    """Groups by the names of their files."""
    return {
        frozenset(copy.path.rpartition("/")[2] for copy in (group.original, *group.copies)): group
        for group in found.groups
    }


@pytest.fixture(scope="module")
def found(copies):
    with relook.open(copies) as collection:
        return find_duplicates(collection)


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_is_found_with_its_source_and_nothing_else(found, kind):
    same = {"again.png"} if kind == "jpeg" else set()
    assert frozenset({f"source-{kind}.png", f"copy-{kind}.jpg", *same}) in by_source(found)


def test_another_photo_of_the_same_thing_is_no_copy(found):
    assert len(found.groups) == GROUPS


@pytest.mark.parametrize(
    ("kind", "change"),
    [("jpeg", "re-encoded"), ("crop", "cropped"), ("overlay", "edited"), ("resize", "resized"),
     ("blur", "blurred"), ("mirror", "mirrored")],
)  # fmt: skip
def test_it_is_said_what_was_done(found, kind, change):
    group = next(group for names, group in by_source(found).items() if f"copy-{kind}.jpg" in names)
    assert group.original.path in (f"source-{kind}.png", "again.png")
    copy = next(copy for copy in group.copies if copy.path == f"copy-{kind}.jpg")
    assert copy.changes == (change,)
    assert copy.of == group.original.path


def test_files_of_the_same_bytes_are_told(found):
    same = [copy for group in found.groups for copy in group.copies if "same bytes" in copy.changes]
    assert len(same) == 1
    assert {same[0].path, same[0].of} == {"again.png", "source-jpeg.png"}


def test_blank_pictures_are_named_and_no_copies(found):
    assert found.blank == ("blank.png",)


def test_mirror_images_are_left_out_where_they_are_not_wanted(copies):
    with relook.open(copies) as collection:
        found = find_duplicates(collection, mirrored=False)
    names = set().union(*by_source(found))
    assert not names & {"copy-mirror.jpg", "part.png"}
    assert len(found.groups) == GROUPS - 2


def test_missing_files_are_named_and_stop_nothing(copies, monkeypatch):
    files_of = Collection.files_of

    def without_some(collection, content):
        gone = {"copy-blur.jpg", "copy-crop.jpg"}
        found = files_of(collection, content)
        return [file.with_suffix(".gone") if file.name in gone else file for file in found]

    monkeypatch.setattr(Collection, "files_of", without_some)
    with relook.open(copies) as collection:
        found = find_duplicates(collection)
    assert set(found.unreadable) == {"copy-blur.jpg", "copy-crop.jpg"}
    assert len(found.groups) == GROUPS - 2


def test_a_crop_of_a_mirror_image_is_found(found):
    group = by_source(found)[frozenset({"whole.png", "part.png"})]
    assert group.original.path == "whole.png"
    assert [copy.changes for copy in group.copies] == [("mirrored", "cropped")]


def test_pictures_too_small_for_features_are_compared_whole(found):
    group = by_source(found)[frozenset({"small.png", "grown.png"})]
    assert [copy.changes for copy in group.copies] == [("resized",)]


def test_nearly_empty_collections_have_no_copies(tmp_path, copies):
    with relook.create(tmp_path / "empty") as collection:
        assert find_duplicates(collection).groups == ()
    shutil.copytree(copies, tmp_path / "one")
    with relook.open(tmp_path / "one") as collection:
        collection.remove([id_ for id_ in collection.catalog.searchable().tolist() if id_ != 1])
        found = find_duplicates(collection)
    assert found.images == 1
    assert [copy.changes for group in found.groups for copy in group.copies] == [("same bytes",)]


def test_a_recipe_without_local_features_is_refused():
    recipe = load_recipe("mobilenetv2-gem")
    engine = SimpleNamespace(name=recipe.name, recipe=recipe.to_json())
    with pytest.raises(UsageError, match="finding copies needs local features"):
        find_duplicates(SimpleNamespace(engine=engine))
