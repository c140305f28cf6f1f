"""A collection with a network's vectors, local features and a graph: it lives, and is damaged."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import relook
from oracles import tiny
from relook.collection import Collection
from relook.core.errors import RelookError
from relook.descriptors.packing import pack_vectors
from relook.reranking import NeighborGraph

DIFFUSE = "diffuse = { neighbors = 3, query_neighbors = 2 }"
FOLDERS = ("search", "search-global", "graph")


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a network, photos and a collection by both channels; copy what you change."""
    folder = tmp_path_factory.mktemp("channels")
    tiny.write_network(folder)
    tiny.save_photos(folder / "photos", range(3))
    recipe = tiny.recipe(folder, "both", plan=DIFFUSE, local=True)
    with relook.create(folder / "collection", recipe=recipe) as collection:
        assert collection.add([folder / "photos"], jobs=1).added == 9
    return folder


@pytest.fixture
def directory(made, tmp_path):
    shutil.copytree(made / "collection", tmp_path / "c")
    return tmp_path / "c"


def found(collection, photo):
    return [(hit.path, round(hit.score, 4)) for hit in collection.search(photo, top=100).results]


def graph(collection):
    folder = collection.directory / "derived" / "graph"
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    return NeighborGraph.load(folder, manifest["state"])


def check_graph(collection):
    """What lies on the disk is what is made anew from the stored vectors."""
    codes = collection.codes(range(1, 100), channel="global")
    ids = np.array(sorted(codes))
    anew = NeighborGraph.build(ids, np.concatenate([codes[id_] for id_ in ids.tolist()]), k=3)
    kept = graph(collection)
    np.testing.assert_array_equal(kept.ids, anew.ids)
    np.testing.assert_array_equal(kept.neighbors, anew.neighbors)
    np.testing.assert_allclose(kept.similarities, anew.similarities, atol=1e-6)


def replace_description(directory, content, data):
    """Swap the global description of a picture by hand, with a checksum that fits."""
    connection = sqlite3.connect(directory / "catalog.sqlite")
    with connection:
        connection.execute(
            "UPDATE descriptions SET data = ?, crc = ? WHERE content = ? AND channel = 'global'",
            (data, zlib.crc32(data), content),
        )
    connection.close()


def test_everything_is_derived_and_sound(directory):
    with relook.open(directory) as collection:
        assert sorted(path.name for path in (directory / "derived").iterdir()) == sorted(FOLDERS)
        assert collection.check().problems == ()
        check_graph(collection)
        assert collection.info().images == 9


def test_what_another_process_adds_is_found_and_is_in_the_graph(directory, made, tmp_path):
    files = tiny.save_photos(tmp_path / "more", [7], views=(0, 1))
    with relook.open(directory) as collection:
        before = found(collection, files[0])
        script = Path(__file__).with_name("vectors.py")
        subprocess.run(
            [sys.executable, str(script), str(directory), str(tmp_path / "more")], check=True
        )
        after = found(collection, files[0])
        assert len(after) == len(before) + 2
        assert {path for path, _ in after[:2]} == {"t7v0.png", "t7v1.png"}
        check_graph(collection)
        collection.remove(["t7v1.png", "t0v0.png"])
        assert len(found(collection, files[0])) == 9
        check_graph(collection)
        assert collection.check().ok
    with relook.open(directory) as again:
        assert len(found(again, files[0])) == 9
        collection_of_the_same = found(again, made / "photos" / "t1v1.png")
    shutil.rmtree(directory / "derived")
    with relook.open(directory) as anew:
        assert found(anew, made / "photos" / "t1v1.png") == collection_of_the_same


def _lose(path):
    path.unlink()


def _cut(path):
    path.write_bytes(path.read_bytes()[:-5])


def _flip(path):
    data = bytearray(path.read_bytes())
    data[-3] ^= 0xFF
    path.write_bytes(bytes(data))


