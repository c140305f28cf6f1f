"""However an index came about, it answers like one that was built at once."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles.aggregates import aggregate
from relook.index import InvertedIndex, Kernel, inverted, merging, segment

KERNELS = {
    "asmk*": Kernel(words=40, bits=128),
    "asmk": Kernel(words=40, bits=8, binary=False),
    "smk*": Kernel(words=40, bits=64, burst=True),
}


def pool(kernel, count=40):
    rng = np.random.default_rng(4)
    shape = {"width": kernel.width, "binary": kernel.binary, "repeat": kernel.burst}
    return [aggregate(rng, **shape) for _ in range(count)]


def assert_same(index, codes, kernel, ids):
    fresh = InvertedIndex(kernel)
    ids = np.array(sorted(ids), np.int64)
    fresh.add(ids, [codes[i] for i in ids])
    np.testing.assert_array_equal(index.ids, ids)
    assert len(index) == len(ids)
    for query in codes[:3]:
        np.testing.assert_array_equal(index.scores(query)[1], fresh.scores(query)[1])
        left, right = index.search(query, top=5), fresh.search(query, top=5)
        np.testing.assert_array_equal(left.ids, right.ids)
        np.testing.assert_array_equal(left.scores, right.scores)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "add", "remove", "remove", "compact", "save", "load"]),
        st.integers(1, 7),
    ),
    max_size=25,
)


@pytest.mark.parametrize("name", KERNELS)
@settings(deadline=None, max_examples=40)
@given(steps=STEPS, seed=st.integers(0, 1000))
def test_any_sequence_of_changes_equals_one_build(tmp_path_factory, name, steps, seed):
    kernel, rng = KERNELS[name], np.random.default_rng(seed)
    codes, folder = pool(kernel), tmp_path_factory.mktemp("index")
    unused, live = list(rng.permutation(len(codes))), set()
    index = InvertedIndex(kernel)
    for step, size in steps:
        if step == "add":
            taken, unused = unused[:size], unused[size:]
            index.add(np.array(taken, np.int64), [codes[i] for i in taken])
            live |= set(taken)
        elif step == "remove":
            gone = rng.permutation(sorted(live))[:size]
            index.remove(gone)
            live -= set(gone)
        elif step == "compact":
            index.compact()
        else:
            state = index.save(folder)
            if step == "load":
                index = InvertedIndex.load(folder, state, kernel)
    assert_same(index, codes, kernel, live)


def test_a_segment_that_is_full_starts_another(monkeypatch):
    for module in (inverted, merging, segment):
        monkeypatch.setattr(module, "LIMIT", 8)
    kernel = KERNELS["asmk*"]
    codes, index = pool(kernel), InvertedIndex(kernel)
    index.add(np.arange(20), codes[:20])
    index.add(np.arange(20, 40), codes[20:])
    assert [len(part) for part in index._state.view.segments] == [8, 8, 4, 8, 8, 4]
    index.remove([0, 39])
    first = index._state.view.segments[1]
    index.compact()
    assert [len(part) for part in index._state.view.segments] == [8, 8, 8, 8, 6]
    assert index._state.view.segments[0] is first
    assert_same(index, codes, kernel, set(range(1, 39)))


def test_compaction_drops_what_was_removed_and_then_has_nothing_to_do():
    kernel = KERNELS["asmk*"]
    codes, index = pool(kernel), InvertedIndex(kernel)
    index.add(np.arange(20), codes[:20])
    index.remove(range(10))
    index.compact()
    (part,) = index._state.view.segments
    assert len(part.images) == sum(len(code) for code in codes[10:20])
    index.compact()
    assert index._state.view.segments == (part,)
    index.remove(range(10, 20))
    index.compact()
    assert index._state.view.segments == ()
    assert len(index) == 0


def test_threads_can_search_while_another_one_changes_the_index():
    kernel = KERNELS["asmk*"]
    codes, index = pool(kernel, 400), InvertedIndex(kernel)
    index.add(np.arange(1), codes[:1])
    stop, failures = threading.Event(), []

    def search():
        while not stop.is_set():
            found = index.search(codes[0], top=3)
            if found.ids[0] != 0 or not 0.9999 < found.scores[0] < 1.0001:
                failures.append(found)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for i in range(1, 400, 10):
        index.add(np.arange(i, min(i + 10, 400)), codes[i : i + 10])
        index.remove([i])
        if i % 50 == 1:
            index.compact()
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures
