"""What is made of a whole index follows it, is kept on the disk, and is no loss when lost."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from collection import fakes
from relook.collection import Collection
from relook.core.errors import FormatError, StorageError
from relook.search.engine import Companion


@dataclass(frozen=True)
class Census:
    """Ids of the index; a file of them."""

    ids: tuple[int, ...] = ()
    name: str = ""

    def save(self, folder: Path):
        name = self.name or f"{len(self.ids)}-{sum(self.ids)}.census"
        (folder / name).write_text(json.dumps(self.ids))
        return {"file": name}

    def files(self):
        return (f"{len(self.ids)}-{sum(self.ids)}.census",)


class Watch:
    """Makes engines with a companion, and counts what is done for it."""

    def __init__(self):
        self.followed, self.loaded = [], 0

    def follow(self, thing, index):
        ids = tuple(index.ids.tolist())
        self.followed.append((thing.ids, ids))
        return thing if thing.ids == ids else Census(ids)

    def load(self, folder, state):
        self.loaded += 1
        name = state["file"]
        try:
            return Census(tuple(json.loads((folder / name).read_text())), name)
        except ValueError as error:
            raise FormatError("damaged") from error

    def engine(self, parameters="census-1"):
        companion = Companion(
            name="census",
            channel="local",
            parameters=parameters,
            make=Census,
            load=self.load,
            follow=self.follow,
        )

        def find(sources, codes, top):
            self.seen = sources.companion("census")
            self.same = sources.companion("census") is self.seen
            return fakes.find(sources, codes, top)

        return replace(fakes.engine(), companions=(companion,), find=find)


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def opened(filled, watch):
    """The directory of a collection of 20 photos whose engine has a companion."""

    def open_it(parameters="census-1"):
        return Collection.open(filled.directory, engine=lambda _: watch.engine(parameters))

    return open_it


PIXELS = np.zeros((32, 32, 3), np.uint8)


def test_it_is_made_once_and_read_back(opened, watch):
    for _ in range(2):
        with opened() as collection:
            collection.search(PIXELS)
            collection.search(PIXELS)
            assert watch.seen.ids == tuple(range(1, 21))
            assert watch.same
            assert collection.check().ok
    assert watch.followed == [((), tuple(range(1, 21)))]
    assert watch.loaded == 1


def test_it_follows_what_is_added_and_removed(opened, watch, tmp_path):
    fakes.save_photos(tmp_path / "more", 2, start=50)
    with opened() as collection:
        collection.search(PIXELS)
        collection.add([tmp_path / "more"], jobs=1)
        assert watch.followed[-1] == (tuple(range(1, 21)), tuple(range(1, 23)))
        collection.remove([3])
        collection.search(PIXELS)
        assert 3 not in watch.seen.ids
        assert len(watch.followed) == 3
        folder = collection.directory / "derived" / "census"
        assert len(list(folder.glob("*.census"))) == 1


def test_other_parameters_make_another(opened, watch):
    for parameters in ("census-1", "census-2"):
        with opened(parameters) as collection:
            collection.search(PIXELS)
    assert watch.followed == [((), tuple(range(1, 21)))] * 2


@pytest.mark.parametrize("text", ["[", "[1, 2"])
def test_a_damaged_one_is_named_and_made_again(opened, watch, text):
    with opened() as collection:
        collection.search(PIXELS)
    (file,) = (collection.directory / "derived" / "census").glob("*.census")
    file.write_text(text.ljust(file.stat().st_size))
    with opened() as collection:
        assert collection.check().problems == (f"the census is damaged ({file.name})",)
        collection.search(PIXELS)
        assert len(watch.seen.ids) == 20


def test_a_full_disk_leaves_it_in_memory(opened, watch, monkeypatch):
    def fail(self, folder):
        raise StorageError("the disk is full")

    monkeypatch.setattr(Census, "save", fail)
    with opened() as collection:
        collection.search(PIXELS)
        collection.search(PIXELS)
        assert watch.seen.ids == tuple(range(1, 21))
        assert len(watch.followed) == 1
        assert not (collection.directory / "derived" / "census" / "manifest.json").exists()
