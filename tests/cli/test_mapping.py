"""``relook clusters`` and ``relook duplicates``."""

from __future__ import annotations

import shutil

import pytest

from oracles import wall
from relook.cli import main


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A folder with ``photos`` of two things and copies, and their index ``pictures``."""
    folder = tmp_path_factory.mktemp("room")
    wall.write_photos(folder / "photos", things=2, views=2)
    wall.write_copies(folder / "photos" / "copies")
    assert main(["index", str(folder / "photos"), "--into", str(folder / "pictures"),
                 "--jobs", "1"]) == 0  # fmt: skip
    assert main(["label", str(folder / "pictures"), "thing0-0.png", "--add", "a thing"]) == 0
    return folder


def test_clusters_are_listed_with_a_picture_of_each(run, room):
    ran = run("clusters", room / "pictures", "--top", 50)
    assert ran.code == 0
    assert "of 26 pictures" in ran.out
    assert "a thing" in ran.out


def test_clusters_are_written_as_json(run, room):
    told = run("clusters", room / "pictures", "--json").json
    assert told["images"] == 26
    things = [{"thing0-0.png", "thing0-1.png"}, {"thing1-0.png", "thing1-1.png"}]
    found = [set(thing["pictures"]) for thing in told["objects"]]
    assert all(thing in found for thing in things)
    assert all(thing["size"] == len(thing["pictures"]) for thing in told["objects"])


def test_no_clusters_are_said_in_words(run, room):
    ran = run("clusters", room / "pictures", "--min-size", 20)
    assert ran.code == 0
    assert "no 20 of 26 pictures" in ran.out


def test_copies_are_listed_below_their_original(run, room):
    ran = run("duplicates", room / "pictures")
    assert ran.code == 0
    lines = [line.split("  (")[0] for line in ran.out.splitlines()]
    at = lines.index("copies/source-crop.png")
    assert lines[at + 1].strip() == "copies/copy-crop.jpg"
    assert "blank" in ran.err


def test_copies_are_written_as_json(run, room):
    told = run("duplicates", room / "pictures", "--no-mirror", "--json").json
    copies = [copy for group in told["groups"] for copy in group["copies"]]
    assert ["same bytes"] in [copy["changes"] for copy in copies]
    assert not any("mirrored" in copy["changes"] for copy in copies)
    assert told["unreadable"] == []


@pytest.mark.parametrize("command", ["clusters", "duplicates"])
def test_a_sheet_is_drawn(run, room, tmp_path, command):
    assert run(command, room / "pictures", "--sheet", tmp_path / "sheet.png").code == 0
    assert (tmp_path / "sheet.png").stat().st_size > 1000


@pytest.mark.parametrize("command", ["clusters", "duplicates"])
def test_a_sheet_that_could_not_be_written_is_refused_first(run, room, command):
    ran = run(command, room / "pictures", "--sheet", "sheet.jpg")
    assert ran.code == 2
    assert "sheet.png" in ran.err


@pytest.mark.parametrize("command", ["clusters", "duplicates"])
def test_nothing_is_written_to_the_collection(run, room, tmp_path, command):
    shutil.copytree(room / "pictures", tmp_path / "pictures")
    before = {path: path.stat().st_size for path in (tmp_path / "pictures").rglob("*.sqlite")}
    assert run(command, tmp_path / "pictures").code == 0
    assert before == {
        path: path.stat().st_size for path in (tmp_path / "pictures").rglob("*.sqlite")
    }


@pytest.mark.parametrize("command", ["clusters", "duplicates"])
def test_a_folder_that_is_no_collection_is_named(run, tmp_path, command):
    ran = run(command, tmp_path)
    assert ran.code != 0
    assert "holds no collection" in ran.err
