"""Derived files may be lost, damaged, old or foreign: the answers stay the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from collection import fakes
from relook.collection import Collection
from relook.collection.derived import Derived
from relook.collection.records import Generation
from relook.collection.search_index import SearchIndex


def answers(collection: Collection, twenty: Path) -> list[list[tuple[str, float]]]:
    queries = sorted((twenty / "photos").iterdir())[::4]
    return [
        [(hit.path, round(hit.score, 6)) for hit in collection.search(query).results]
        for query in queries
    ]


def reopen(directory: Path, **options: str) -> Collection:
    return Collection.open(directory, engine=lambda _: fakes.engine(**options))  # type: ignore[arg-type]


def folder_of(collection: Collection) -> Path:
    return collection.directory / "derived" / "search"


def test_a_manifest_is_read_back(tmp_path: Path) -> None:
    derived = Derived(tmp_path / "thing")
    derived.prepare()
    (derived.folder / "a").write_bytes(b"abc")
    derived.publish(Generation("u", 3), parameters="p", state={"x": [1]}, files=["a"])
    manifest = derived.read(parameters="p")
    assert manifest is not None
    assert manifest.generation == Generation("u", 3)
    assert manifest.state == {"x": [1]}
    assert manifest.files["a"][0] == 3
    assert derived.damaged(manifest) == []
    assert derived.read(parameters="q") is None
    (derived.folder / "a").write_bytes(b"abd")
    assert derived.damaged(manifest) == ["a"]


def test_files_that_nobody_refers_to_are_swept(tmp_path: Path) -> None:
    derived = Derived(tmp_path / "thing")
    derived.prepare()
    for name in ("a", "b", ".manifest.json.99.part"):
        (derived.folder / name).write_bytes(b"x")
    derived.publish(Generation("u", 1), parameters="p", state={}, files=["b"])
    assert {path.name for path in derived.folder.iterdir()} == {"b", "manifest.json"}


@pytest.mark.parametrize("damage", ["gone", "text", "empty", "kind", "version", "cut", "lost"])
def test_whatever_is_wrong_with_derived_files_they_are_made_again(
    filled: Collection, twenty: Path, damage: str
) -> None:
    expected = answers(filled, twenty)
    folder = folder_of(filled)
    manifest = folder / "manifest.json"
    content = json.loads(manifest.read_text())
    segment = next(path for path in folder.iterdir() if path != manifest)
    match damage:
        case "gone":
            shutil.rmtree(folder)
        case "text":
            manifest.write_text("{")
        case "empty":
            manifest.write_bytes(b"")
        case "kind" | "version":
            manifest.write_text(json.dumps({**content, damage: "other"}))
        case "cut":
            data = segment.read_bytes()
            segment.unlink()
            segment.write_bytes(data[: len(data) // 2])
        case "lost":
            segment.unlink()
    with reopen(filled.directory) as again:
        assert answers(again, twenty) == expected
        assert again.check().ok


def test_damaged_bytes_of_a_segment_are_found_and_repaired(
    filled: Collection, twenty: Path
) -> None:
    expected = answers(filled, twenty)
    folder = folder_of(filled)
    segment = next(path for path in folder.iterdir() if path.suffix != ".json")
    data = bytearray(segment.read_bytes())
    data[-100] ^= 0xFF
    segment.unlink()
    segment.write_bytes(bytes(data))
    with reopen(filled.directory) as again:
        report = again.check()
        assert not report.ok
        assert "search index is damaged" in report.problems[0]
        assert again.check(repair=True).ok
        assert answers(again, twenty) == expected
        assert again.check().problems == ()


def test_another_setting_of_the_index_builds_it_again(filled: Collection) -> None:
    before = {path.name for path in folder_of(filled).iterdir()}
    with reopen(filled.directory, index_hash="index-2") as again:
        again.search(np.zeros((32, 32, 3), np.uint8))
    after = {path.name for path in folder_of(filled).iterdir()}
    assert before & after == {"manifest.json"}


def test_a_restored_backup_of_the_catalog_is_noticed(
    filled: Collection, twenty: Path, tmp_path: Path
) -> None:
    filled.close()
    with reopen(filled.directory) as collection:
        expected = answers(collection, twenty)
    shutil.copy(filled.directory / "catalog.sqlite", tmp_path / "backup")
    fakes.save_photos(tmp_path / "more", 3, start=100)
    with reopen(filled.directory) as collection:
        collection.add([tmp_path / "more"], jobs=1)
    shutil.copy(tmp_path / "backup", filled.directory / "catalog.sqlite")
    fakes.save_photos(tmp_path / "others", 3, start=200)
    with reopen(filled.directory) as collection:
        assert answers(collection, twenty) == expected
        # The same counters and ids as before the restore, but other photos.
        collection.add([tmp_path / "others"], jobs=1)
        hit = collection.search(tmp_path / "others" / "0201.png").results[0]
        assert (hit.path, round(hit.score, 4)) == ("0201.png", 1.0)
        lost = collection.search(tmp_path / "more" / "0101.png").results[0]
        assert lost.score < 0.5
        assert collection.check().ok


def test_a_derived_index_from_before_a_restore_is_not_trusted_later(
    filled: Collection, tmp_path: Path
) -> None:
    filled.close()
    shutil.copy(filled.directory / "catalog.sqlite", tmp_path / "backup")
    fakes.save_photos(tmp_path / "a", 3, start=100)
    fakes.save_photos(tmp_path / "b", 3, start=200)
    with reopen(filled.directory) as collection:
        collection.add([tmp_path / "a"], jobs=1)
    shutil.copytree(folder_of(filled), tmp_path / "derived")
    shutil.copy(tmp_path / "backup", filled.directory / "catalog.sqlite")
    with reopen(filled.directory) as collection:
        collection.add([tmp_path / "b"], jobs=1)
    shutil.rmtree(folder_of(filled))
    shutil.copytree(tmp_path / "derived", folder_of(filled))
    with reopen(filled.directory) as collection:
        hit = collection.search(tmp_path / "b" / "0200.png").results[0]
        assert (hit.path, round(hit.score, 4)) == ("0200.png", 1.0)


def test_an_index_built_in_blocks_equals_one_built_at_once(
    filled: Collection, twenty: Path
) -> None:
    expected = answers(filled, twenty)
    shutil.rmtree(folder_of(filled))
    index = SearchIndex(filled.directory, filled._catalog, filled.engine.channel("local"), block=3)
    index.refresh()
    files = [path.suffix for path in folder_of(filled).iterdir()]
    assert len(files) >= 2
    with reopen(filled.directory) as again:
        assert answers(again, twenty) == expected


def test_many_small_additions_are_compacted(filled: Collection, tmp_path: Path) -> None:
    from relook.collection.writer import Content, Entry, Writer

    describer = fakes.FakeDescriber()
    for number in range(40):
        image = fakes.save_photo(tmp_path / "x" / f"{number}.png", 300 + number)
        from relook.images import read

        content = Content(number.to_bytes(32), 1, descriptions=describer.describe(read(image)))
        with Writer(filled.directory) as writer:
            writer.write([Entry(1, f"x{number}.png", 1, 1, content=content)])
        filled._shelves.refresh()
    files = list(folder_of(filled).iterdir())
    assert len(files) <= 14
    assert len(filled._shelves.index("local").ids) == 60
    assert filled.check().ok


def test_an_open_collection_follows_what_another_process_writes(
    filled: Collection, tmp_path: Path
) -> None:
    new = fakes.save_photo(tmp_path / "new" / "n.png", 500)
    assert filled.search(new).results[0].score < 0.5
    with reopen(filled.directory) as other:
        other.add([new], jobs=1)
        other.remove(["0003.png"])
    assert filled.search(new).results[0].path == "n.png"
    assert all(hit.path != "0003.png" for hit in filled.search(new, top=50).results)


def test_following_a_writer_for_long_does_not_pile_up_segments(
    filled: Collection, tmp_path: Path
) -> None:
    from relook.collection.writer import Writer

    for number in range(1, 20):
        with Writer(filled.directory) as writer:
            writer.forget([(1, f"{number:04d}.png")])
        filled._shelves.index("local")
        assert filled._shelves._indexes["local"]._steps <= 16
    assert len(filled._shelves.index("local").ids) == 1
    assert filled.check().ok


def test_catching_up_in_memory_when_another_process_writes_the_index(
    filled: Collection, tmp_path: Path
) -> None:
    from relook.collection.lock import FileLock

    new = fakes.save_photo(tmp_path / "new" / "n.png", 500)
    manifest = (folder_of(filled) / "manifest.json").read_bytes()
    with FileLock(filled.directory / "derived.lock"):
        filled.add([new], jobs=1)
        assert filled.search(new).results[0].path == "n.png"
        assert (folder_of(filled) / "manifest.json").read_bytes() == manifest