def _blank(path):
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("damage", [_lose, _cut, _blank])
@pytest.mark.parametrize("folder", FOLDERS)
def test_derived_files_that_are_lost_or_damaged_are_made_again(directory, made, folder, damage):
    with relook.open(directory) as collection:
        wanted = found(collection, made / "photos" / "t1v1.png")
    for path in (directory / "derived" / folder).iterdir():
        if path.name != "manifest.json":
            damage(path)
    with relook.open(directory) as collection:
        assert found(collection, made / "photos" / "t1v1.png") == wanted
        assert collection.check().ok
        check_graph(collection)


@pytest.mark.parametrize(
    ("folder", "name"), [("search-global", "global search index"), ("graph", "graph")]
)
def test_a_damaged_file_is_named_and_repaired(directory, made, folder, name):
    with relook.open(directory) as collection:
        wanted = found(collection, made / "photos" / "t1v1.png")
    paths = [p for p in (directory / "derived" / folder).iterdir() if p.name != "manifest.json"]
    for path in paths:
        _flip(path)
    (directory / "derived" / ".DS_Store").write_bytes(b"left by a desktop")
    with relook.open(directory) as collection:
        problems = collection.check().problems
        assert problems == tuple(f"the {name} is damaged ({path.name})" for path in paths)
        assert collection.check(repair=True).ok
        assert found(collection, made / "photos" / "t1v1.png") == wanted
        check_graph(collection)


def test_a_manifest_of_nonsense_is_made_again(directory, made):
    with relook.open(directory) as collection:
        wanted = found(collection, made / "photos" / "t1v1.png")
    for folder in FOLDERS:
        (directory / "derived" / folder / "manifest.json").write_text("{}")
    with relook.open(directory) as collection:
        assert len(collection.check().problems) == 3
        assert found(collection, made / "photos" / "t1v1.png") == wanted


