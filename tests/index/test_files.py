"""An index on disk: mapped, never overwritten, and damage is noticed."""

from __future__ import annotations

import json
import zlib

import numpy as np
import pytest

from oracles.aggregates import aggregate, counts
from relook.core.errors import FormatError, StorageError
from relook.core.storage import load_arrays, save_arrays
from relook.index import InvertedIndex, Kernel, merging, scoring

KERNEL = Kernel(words=40, bits=128)
KIND = {"kind": "inverted-segment", "version": 1}


@pytest.fixture
def codes():
    rng = np.random.default_rng(0)
    return [aggregate(rng) for _ in range(20)]


@pytest.fixture
def saved(tmp_path, codes):
    index = InvertedIndex(KERNEL)
    index.add(np.arange(20), codes)
    return tmp_path, index.save(tmp_path)


def test_the_state_is_json_and_names_the_files(saved, codes):
    folder, state = saved
    assert json.loads(json.dumps(state)) == state
    assert [path.name for path in folder.iterdir()] == state["segments"]
    index = InvertedIndex.load(folder, state, KERNEL)
    assert list(index.files()) == state["segments"]


def test_saving_again_writes_only_what_is_new(saved, codes):
    folder, state = saved
    old = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    index = InvertedIndex.load(folder, state, KERNEL)
    index.remove([3])
    index.add(np.array([20]), codes[:1])
    later = index.save(folder)
    assert later["segments"][:1] == state["segments"]
    assert len(later["segments"]) == 2
    assert later["removed"] == [[3, 3]]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in old.items())
    index.compact()
    assert set(index.save(folder)["segments"]).isdisjoint(later["segments"])
    assert len(list(folder.iterdir())) == 3


def test_an_older_state_still_opens_after_changes(saved, codes):
    folder, state = saved
    index = InvertedIndex.load(folder, state, KERNEL)
    index.remove(range(10))
    index.compact()
    index.save(folder)
    assert len(InvertedIndex.load(folder, state, KERNEL)) == 20


def test_another_folder_gets_everything(saved, tmp_path_factory):
    folder, state = saved
    index = InvertedIndex.load(folder, state, KERNEL)
    other = tmp_path_factory.mktemp("other")
    assert len(InvertedIndex.load(other, index.save(other), KERNEL)) == 20


def test_loaded_postings_are_mapped_and_read_only(saved):
    folder, state = saved
    (part,) = InvertedIndex.load(folder, state, KERNEL)._state.view.segments
    assert isinstance(part.vectors, np.memmap)
    assert not part.vectors.flags.writeable


def test_mapped_postings_and_those_in_memory_share_one_compiled_loop(saved, codes):
    folder, state = saved
    mapped, made = InvertedIndex.load(folder, state, KERNEL), InvertedIndex(KERNEL)
    made.add(np.arange(20), codes)
    compiled = []
    for index in (mapped, made):
        index.search(codes[0], top=1)
        index.remove([1])
        index.compact()
        loops = (scoring.score_128, merging._count, merging._place)
        compiled.append([list(loop.signatures) for loop in loops])
    assert compiled[0] == compiled[1]


def test_removed_ids_are_remembered_after_compaction_and_loading(saved, codes):
    folder, state = saved
    index = InvertedIndex.load(folder, state, KERNEL)
    index.remove([4, 5, 6, 9])
    index.compact()
    state = index.save(folder)
    assert state["removed"] == [[4, 6], [9, 9]]
    index = InvertedIndex.load(folder, state, KERNEL)
    with pytest.raises(ValueError, match="removed before"):
        index.add(np.array([5]), codes[:1])


def test_an_empty_index_is_saved_and_loaded(tmp_path):
    state = InvertedIndex(KERNEL).save(tmp_path)
    assert len(InvertedIndex.load(tmp_path, state, KERNEL)) == 0


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_cut_off_file_is_refused(saved, keep):
    folder, state = saved
    path = folder / state["segments"][0]
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError, match=r"damaged|cut off"):
        InvertedIndex.load(folder, state, KERNEL)


def test_a_missing_file_is_reported(saved):
    folder, state = saved
    (folder / state["segments"][0]).unlink()
    with pytest.raises(StorageError, match="cannot read"):
        InvertedIndex.load(folder, state, KERNEL)


def change(folder, state, **arrays):
    path = folder / state["segments"][0]
    stored = load_arrays(path, **KIND)
    content = {name: np.array(array) for name, array in stored.arrays.items()} | arrays
    content = {name: array for name, array in content.items() if array is not None}
    path.unlink()
    save_arrays(path, content, header=stored.header, **KIND)


