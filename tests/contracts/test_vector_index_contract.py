"""What every index of vectors does. A new index joins with one line in INDEXES."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relook.core.errors import FormatError, RelookError, ShapeError, UsageError
from relook.index.vectors import FlatIndex, HnswIndex, IvfIndex, load_vector_index

D = 12


class Case(NamedTuple):
    make: Callable[[], Any]
    tolerance: float = 1e-6


@cache
def fitted(**options):
    index = IvfIndex(D, cells=4, probes=4, code_bytes=D, **options)
    index.train(rows(2000, seed=77))
    return index


def trained(**options):
    """Coded from the first image on, with codes that lose little."""
    return deepcopy(fitted(**options))


INDEXES = {
    "float32": Case(lambda: FlatIndex(D)),
    "float16": Case(lambda: FlatIndex(D, precision="float16"), 1e-3),
    "int8": Case(lambda: FlatIndex(D, precision="int8", threads=2)),
    "ivf, not trained": Case(lambda: IvfIndex(D)),
    "ivf, codes only": Case(lambda: trained(keep=False), 0.06),
    "ivf, vectors kept": Case(trained, 1e-3),
    "hnsw": Case(lambda: HnswIndex(D), 1e-3),
}
EXACT = ("float32", "int8", "ivf, not trained")


@pytest.fixture(params=INDEXES.values(), ids=INDEXES)
def case(request):
    return request.param


@pytest.fixture(params=["as added", "compact", "loaded"])
def state(request, tmp_path):
    """Whatever an index went through, it does the same."""

    def bring(index):
        if request.param == "compact":
            index.compact()
        if request.param == "loaded":
            index.compact()
            return load_vector_index(tmp_path, index.save(tmp_path))
        return index

    return bring


def rows(count, seed=0):
    made = np.random.default_rng(seed).standard_normal((count, D)).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def filled(case, count=60):
    index = case.make()
    half = count // 2
    ids = np.arange(count) * 3 + 5
    index.add(ids[:half], list(rows(count)[:half]))
    index.add(ids[half:], rows(count)[half:])
    return index


def test_scores_are_inner_products(case, state):
    index, query = state(filled(case)), rows(1, seed=9)[0] * np.float32(3)
    found = index.search(query, top=60)
    places = (found.ids - 5) // 3
    truth = rows(60).astype(np.float64)[places] @ query
    np.testing.assert_allclose(found.scores, truth, atol=3 * case.tolerance)
    assert sorted(found.ids) == list(range(5, 185, 3))
    assert np.all(np.diff(found.scores) <= 0)
    assert found.ids.dtype == np.int64
    assert found.scores.dtype == np.float32


def test_an_image_finds_itself_first(case, state):
    index = state(filled(case))
    for position, row in enumerate(rows(60)[::7]):
        assert index.search(row, top=2).ids[0] == 5 + 21 * position


def test_more_than_there_are_gives_all(case, state):
    index = state(filled(case))
    assert len(index.search(rows(1, seed=9)[0], top=10_000)) == 60


def test_a_smaller_top_is_the_beginning_of_a_larger_one(case, state):
    index, query = state(filled(case)), rows(1, seed=9)[0]
    everything = index.search(query, top=60)
    for top in (1, 2, 7, 29):
        some = index.search(query, top=top)
        np.testing.assert_array_equal(some.ids, everything.ids[:top])
        np.testing.assert_array_equal(some.scores, everything.scores[:top])


def test_a_batch_answers_as_its_queries_do_one_by_one(case, state):
    index, queries = state(filled(case)), rows(9, seed=4)
    ids, scores = index.search_batch(queries, top=20)
    assert ids.shape == scores.shape == (9, 20)
    for number, query in enumerate(queries):
        one = index.search(query, top=20)
        np.testing.assert_array_equal(ids[number], one.ids)
        np.testing.assert_array_equal(scores[number], one.scores)


def test_equal_scores_come_in_order_of_id(case, state):
    index, (row, other) = case.make(), rows(2)
    index.add(np.array([9, 4, 30]), [row, other, row])
    index.add(np.array([2, 50, 7]), [row, row, row])
    index = state(index)
    for top in (1, 2, 3, 4, 5):
        wanted = [2, 7, 9, 30, 50][:top]
        np.testing.assert_array_equal(index.search(row, top=top).ids, wanted)
        np.testing.assert_array_equal(
            index.search_batch(row[None].repeat(5, 0), top=top)[0][3], wanted
        )


def test_a_removed_image_is_not_found_before_and_after_compaction(case, tmp_path):
    index, query = filled(case), rows(60)[0]
    before = index.search(query, top=60)
    index.remove([5, 8])
    for _ in range(2):
        after = index.search(query, top=60)
        assert len(index) == len(after) == 58
        kept = np.isin(before.ids, [5, 8], invert=True)
        np.testing.assert_array_equal(np.sort(after.ids), np.sort(before.ids[kept]))
        assert not np.isin([5, 8], index.ids).any()
        index.compact()
    assert len(load_vector_index(tmp_path, index.save(tmp_path))) == 58


def test_everything_can_be_removed(case, tmp_path):
    index = filled(case)
    index.remove(index.ids.tolist())
    for _ in range(2):
        assert len(index) == len(index.search(rows(1)[0], top=3)) == 0
        index.compact()
    again = load_vector_index(tmp_path, index.save(tmp_path))
    with pytest.raises(UsageError, match="removed before"):
        again.add(np.array([5]), rows(1))
    again.add(np.array([6]), rows(1))
    assert again.search(rows(1)[0], top=3).ids.tolist() == [6]


def test_vectors_come_back_in_the_order_asked(case, state):
    index = state(filled(case))
    found = index.vectors([5, 182, 8, 5])
    np.testing.assert_allclose(found, rows(60)[[0, 59, 1, 0]], atol=2 * case.tolerance)
    assert found.dtype == np.float32
    assert index.vectors([]).shape == (0, D)
    with pytest.raises(UsageError, match="image 6 "):
        index.vectors([5, 6])


def test_an_empty_index_finds_nothing(case, state):
    index = state(case.make())
    assert len(index) == len(index.search(rows(1)[0], top=5)) == 0
    assert index.search_batch(rows(3), top=5)[0].shape == (3, 0)
    assert filled(case).search_batch(rows(0), top=5)[0].shape == (0, 5)


def test_an_id_cannot_be_added_twice_or_again(case):
    index = filled(case)
    with pytest.raises(UsageError, match="image 8 is in"):
        index.add(np.array([1000, 8]), rows(2))
    with pytest.raises(UsageError, match="twice"):
        index.add(np.array([1000, 1000]), rows(2))
    index.remove([8])
    with pytest.raises(UsageError, match="image 8 was removed"):
        index.add(np.array([8]), rows(1))
    assert len(index) == 59


def test_an_unknown_id_cannot_be_removed_and_nothing_else_is(case):
    index = filled(case)
    with pytest.raises(UsageError, match="image 6 "):
        index.remove([5, 6])
    assert len(index) == 60


@pytest.mark.parametrize("top", [0, -1])
def test_top_must_be_positive(case, top):
    index = filled(case)
    with pytest.raises(UsageError, match="top"):
        index.search(rows(1)[0], top=top)
    with pytest.raises(UsageError, match="top"):
        index.search_batch(rows(1), top=top)


def test_descriptors_of_another_network_are_refused_with_both_dimensions(case):
    index, other = filled(case), np.ones((2, D + 1), np.float32)
    for wrong in (other, list(other)):
        with pytest.raises(
            ShapeError, match=r"13 dimensions and the index has 12.*another network"
        ):
            index.add(np.array([1, 2]), wrong)
    with pytest.raises(ShapeError, match="13 dimensions and the index has 12"):
        index.search(other[0], top=3)
    with pytest.raises(ShapeError, match="13 dimensions and the index has 12"):
        index.search_batch(other, top=3)
    assert len(index) == 60


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_values_that_cannot_be_compared_are_refused(case, value):
    index, wrong = filled(case), rows(1)
    wrong[0, 3] = value
    with pytest.raises(ShapeError):
        index.add(np.array([1]), wrong)
    with pytest.raises(ShapeError):
        index.search(wrong[0], top=3)
    with pytest.raises(ShapeError):
        index.search_batch(wrong, top=3)
    assert len(index) == 60


def test_other_types_and_counts_are_refused(case):
    index = case.make()
    with pytest.raises(ShapeError, match="float32"):
        index.add(np.arange(2), rows(2).astype(np.float64))
    with pytest.raises(ShapeError, match="ids"):
        index.add(np.arange(3), rows(2))
    with pytest.raises(ShapeError, match="ids"):
        index.add(np.arange(2, dtype=np.int32), rows(2))


def test_a_vector_of_zeros_is_worth_nothing(case, state):
    index = filled(case)
    index.add(np.array([1]), np.zeros((1, D), np.float32))
    index = state(index)
    found = index.search(np.zeros(D, np.float32), top=61)
    assert len(found) == 61
    np.testing.assert_array_equal(found.scores, 0)
    np.testing.assert_array_equal(found.ids, np.sort(found.ids))
    assert 1 in found.ids


def test_arguments_are_not_changed_and_not_kept(case):
    index, given_rows = case.make(), rows(3)
    ids = np.arange(3)
    index.add(ids, given_rows)
    before = index.search(rows(3)[1], top=3)
    given_rows[:], ids[:] = 0, 77
    after = index.search(rows(3)[1], top=3)
    np.testing.assert_array_equal(before.ids, after.ids)
    np.testing.assert_array_equal(before.scores, after.scores)


def test_a_second_save_writes_nothing_that_is_there(case, tmp_path):
    index = filled(case)
    first = index.save(tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert names == set(index.files())
    assert index.save(tmp_path) == first
    assert {file.name for file in tmp_path.iterdir()} == names
    index.add(np.array([1]), rows(1))
    index.save(tmp_path)
    assert names < {file.name for file in tmp_path.iterdir()}


def test_damage_is_noticed(case, tmp_path):
    index = filled(case)
    state = index.save(tmp_path)
    for broken in (
        {},
        {**state, "kind": "other"},
        {**state, "version": 99},
        {**state, "removed": 3},
    ):
        with pytest.raises(FormatError):
            load_vector_index(tmp_path, broken)
    other = {**state, "options": {**state["options"], "dimensions": D + 1}}
    with pytest.raises(FormatError):
        load_vector_index(tmp_path, other)
    twice = {**state, "segments": state["segments"] * 2}
    with pytest.raises(FormatError, match="twice"):
        load_vector_index(tmp_path, twice)
    for name in index.files():
        content = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(content[: len(content) // 2])
        with pytest.raises(FormatError):
            load_vector_index(tmp_path, state)
        (tmp_path / name).write_bytes(content)


def test_errors_are_ours_and_one_line(case):
    with pytest.raises(RelookError) as raised:
        filled(case).remove([6])
    assert "\n" not in str(raised.value)


STEPS = st.lists(
    st.sampled_from(["add", "add", "remove", "compact", "save and load"]), min_size=1, max_size=9
)


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=25)
@given(steps=STEPS, seed=st.integers(0, 2**16))
def test_any_life_gives_what_comparing_everything_gives(name, steps, seed, tmp_path_factory):
    rng, index, truth, fresh = np.random.default_rng(seed), INDEXES[name].make(), {}, 0
    for step in steps:
        if step == "add":
            count = int(rng.integers(0, 40))
            ids = fresh + rng.permutation(count).astype(np.int64)
            # Few different values, so that scores are often equal.
            made = rng.integers(-2, 3, (count, D)).astype(np.float32)
            index.add(ids, made)
            truth.update(zip(ids.tolist(), made, strict=True))
            fresh += count
        elif step == "remove" and truth:
            gone = rng.choice(list(truth), int(rng.integers(1, len(truth) + 1)), replace=False)
            index.remove(gone.tolist())
            for key in gone.tolist():
                del truth[key]
        elif step == "compact":
            index.compact()
        elif step == "save and load":
            folder = tmp_path_factory.mktemp("index")
            index = load_vector_index(folder, index.save(folder))
        query, top = rng.integers(-2, 3, D).astype(np.float32), int(rng.integers(1, 30))
        scored = sorted((-float(query @ row), key) for key, row in truth.items())[:top]
        found = index.search(query, top=top)
        assert index.ids.tolist() == sorted(truth)
        assert found.ids.tolist() == [key for _, key in scored]
        assert found.scores.tolist() == [-score for score, _ in scored]
        batch = index.search_batch(np.stack([query] * 5), top=top)
        np.testing.assert_array_equal(batch[0], np.tile(found.ids, (5, 1)))
