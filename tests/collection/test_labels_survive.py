"""Labels stay with pictures, whatever happens to files, indexes and descriptions."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from collection import fakes
from relook.collection import Collection
from relook.collection.ingest import Limits
from relook.core.errors import CollectionError

NAMES = ("0000.png", "0001.png", "0002.png")


def labels_of(collection: Collection) -> dict[str | None, tuple[str, ...]]:
    return {collection.path_of(key): labels for key, labels in collection.labelled().items()}


def content_of(collection: Collection, path: str) -> int:
    (row,) = collection._catalog.rows("SELECT content FROM paths WHERE path = ?", (path,))
    return int(row[0])


def label(collection: Collection, wanted: dict[str, list[str]]) -> None:
    collection.apply_labels({content_of(collection, p): names for p, names in wanted.items()})


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    fakes.save_photos(folder / "photos", 3)
    with Collection.create(folder / "collection", engine=fakes.engine()) as collection:
        collection.add([folder / "photos"], jobs=1)
    return folder


@pytest.fixture
def three(indexed: Path, tmp_path: Path, photos: Path) -> Iterator[Collection]:
    """Photos 0000 and 0001 are labelled, 0002 is not."""
    shutil.copytree(indexed / "photos", photos)
    shutil.copytree(indexed / "collection", tmp_path / "three")
    catalog = sqlite3.connect(tmp_path / "three" / "catalog.sqlite")
    with catalog:
        catalog.execute("UPDATE roots SET path = ?", (photos.as_posix(),))
    catalog.close()
    with Collection.open(tmp_path / "three", engine=lambda _: fakes.engine()) as collection:
        label(collection, {"0000.png": ["a"], "0001.png": ["b", "c"]})
        yield collection


KEPT = {"0000.png": ("a",), "0001.png": ("b", "c")}


def test_running_index_again_keeps_labels(three: Collection, photos: Path) -> None:
    assert three.add([photos], jobs=1, prune=True).unchanged == 3
    assert labels_of(three) == KEPT
    fakes.save_photos(photos, 5)
    for path in photos.iterdir():
        os.utime(path, ns=(1, 1))
    assert three.add([photos], jobs=1, prune=True).added == 2
    assert labels_of(three) == KEPT


def test_moved_photos_keep_labels(three: Collection, photos: Path) -> None:
    (photos / "sub").mkdir()
    (photos / "0000.png").rename(photos / "sub" / "new name.png")
    report = three.add([photos], jobs=1, prune=True)
    assert (report.moved, report.inherited) == (1, 0)
    assert labels_of(three) == {"sub/new name.png": ("a",), "0001.png": ("b", "c")}


def test_a_photo_that_was_away_keeps_its_labels_unless_it_is_pruned(
    three: Collection, photos: Path, tmp_path: Path
) -> None:
    for prune in (False, True):
        (photos / "0000.png").rename(tmp_path / "away.png")
        three.add([photos], jobs=1, prune=prune)
        (tmp_path / "away.png").rename(photos / "0000.png")
        three.add([photos], jobs=1)
        assert ("0000.png" in labels_of(three)) is not prune


def test_labels_survive_a_lost_index_and_another_recipe(three: Collection, photos: Path) -> None:
    three.close()
    shutil.rmtree(three.directory / "derived")
    engine = fakes.engine(index_hash="index-2")
    with Collection.open(three.directory, engine=lambda _: engine) as other:
        assert other.search(photos / "0000.png").results[0].path == "0000.png"
        assert labels_of(other) == KEPT
        assert other.check().ok


def test_repair_keeps_labels(three: Collection, photos: Path) -> None:
    with sqlite3.connect(three.directory / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE descriptions SET data = x'00'")
    catalog.close()
    assert three.check(repair=True).ok
    assert three.label_counts() == {}  # nothing can be searched at the moment
    assert three.add([photos], jobs=1).inherited == 0
    assert labels_of(three) == KEPT


def test_a_repaired_photo_that_was_edited_meanwhile_keeps_labels(
    three: Collection, photos: Path
) -> None:
    with sqlite3.connect(three.directory / "catalog.sqlite") as catalog:
        catalog.execute("UPDATE descriptions SET data = x'00'")
    catalog.close()
    three.check(repair=True)
    fakes.save_photo(photos / "0000.png", 70)
    assert three.add([photos], jobs=1).inherited == 1
    assert labels_of(three) == KEPT


def test_labels_survive_a_damaged_page(three: Collection, photos: Path) -> None:
    three.close()
    path = three.directory / "catalog.sqlite"
    with sqlite3.connect(path) as catalog:
        (page,) = catalog.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'descriptions_of_content'"
        ).fetchone()
    catalog.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    with Collection.open(three.directory, engine=lambda _: fakes.engine()) as collection:
        assert collection.check(repair=True).ok
        collection.add([photos], jobs=1)
        assert labels_of(collection) == KEPT


def test_a_quarantined_photo_that_comes_back_has_its_labels(
    three: Collection, photos: Path
) -> None:
    whole = (photos / "0000.png").read_bytes()
    (photos / "0000.png").write_bytes(whole[:100])
    assert len(three.add([photos], jobs=1).quarantined) == 1
    assert labels_of(three) == {"0001.png": ("b", "c")}
    (photos / "0000.png").write_bytes(whole)
    three.add([photos], jobs=1)
    assert labels_of(three) == KEPT


def test_labels_given_in_quarantine_come_out_of_it(empty: Collection, photos: Path) -> None:
    fakes.save_photo(photos / "ok.png", 1)
    (photos / "bad.png").write_bytes((photos / "ok.png").read_bytes()[:100])
    empty.add([photos], jobs=1)
    assert empty.apply_labels(empty.labels_from_folders(photos.parent).labels) == 2
    assert empty.label_counts() == {"photos": 1}
    fakes.save_photo(photos / "bad.png", 2)
    assert empty.add([photos], jobs=1).inherited == 1
    assert empty.label_counts() == {"photos": 2}


def test_a_photo_edited_in_place_keeps_its_labels(three: Collection, photos: Path) -> None:
    old = content_of(three, "0001.png")
    kept = (photos / "0001.png").read_bytes()
    for seed in (100, 101):
        fakes.save_photo(photos / "0001.png", seed)
        report = three.add([photos], jobs=1, prune=seed == 101)
        assert (report.changed, report.inherited) == (1, 1)
        assert labels_of(three) == KEPT
        assert content_of(three, "0001.png") != old
    (photos / "0001.png").write_bytes(kept)
    three.add([photos], jobs=1)
    assert labels_of(three) == KEPT
    assert three.check().ok


def test_an_edited_photo_takes_the_labels_of_its_day(three: Collection, photos: Path) -> None:
    """What was said of the edited photo is not said of the old one, and the other way round."""
    kept = (photos / "0000.png").read_bytes()
    fakes.save_photo(photos / "0000.png", 100)
    three.add([photos], jobs=1)
    three.set_labels(content_of(three, "0000.png"), ["edited"])
    (photos / "0000.png").write_bytes(kept)
    assert three.add([photos], jobs=1).inherited == 0
    assert labels_of(three) == KEPT


def test_photos_that_change_names_take_their_own_labels_along(
    three: Collection, photos: Path
) -> None:
    """0000 is deleted and the others move up: the unlabelled one must not become an a or b."""
    for number in (1, 2):
        (photos / f"000{number}.png").replace(photos / f"000{number - 1}.png")
    report = three.add([photos], jobs=1)
    assert (report.changed, report.inherited) == (2, 0)
    assert labels_of(three) == {"0000.png": ("b", "c")}


def test_a_copy_that_is_edited_has_the_labels_and_the_other_copy_keeps_them(
    three: Collection, photos: Path
) -> None:
    shutil.copy(photos / "0000.png", photos / "copy.png")
    three.add([photos], jobs=1)
    fakes.save_photo(photos / "copy.png", 100)
    assert three.add([photos], jobs=1).inherited == 1
    assert labels_of(three) == {**KEPT, "copy.png": ("a",)}


@pytest.mark.parametrize("batch", [1, 64])
def test_photos_that_become_the_same_hand_on_all_their_labels(
    three: Collection, photos: Path, batch: int
) -> None:
    """The first file of the new content is a new one, which has no labels to hand on."""
    fakes.save_photo(photos / "0.png", 100)
    for name in NAMES:
        shutil.copy(photos / "0.png", photos / name)
    report = three.add([photos], jobs=1, limits=Limits(batch=batch))
    assert (report.added, report.changed, report.inherited) == (1, 3, 2)
    assert labels_of(three) == {"0.png": ("a", "b", "c")}


def test_labels_are_handed_on_in_the_transaction_that_switches_the_path(
    three: Collection, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from relook.collection import writer as writing

    fakes.save_photo(photos / "0000.png", 100)
    fakes.save_photo(photos / "0001.png", 101)
    before, real, calls = three.check().digest, writing._hand_on_labels, []

    def fail_later(connection: sqlite3.Connection, entry: writing.Entry, content: int) -> bool:
        done = real(connection, entry, content)
        calls.append(entry)
        if len(calls) == 2:
            raise sqlite3.OperationalError("disk I/O error")
        return done

    monkeypatch.setattr(writing, "_hand_on_labels", fail_later)
    with pytest.raises(CollectionError, match="disk I/O error"):
        three.add([photos], jobs=1)
    monkeypatch.undo()
    assert three.check().digest == before
    assert labels_of(three) == KEPT
    assert three.add([photos], jobs=1).inherited == 2
    assert labels_of(three) == KEPT


def test_a_file_that_cannot_be_read_for_a_while_has_its_labels_afterwards(
    three: Collection, photos: Path, tmp_path: Path
) -> None:
    with sqlite3.connect(three.directory / "catalog.sqlite") as catalog:
        catalog.execute(
            "UPDATE paths SET content = NULL, reason = 'the file cannot be read', mtime_ns = 0 "
            "WHERE path = '0000.png'"
        )
    catalog.close()
    assert labels_of(three) == {"0001.png": ("b", "c")}
    three.add([photos], jobs=1)
    assert labels_of(three) == KEPT


def test_an_edited_file_added_by_name_alone_keeps_its_labels(
    three: Collection, photos: Path
) -> None:
    fakes.save_photo(photos / "0000.png", 100)
    three.add([photos / "0000.png"], jobs=1)
    assert labels_of(three) == KEPT
