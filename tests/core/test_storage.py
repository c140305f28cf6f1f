"""Arrays on disk: what was written comes back, and nothing else is believed."""

from __future__ import annotations

import errno
import json
import os
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from safetensors.numpy import load_file

from relook.core import storage
from relook.core.errors import FormatError, StorageError
from relook.core.storage import load_arrays, save_arrays, write_whole

TYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]
THING = {"kind": "thing", "version": 3}


def write(path, **arrays):
    save_arrays(path, arrays, **THING, header={"note": "é", "list": [1, None, {"a": 2.5}]})
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all examples of a property."""
    return tmp_path_factory.mktemp("storage")


@given(data=st.data())
def test_arrays_of_every_type_and_the_header_come_back(folder, data):
    content = {
        name: data.draw(arrays(np.dtype(kind), array_shapes(min_dims=0, min_side=0, max_side=4)))
        for name, kind in data.draw(
            st.dictionaries(st.text(max_size=5), st.sampled_from(TYPES), max_size=4)
        ).items()
        if name != "__metadata__"
    }
    path = folder / "thing.safetensors"
    save_arrays(path, content, **THING, header={"names": sorted(content)})
    stored = load_arrays(path, **THING)
    assert stored.header == {"names": sorted(content)}
    assert stored.arrays.keys() == content.keys()
    for name, array in content.items():
        assert stored.arrays[name].dtype == array.dtype
        assert stored.arrays[name].shape == array.shape
        np.testing.assert_array_equal(stored.arrays[name], array)


def test_empty_arrays_keep_their_shape_and_type(tmp_path):
    path = write(
        tmp_path / "a", none=np.zeros((0, 7), np.uint16), plain=np.float32(2.5).reshape(())
    )
    stored = load_arrays(path, **THING).arrays
    assert stored["none"].shape == (0, 7)
    assert stored["none"].dtype == np.uint16
    assert stored["plain"].shape == ()


def test_arrays_are_mapped_and_cannot_be_changed(tmp_path):
    path = write(tmp_path / "a", big=np.arange(1000), odd=np.arange(6).reshape(2, 3).T)
    stored = load_arrays(path, **THING).arrays
    assert isinstance(stored["big"], np.memmap)
    assert not stored["big"].flags.writeable
    np.testing.assert_array_equal(stored["odd"], np.arange(6).reshape(2, 3).T)


def test_any_safetensors_reader_opens_the_file(tmp_path):
    path = write(tmp_path / "a", big=np.arange(10, dtype=np.int32))
    np.testing.assert_array_equal(load_file(path)["big"], np.arange(10))


def test_another_kind_and_a_newer_version_say_what_they_are(tmp_path):
    path = write(tmp_path / "a", x=np.arange(3))
    with pytest.raises(FormatError, match="holds thing, not index"):
        load_arrays(path, kind="index", version=3)
    with pytest.raises(FormatError, match=r"newer relook .*format 3, this one reads up to 2"):
        load_arrays(path, kind="thing", version=2)
    assert load_arrays(path, kind="thing", version=4).header["note"] == "é"


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    path = write(tmp_path / "a", x=np.arange(5), y=np.ones((2, 2), np.float32))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError):
            load_arrays(path, **THING)


HEADERS = [
    b"12",
    b"[]",
    b"null",
    b'"text"',
    b"{}",
    b"{",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"__metadata__": null}',
    b'{"__metadata__": []}',
    b'{"__metadata__": {"kind": "thing"}}',
    b'{"__metadata__": {"kind": "thing", "version": "new"}}',
    b'{"__metadata__": {"kind": "thing", "version": null, "header": "{}"}}',
    b'{"__metadata__": {"kind": "thing", "version": "3", "header": "{"}}',
    b'{"__metadata__": {"kind": "thing", "version": "3", "header": 3}}',
    b'{"__metadata__": {"kind": "thing", "version": "3", "header": "3"}}',
]
ENTRIES = [
    3,
    "text",
    [],
    {},
    {"dtype": "F32", "shape": [1], "data_offsets": [0]},
    {"dtype": "F32", "shape": [1], "data_offsets": ["0", "4"]},
    {"dtype": "F33", "shape": [1], "data_offsets": [0, 4]},
    {"dtype": [], "shape": [1], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": ["1"], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]},
    {"dtype": "F32", "shape": [1], "data_offsets": [60, 64]},
    {"dtype": "F32", "shape": [1 << 62, 4], "data_offsets": [0, 0]},
    {"dtype": "F32", "shape": [1 << 32, 1 << 32], "data_offsets": [0, 0]},
    {"dtype": "F32", "shape": [1 << 80], "data_offsets": [0, 4]},
    {"dtype": "F32", "shape": [1] * 200, "data_offsets": [0, 4]},
]


def raw(path, head):
    path.write_bytes(struct.pack("<Q", len(head)) + head + bytes(32))
    return path


@pytest.mark.parametrize("head", HEADERS, ids=range(len(HEADERS)))
def test_a_header_that_makes_no_sense_is_refused(tmp_path, head):
    with pytest.raises(FormatError):
        load_arrays(raw(tmp_path / "a", head), **THING)


@pytest.mark.parametrize("entry", ENTRIES, ids=range(len(ENTRIES)))
def test_an_entry_that_makes_no_sense_is_refused(tmp_path, entry):
    good = {"kind": "thing", "version": "3", "header": "{}"}
    head = json.dumps({"__metadata__": good, "x": entry}).encode()
    with pytest.raises(FormatError):
        load_arrays(raw(tmp_path / "a", head), **THING)


@given(
    damage=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=3)
)
def test_damaged_bytes_raise_nothing_but_our_errors(folder, damage):
    path = write(folder / "a", x=np.arange(4, dtype=np.int32), y=np.zeros((0, 3)))
    content = bytearray(path.read_bytes())
    for place, value in damage:
        content[place % len(content)] = value
    path.write_bytes(bytes(content))
    with suppress(FormatError):
        load_arrays(path, **THING)


def test_a_missing_file_and_a_folder_cannot_be_read(tmp_path):
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(StorageError, match="cannot read") as raised:
            load_arrays(path, **THING)
        assert not isinstance(raised.value, FormatError)


def test_files_are_replaced_whole(tmp_path):
    path = write(tmp_path / "a", x=np.arange(3))
    mapped = load_arrays(path, **THING).arrays["x"]
    write(path, x=np.arange(9))
    np.testing.assert_array_equal(mapped, [0, 1, 2])  # what was open stays what it was
    assert len(load_arrays(path, **THING).arrays["x"]) == 9
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


class FullDisk:
    """Stands for a file on a disk that has no room left after some bytes."""

    def __init__(self, file):
        self.file = file

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()

    def write(self, content):
        self.file.write(content[: len(content) // 2])
        self.file.flush()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_changes_nothing_and_leaves_nothing_behind(tmp_path, monkeypatch):
    path = write(tmp_path / "a", x=np.arange(3))
    before = path.read_bytes()
    plain_open = Path.open
    monkeypatch.setattr(Path, "open", lambda self, mode: FullDisk(plain_open(self, mode)))
    with pytest.raises(StorageError, match="No space left on device; nothing was changed"):
        write(path, x=np.arange(9))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_a_failure_at_the_last_moment_changes_nothing(tmp_path, monkeypatch):
    path = write(tmp_path / "a", x=np.arange(3))
    before = path.read_bytes()

    def fail(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(storage.os, "fsync", fail)
    with pytest.raises(StorageError, match="nothing was changed"):
        write_whole(path, b"new")
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_a_folder_that_is_not_there_cannot_be_written_to(tmp_path):
    with pytest.raises(StorageError, match="cannot write"):
        write_whole(tmp_path / "nowhere" / "a", b"content")


def test_a_file_may_be_named_by_a_string(tmp_path):
    name = str(tmp_path / "a.safetensors")
    save_arrays(name, {"a": np.arange(3)}, kind="test", version=1)
    assert load_arrays(name, kind="test", version=1).arrays["a"].tolist() == [0, 1, 2]
