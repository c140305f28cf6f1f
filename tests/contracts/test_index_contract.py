"""What every index does. A new index joins with one line in INDEXES."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

from oracles.aggregates import aggregate, counts, none
from relook.core.errors import RelookError, ShapeError, UsageError
from relook.core.records import Aggregate
from relook.index import InvertedIndex, Kernel


class Case(NamedTuple):
    make: Callable[[], InvertedIndex]
    code: Callable[[np.random.Generator], Aggregate]
    none: Aggregate


WEIGHTS = np.random.default_rng(8).uniform(0.1, 9, 40).astype(np.float32)


def case_of(kernel, weights=None, *, threads=1, **code):
    shape = {key: value for key, value in code.items() if key != "repeat"}
    return Case(
        lambda: InvertedIndex(kernel, weights, threads=threads),
        lambda rng: aggregate(rng, **code),
        none(**shape),
    )


def case_of_words(**options):
    kernel = Kernel.bag_of_words(40, **options)
    return Case(lambda: InvertedIndex(kernel, WEIGHTS), counts, none(width=1, dtype=np.uint8))


INDEXES = {
    "asmk*": case_of(Kernel(words=40, bits=128)),
    "asmk* on three threads": case_of(Kernel(words=40, bits=128), threads=3),
    "asmk": case_of(Kernel(words=40, bits=24, binary=False), width=24, binary=False),
    "smk*": case_of(Kernel(words=40, bits=128, burst=True), repeat=True),
    "smk": case_of(Kernel(words=40, bits=24, binary=False), width=24, binary=False, repeat=True),
    "bow": case_of_words(),
    "bow, sqrt": case_of_words(value="sqrt"),
    # Words once each, so that an image is worth 1 to itself.
    "he": case_of(Kernel.hamming(40), WEIGHTS, width=1),
    "he, burst": case_of(Kernel.hamming(40, bits=128, max_distance=50, burst=True), WEIGHTS),
}


@pytest.fixture(params=INDEXES.values(), ids=INDEXES)
def case(request):
    return request.param


def codes(case, count, seed=0):
    rng = np.random.default_rng(seed)
    return [case.code(rng) for _ in range(count)]


def filled(case, count=30):
    index = case.make()
    index.add(np.arange(count) * 3 + 5, codes(case, count))
    return index


def test_an_image_finds_itself_first_with_score_one(case):
    index = filled(case)
    for position, code in enumerate(codes(case, 30)):
        found = index.search(code, top=3)
        assert found.ids[0] == position * 3 + 5
        assert found.scores[0] == pytest.approx(1, abs=1e-5)


def test_scores_do_not_increase_and_are_positive(case):
    found = filled(case).search(codes(case, 1, seed=9)[0], top=30)
    assert np.all(np.diff(found.scores) <= 0)
    assert np.all(found.scores > 0)
    assert found.ids.dtype == np.int64
    assert found.scores.dtype == np.float32


def test_a_smaller_top_is_the_beginning_of_a_larger_one(case):
    index, query = filled(case), codes(case, 1, seed=9)[0]
    everything = index.search(query, top=1000)
    for top in (1, 2, 7, 29):
        some = index.search(query, top=top)
        np.testing.assert_array_equal(some.ids, everything.ids[:top])
        np.testing.assert_array_equal(some.scores, everything.scores[:top])


def test_equal_scores_come_in_order_of_id(case):
    index, (code, other) = case.make(), codes(case, 2)
    index.add(np.array([9, 4, 30]), [code, other, code])
    index.add(np.array([2, 50, 7]), [code, code, code])
    for top in (1, 2, 3, 4, 5):
        np.testing.assert_array_equal(index.search(code, top=top).ids, [2, 7, 9, 30, 50][:top])


def test_a_removed_image_is_not_found(case):
    index, query = filled(case), codes(case, 1)[0]
    before = index.search(query, top=1000)
    index.remove([5])
    after = index.search(query, top=1000)
    assert len(index) == 29
    np.testing.assert_array_equal(after.ids, before.ids[1:])
    np.testing.assert_array_equal(after.scores, before.scores[1:])


def test_the_order_of_additions_does_not_matter(case):
    at_once, one_by_one = filled(case), case.make()
    for position in np.random.default_rng(3).permutation(30):
        one_by_one.add(np.array([position * 3 + 5]), [codes(case, 30)[position]])
    query = codes(case, 1, seed=9)[0]
    first, second = at_once.search(query, top=30), one_by_one.search(query, top=30)
    np.testing.assert_array_equal(first.ids, second.ids)
    np.testing.assert_array_equal(first.scores, second.scores)


def test_an_empty_index_finds_nothing(case):
    index = case.make()
    assert len(index) == 0
    assert len(index.search(codes(case, 1)[0], top=5)) == 0


def test_a_query_without_features_finds_nothing(case):
    assert len(filled(case).search(case.none, top=5)) == 0


def test_an_image_without_features_is_kept_and_matches_nothing(case):
    index = filled(case)
    index.add(np.array([1]), [case.none])
    assert len(index) == 31
    assert 1 not in index.search(codes(case, 1)[0], top=100).ids
    index.remove([1])
    assert len(index) == 30


def test_an_id_cannot_be_added_twice(case):
    index = filled(case)
    with pytest.raises(UsageError, match="image 8 "):
        index.add(np.array([1000, 8]), codes(case, 2))
    with pytest.raises(UsageError, match="twice"):
        index.add(np.array([1000, 1000]), codes(case, 2))
    assert len(index) == 30


def test_the_id_of_a_removed_image_cannot_be_used_again(case):
    index = filled(case)
    index.remove([8])
    with pytest.raises(UsageError, match="image 8 was removed"):
        index.add(np.array([8]), codes(case, 1))


def test_an_unknown_id_cannot_be_removed_and_nothing_else_is(case):
    index = filled(case)
    with pytest.raises(UsageError, match="image 6 "):
        index.remove([5, 6])
    assert len(index) == 30


def test_top_must_be_positive(case):
    with pytest.raises(UsageError, match="top"):
        filled(case).search(codes(case, 1)[0], top=0)


def test_as_many_ids_as_images_are_needed(case):
    with pytest.raises(ShapeError, match="ids"):
        case.make().add(np.arange(3), codes(case, 2))


@pytest.mark.parametrize("words", [[-1, 3], [0, 40], [5, 4]])
def test_words_out_of_order_or_range_are_refused(case, words):
    index, code = filled(case), codes(case, 1)[0]
    wrong = Aggregate(np.array(words, np.int32), code.vectors[:2])
    with pytest.raises(UsageError, match="words"):
        index.add(np.array([1]), [wrong])
    with pytest.raises(UsageError, match="words"):
        index.search(wrong, top=3)


def test_vectors_of_another_width_or_type_are_refused(case):
    index, code = filled(case), codes(case, 1)[0]
    other = np.float32 if code.vectors.dtype == np.uint64 else np.uint64
    for vectors in (np.repeat(code.vectors, 2, axis=1), code.vectors.astype(other)):
        wrong = Aggregate(code.words, np.ascontiguousarray(vectors))
        with pytest.raises(ShapeError, match="vectors"):
            index.add(np.array([1]), [wrong])
        with pytest.raises(ShapeError, match="vectors"):
            index.search(wrong, top=3)


def test_arguments_are_not_changed_and_not_kept(case):
    index, given = case.make(), codes(case, 3)
    ids = np.arange(3)
    for code in given:
        code.words.flags.writeable = code.vectors.flags.writeable = False
    index.add(ids, given)
    before = index.search(given[1], top=3)
    for code in given:
        code.words.flags.writeable = code.vectors.flags.writeable = True
        code.vectors[:] = 0
    ids[:] = 77
    after = index.search(codes(case, 3)[1], top=3)
    np.testing.assert_array_equal(before.ids, after.ids)
    np.testing.assert_array_equal(before.scores, after.scores)


def test_errors_are_ours_and_one_line(case):
    with pytest.raises(RelookError) as raised:
        filled(case).remove([6])
    assert "\n" not in str(raised.value)