def test_a_crash_between_index_and_graph_does_no_harm(directory, made, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(directory / "derived" / "graph", old)
    with relook.open(directory) as collection:
        collection.remove(["t0v0.png"])
        wanted = found(collection, made / "photos" / "t1v1.png")
    shutil.rmtree(directory / "derived" / "graph")
    shutil.copytree(old, directory / "derived" / "graph")
    (directory / "derived" / "graph" / "half.neighbor-graph").write_bytes(b"half")
    with relook.open(directory) as collection:
        assert collection.check().ok
        assert found(collection, made / "photos" / "t1v1.png") == wanted
        check_graph(collection)
    assert not (directory / "derived" / "graph" / "half.neighbor-graph").exists()


def test_a_directory_that_cannot_be_written_is_searched_in_memory(directory, made, monkeypatch):
    """As root may write anywhere, the lock fails instead, as it does on a read-only disk."""
    from relook.collection.lock import FileLock
    from relook.core.errors import CollectionError

    with relook.open(directory) as collection:
        wanted = found(collection, made / "photos" / "t1v1.png")
    shutil.rmtree(directory / "derived")

    def refuse(self):
        raise CollectionError("read-only")

    monkeypatch.setattr(FileLock, "try_acquire", refuse)
    with relook.open(directory) as collection:
        assert found(collection, made / "photos" / "t1v1.png") == wanted
        assert found(collection, made / "photos" / "t1v1.png") == wanted
    assert not (directory / "derived").exists()


BLOBS = {
    "another dimension": pack_vectors(np.full((1, 12), 0.25, np.float32)),
    "several vectors": pack_vectors(np.full((2, tiny.DIMENSIONS), 0.1, np.float32)),
    "not finite": pack_vectors(np.zeros((1, 2), np.float32))[:-2] + b"\xff\xff",
    "no vector at all": b"vd",
}


@pytest.mark.parametrize("data", BLOBS.values(), ids=BLOBS)
def test_a_description_that_does_not_belong_here_is_named_and_left_out(directory, made, data):
    photo = made / "photos" / "t1v1.png"
    replace_description(directory, 4, data)
    shutil.rmtree(directory / "derived")
    with relook.open(directory) as collection:
        result = collection.search(photo, top=100)
        assert result.skipped == 1
        report = collection.check()
        assert [line[:10] for line in report.problems] == ["picture 4:"]
        # Its local features are sound, so that it is found by these.
        assert len(result.results) == 9
    with relook.open(directory) as again:  # where the index comes from the disk
        assert again.search(photo).skipped == 1
        assert again.check(repair=True).ok
        assert again.search(photo).skipped == 0
        assert again.add([made / "photos"], jobs=1).added == 1
        assert len(again.search(photo, top=100).results) == 9
        check_graph(again)


def test_a_lone_collection_and_an_empty_one_are_harmless(made, tmp_path):
    photo = made / "photos" / "t1v1.png"
    with relook.create(tmp_path / "c", recipe=made / "both.toml") as collection:
        assert collection.search(photo, top=1000).results == ()
        assert collection.check().ok
        collection.add([photo], jobs=1)
        (hit,) = collection.search(photo, top=1000).results
        assert hit.verified
        assert collection.search(made / "photos" / "t2v0.png").results[0].path == "t1v1.png"
        assert collection.search(photo, exclude_self=True).results == ()
        assert collection.check().ok
        collection.remove(["t1v1.png"])
        assert collection.search(photo).results == ()


def test_threads_search_while_another_adds_and_removes(directory, made, tmp_path):
    files = tiny.save_photos(tmp_path / "more", [8, 9])
    photo = made / "photos" / "t1v1.png"
    stop, failures, counts = threading.Event(), [], []
    with relook.open(directory) as collection:

        def search():
            while not stop.is_set():
                try:
                    counts.append(len(collection.search(photo, top=100).results))
                except Exception as error:  # noqa: BLE001 - all are failures
                    failures.append(error)
                    return

        threads = [threading.Thread(target=search) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            collection.add([tmp_path / "more"], jobs=1)
            for file in files[:3]:
                collection.remove([file])
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert failures == []
        assert set(counts) <= set(range(9, 16))
        last = found(collection, photo)
        assert len(last) == 12
    with relook.open(directory) as again:  # threads that were in each other's way kept nothing
        assert found(again, photo) == last
        check_graph(again)


def test_without_its_weights_a_collection_opens_tells_and_is_checked(made, tmp_path):
    shutil.copytree(made, tmp_path / "away")
    recipe = tiny.recipe(tmp_path / "away", "own", plan=DIFFUSE)
    with relook.create(tmp_path / "c", recipe=recipe) as collection:
        collection.add([made / "photos"], jobs=1)
    for path in (tmp_path / "away").glob("tiny*"):
        path.unlink()
    with relook.open(tmp_path / "c") as collection:
        assert collection.info().images == 9
        assert collection.check().ok
        assert collection.remove(["t0v0.png"]) == 1
        with pytest.raises(RelookError, match=r"tiny-alexnet.safetensors are not here; bring"):
            collection.search(made / "photos" / "t1v1.png")
        with pytest.raises(RelookError, match=r"tiny-alexnet.safetensors are not here; bring"):
            collection.add(tiny.save_photos(tmp_path / "more", [7]), jobs=1)
        assert collection.info().images == 8
    shutil.rmtree(tmp_path / "c" / "derived")
    with relook.open(tmp_path / "c") as collection:
        assert collection.check().ok
        replace_description(tmp_path / "c", 4, b"vd")
        assert collection.check(repair=True).ok
        assert collection.remove(["t0v1.png"]) == 1
        assert collection.info().images == 6


def test_collections_of_other_recipes_say_that_they_cannot_be_mixed(made, directory):
    from relook.core.errors import RecipeMismatchError
    from relook.search import load_recipe, make_engine

    recipe = load_recipe(made / "both.toml")
    for key, value in {"channels.global.flip": "true", "channels.local.longest": "300"}.items():
        engine = make_engine(recipe.with_settings({key: value}))
        with (
            Collection.open(directory, engine=lambda _, one=engine: one) as collection,
            pytest.raises(RecipeMismatchError, match="cannot be mixed"),
        ):
            collection.search(made / "photos" / "t1v1.png")
