"""Rows in parts."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.vectors.rows import Rows, check_distinct, fingerprint


@pytest.fixture
def whole():
    return np.random.default_rng(0).random((50, 8), np.float32)


def parts(whole):
    return [whole[:7], whole[7:7], whole[7:30], whole[30:31], whole[31:]]


def test_blocks_and_chosen_rows_are_those_of_the_whole(whole):
    rows = Rows(parts(whole))
    assert len(rows) == 50
    np.testing.assert_array_equal(np.concatenate(list(rows.blocks(9))), whole)
    np.testing.assert_array_equal(rows.block(5, 33), whole[5:33])
    numbers = np.array([49, 0, 30, 7, 7, 6])
    np.testing.assert_array_equal(rows.take(numbers), whole[numbers])


def test_some_rows_are_drawn_without_copies_and_by_seed(whole):
    rows = Rows(parts(whole))
    some, again, other = (rows.some(20, seed=seed) for seed in (1, 1, 2))
    drawn = some.block(0, 99)
    assert len(some) == 20
    np.testing.assert_array_equal(drawn, again.block(0, 99))
    assert not np.array_equal(drawn, other.block(0, 99))
    places = [np.flatnonzero((whole == row).all(1))[0] for row in drawn]
    assert places == sorted(set(places))
    np.testing.assert_array_equal(some.take(np.array([3, 1])), drawn[[3, 1]])
    assert rows.some(50, seed=0) is rows


def test_halves_are_read_as_floats(whole):
    half = whole.astype(np.float16)
    block = Rows([half]).block(0, 50)
    assert block.dtype == np.float32
    np.testing.assert_array_equal(block, half.astype(np.float32))


def test_equal_rows_have_equal_hashes_and_others_have_not(whole):
    whole[10], whole[20] = whole[3], 0.0
    whole[21] = -0.0
    hashes = Rows(parts(whole)).hashes()
    assert hashes[10] == hashes[3]
    assert hashes[20] == hashes[21]
    assert len(np.unique(hashes)) == 48
    swapped = Rows([whole[:, ::-1].copy()]).hashes()
    assert not np.intersect1d(np.delete(hashes, [20, 21]), np.delete(swapped, [20, 21])).size
    assert fingerprint(hashes) == fingerprint(hashes.copy()) != fingerprint(hashes[::-1])


def test_fewer_different_rows_than_clusters_are_refused(whole):
    whole[25:] = whole[:25]
    hashes = Rows([whole]).hashes()
    check_distinct(hashes, 25)
    with pytest.raises(UsageError, match="only 25 of 50 rows are different, which cannot make 26"):
        check_distinct(hashes, 26)
    with pytest.raises(UsageError, match="50 rows cannot make 51"):
        check_distinct(hashes, 51)


@pytest.mark.parametrize(
    "bad",
    [
        [np.zeros((2, 8))],
        [np.zeros((2, 8), np.float32), np.zeros((2, 7), np.float32)],
        [np.zeros(8, np.float32)],
        [np.full((2, 8), np.nan, np.float32)],
        [np.full((2, 8), np.inf, np.float16)],
        [np.zeros((2, 0), np.float32)],
        [np.zeros((2, 8), np.uint8)],
    ],
)
def test_what_are_no_finite_rows_is_refused(bad):
    with pytest.raises(ShapeError):
        Rows(bad)
