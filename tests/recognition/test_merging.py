from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relook.core.errors import UsageError
from relook.core.records import Evidence, Ranking
from relook.recognition.merging import merge_rankings

POINTS, REGION = np.zeros((0, 2), np.float32), np.zeros((4, 2), np.float32)


def _proof(*, verified=True):
    return Evidence(0, 3.0, np.eye(3), POINTS, POINTS, REGION, REGION, verified)


def _ranking(scores, *, verified=None):
    """From {id: score}; with evidence of those in ``verified``, weak evidence of the others."""
    pairs = sorted(scores.items(), key=lambda pair: -pair[1])
    proofs = () if verified is None else tuple(_proof(verified=i in verified) for i, _ in pairs)
    ids = np.array([id_ for id_, _ in pairs], np.int64)
    return Ranking(ids, np.array([score for _, score in pairs], np.float32), proofs)


EMPTY = _ranking({})


def test_nothing_marked_is_the_ranking_of_the_query():
    ranking = _ranking({3: 9.0, 1: 5.0, 2: 1.0}, verified={3})
    assert merge_rankings(ranking, right={}, wrong={}) is ranking


def test_a_right_result_raises_other_pictures_of_the_same_thing():
    query = _ranking({1: 10.0, 2: 4.0, 3: 3.5, 9: 3.0})
    merged = merge_rankings(query, right={1: _ranking({1: 99.0, 9: 8.0, 2: 1.0, 3: 1.0})}, wrong={})
    assert merged.ids.tolist() == [1, 9, 2, 3]
    np.testing.assert_allclose(merged.scores, [10, 5.5, 2.5, 2.25])


def test_what_only_a_right_result_finds_is_there():
    merged = merge_rankings(_ranking({1: 10.0, 2: 4.0}), right={1: _ranking({7: 8.0})}, wrong={})
    assert set(merged.ids.tolist()) == {1, 2, 7}


def test_right_ones_come_first_even_where_no_search_found_them():
    query = _ranking({1: 10.0, 2: 4.0})
    merged = merge_rankings(query, right={2: _ranking({2: 9.0, 1: 2.0}), 8: EMPTY}, wrong={})
    assert merged.ids.tolist() == [2, 8, 1]
    assert merged.scores.tolist() == [6.0, 6.0, 6.0]


def test_a_picture_says_nothing_of_itself():
    query = _ranking({1: 10.0, 2: 4.0})
    found = [
        merge_rankings(query, right={1: _ranking({1: own, 2: 5.0})}, wrong={}).scores
        for own in (50.0, 6.0)
    ]
    np.testing.assert_array_equal(*found)


def test_a_wrong_one_never_comes_back():
    query = _ranking({1: 10.0, 2: 4.0, 3: 1.0})
    right = {1: _ranking({2: 99.0, 3: 2.0})}
    assert 2 not in merge_rankings(query, right=right, wrong={2: EMPTY}).ids
    assert merge_rankings(query, right={}, wrong={2: EMPTY}).ids.tolist() == [1, 3]
    assert len(merge_rankings(query, right={}, wrong={1: EMPTY, 2: EMPTY, 3: EMPTY})) == 0


def test_what_is_proven_to_be_more_of_the_wrong_thing_is_pushed_down():
    query = _ranking({1: 10.0, 4: 5.0, 3: 4.0, 5: 3.0})
    wrong = {1: _ranking({1: 90.0, 4: 8.0, 3: 7.0, 5: 1.0}, verified={4, 5})}
    merged = merge_rankings(query, right={}, wrong=wrong)
    assert merged.ids.tolist() == [3, 5, 4]  # 3 is alike, but not proven; 5 is more of the query
    np.testing.assert_allclose(merged.scores, [4, 3, 2])


def test_without_any_evidence_scores_alone_push_down():
    query = _ranking({1: 0.9, 4: 0.5, 3: 0.4})
    merged = merge_rankings(query, right={}, wrong={1: _ranking({4: 0.8, 3: 0.3})})
    assert merged.ids.tolist() == [3, 4]


def test_scores_below_zero_are_pushed_down_too():
    query = _ranking({1: 2.0, 4: -1.0, 3: -2.0})
    merged = merge_rankings(query, right={}, wrong={1: _ranking({4: 1.0, 3: -3.0})})
    assert merged.ids.tolist() == [3, 4]


def test_evidence_is_that_of_the_query():
    query = _ranking({1: 10.0, 2: 4.0}, verified={1})
    merged = merge_rankings(query, right={1: _ranking({7: 8.0, 2: 1.0}, verified={7})}, wrong={})
    found = dict(zip(merged.ids.tolist(), merged.evidence, strict=True))
    assert found[1] is query.evidence[0]
    assert found[7] is None


def test_a_query_that_found_nothing_is_helped_by_a_right_one():
    merged = merge_rankings(EMPTY, right={5: _ranking({5: 9.0, 2: 3.0, 1: 1.0})}, wrong={})
    assert merged.ids.tolist() == [5, 2, 1]


def test_an_image_cannot_be_right_and_wrong():
    with pytest.raises(UsageError, match="image 4 is marked right and wrong"):
        merge_rankings(EMPTY, right={4: EMPTY}, wrong={4: EMPTY})


scores = st.dictionaries(st.integers(0, 12), st.floats(-5, 50, width=32), max_size=10)
marked = st.dictionaries(st.integers(0, 12), scores.map(_ranking), max_size=3)


@given(query=scores.map(_ranking), right=marked, wrong=marked)
def test_whatever_is_marked_each_image_is_there_once_and_in_order(query, right, wrong):
    wrong = {id_: ranking for id_, ranking in wrong.items() if id_ not in right}
    merged = merge_rankings(query, right=right, wrong=wrong)
    expected = set(query.ids.tolist()) | set(right)
    for ranking in right.values():
        expected |= set(ranking.ids.tolist())
    assert sorted(merged.ids.tolist()) == sorted(expected - set(wrong))
    assert (np.diff(merged.scores) <= 0).all()
    if right or wrong:
        assert set(merged.ids[: len(right)].tolist()) == set(right)