DAMAGE = {
    "a missing array": {"words": None},
    "another number of images": {"norms": np.ones(3, np.float32)},
    "another type": {"images": np.zeros(240, np.int64)},
    "another width": {"vectors": np.zeros((240, 3), np.uint64)},
    "a posting list that leads out": {"offsets": np.arange(41, dtype=np.uint32) * 9},
    "words out of order": {"words": np.arange(40, dtype=np.int32)[::-1]},
    "words out of range": {"words": np.arange(40, dtype=np.int32) + 1},
    "an image twice": {"ids": np.zeros(20, np.int64)},
    "norms that are not numbers": {"norms": np.full(20, np.nan, np.float32)},
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_segment_is_refused(saved, name):
    folder, state = saved
    change(folder, state, **DAMAGE[name])
    with pytest.raises(FormatError, match="damaged"):
        InvertedIndex.load(folder, state, KERNEL)


def test_postings_of_images_that_do_not_exist_harm_nothing(saved, codes):
    folder, state = saved
    change(folder, state, images=np.full(240, 65535, np.uint16))
    index = InvertedIndex.load(folder, state, KERNEL)
    assert len(index.search(codes[0], top=30)) == 0
    index.remove([0])
    index.compact()
    assert len(index) == 19


def test_another_kernel_or_idf_is_refused(saved):
    folder, state = saved
    with pytest.raises(FormatError, match="another kernel"):
        InvertedIndex.load(folder, state, Kernel(words=40, bits=128, alpha=2))
    with pytest.raises(FormatError, match="another kernel"):
        InvertedIndex.load(folder, state, KERNEL, np.full(40, 2, np.float32))


@pytest.mark.parametrize(
    "wrong",
    [{}, {"version": 2}, {"segments": 5}, {"removed": [[1]]}, {"removed": None}, {"version": "1"}],
)
def test_a_damaged_or_newer_state_is_refused(saved, wrong):
    folder, state = saved
    with pytest.raises(FormatError):
        InvertedIndex.load(folder, {**state, **wrong} if wrong else {}, KERNEL)


def test_a_segment_named_twice_is_refused(saved):
    folder, state = saved
    with pytest.raises(FormatError, match="twice"):
        InvertedIndex.load(folder, {**state, "segments": state["segments"] * 2}, KERNEL)


def test_postings_of_128_bits_take_18_bytes(tmp_path):
    rng = np.random.default_rng(0)
    index = InvertedIndex(Kernel(words=500, bits=128))
    index.add(np.arange(200), [aggregate(rng, words=500, rows=400) for _ in range(200)])
    (name,) = index.save(tmp_path)["segments"]
    assert (tmp_path / name).stat().st_size < 200 * (400 * 18 + 12) + 500 * 8 + 1000


def test_the_header_of_the_older_kernels_is_what_it_always_was(saved):
    folder, state = saved
    header = load_arrays(folder / state["segments"][0], **KIND).header
    kernel = {"words": 40, "bits": 128, "binary": True, "alpha": 3.0, "threshold": 0.0}
    assert header == {
        "kernel": {**kernel, "burst": False},
        "weights": zlib.crc32(np.ones(40, np.float32).tobytes()),
    }


NEWER = {
    "bow": (Kernel.bag_of_words(40), counts),
    "bow, sqrt": (Kernel.bag_of_words(40, value="sqrt"), counts),
    "he": (Kernel.hamming(40), lambda rng: aggregate(rng, width=1, repeat=True)),
    "he, step": (Kernel.hamming(40, sigma=0), lambda rng: aggregate(rng, width=1, repeat=True)),
}


@pytest.mark.parametrize("name", NEWER)
def test_the_newer_kernels_are_saved_compacted_and_loaded_too(name, tmp_path):
    (kernel, make), rng = NEWER[name], np.random.default_rng(0)
    images, query = [make(rng) for _ in range(20)], make(rng)
    index = InvertedIndex(kernel)
    index.add(np.arange(10), images[:10])
    index.add(np.arange(10, 20), images[10:])
    index.remove([3, 15])
    before = index.scores(query)
    state = index.save(tmp_path)
    back = InvertedIndex.load(tmp_path, state, kernel, threads=2)
    for _ in range(2):
        for left, right in zip(before, back.scores(query), strict=True):
            np.testing.assert_array_equal(left, right)
        back.compact()
    for other, _ in NEWER.values():
        if other != kernel:
            with pytest.raises(FormatError, match="another kernel"):
                InvertedIndex.load(tmp_path, state, other)


def test_postings_of_counts_take_3_bytes(tmp_path):
    rng = np.random.default_rng(0)
    index = InvertedIndex(Kernel.bag_of_words(500))
    index.add(np.arange(200), [counts(rng, words=500, rows=400) for _ in range(200)])
    (name,) = index.save(tmp_path)["segments"]
    assert (tmp_path / name).stat().st_size < 200 * (400 * 3 + 12) + 500 * 8 + 1000
