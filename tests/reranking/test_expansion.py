from __future__ import annotations

import numpy as np
import pytest

from oracles import diffusion as oracle
from relook.core.errors import ShapeError, UsageError
from relook.reranking import AlphaQueryExpansion, expand

VECTORS = oracle.clustered(60)
INDEX = oracle.ExactIndex(range(100, 160), VECTORS)


@pytest.mark.parametrize("alpha", [0.0, 1.0, 3.0])
def test_the_expanded_query_is_the_definition(alpha):
    query, rows = VECTORS[0], VECTORS[1:9]
    scores = rows @ query
    assert (scores < 0).any()
    assert (scores > 0).any()
    found = expand(query, rows, scores, alpha=alpha)
    assert found.dtype == np.float32
    wanted = np.clip(scores.astype(np.float64), 0, None) ** alpha
    np.testing.assert_allclose(
        found, oracle.expanded(query, rows, scores, alpha), rtol=0, atol=1e-6
    )
    assert (wanted[scores < 0] == (alpha == 0)).all()


def test_alpha_zero_is_the_average_of_the_query_and_what_it_found():
    found = expand(VECTORS[0], VECTORS[1:5], np.zeros(4, np.float32), alpha=0)
    np.testing.assert_allclose(found, oracle.unit(VECTORS[:5].mean(axis=0)[None])[0], atol=1e-6)


def test_without_neighbors_the_query_stays():
    none = np.zeros((0, VECTORS.shape[1]), np.float32)
    found = expand(VECTORS[0], none, np.zeros(0, np.float32))
    np.testing.assert_allclose(found, VECTORS[0], atol=1e-7)


def test_a_zero_query_that_finds_nothing_stays_zero():
    zero = np.zeros(16, np.float32)
    assert not expand(zero, VECTORS[:3], np.zeros(3, np.float32)).any()


def test_the_answer_is_a_search_with_the_expanded_query():
    query = VECTORS[7]
    first = INDEX.search(query, top=5)
    again = oracle.expanded(query, INDEX.vectors(first.ids.tolist()), first.scores, 3.0)
    found = AlphaQueryExpansion(n=5).search(query, INDEX, top=20)
    wanted = INDEX.search(again.astype(np.float32), top=20)
    np.testing.assert_array_equal(found.ids, wanted.ids)
    np.testing.assert_allclose(found.scores, wanted.scores, atol=1e-6)


def test_two_rounds_expand_the_expanded_query():
    once, twice = AlphaQueryExpansion(n=5), AlphaQueryExpansion(n=5, rounds=2)
    query = VECTORS[3]
    after = once.expand(query, INDEX.search(query, top=5), INDEX)
    np.testing.assert_array_equal(
        twice.search(query, INDEX, top=9).ids, once.search(after, INDEX, top=9).ids
    )


def test_an_empty_index_gives_an_empty_answer():
    assert len(AlphaQueryExpansion().search(VECTORS[0], oracle.ExactIndex(), top=5)) == 0


def test_n_beyond_the_collection_takes_all():
    assert len(AlphaQueryExpansion(n=500).search(VECTORS[0], INDEX, top=500)) == 60


def test_arguments_that_do_not_fit_are_refused():
    rows, scores = VECTORS[:3], np.zeros(3, np.float32)
    with pytest.raises(ShapeError, match="neighbors"):
        expand(VECTORS[0], rows[:, :4], scores)
    with pytest.raises(ShapeError, match="not finite"):
        expand(VECTORS[0], rows, np.array([0, np.nan, 0], np.float32))
    with pytest.raises(UsageError, match="alpha"):
        expand(VECTORS[0], rows, scores, alpha=-1)
    with pytest.raises(UsageError, match="n must"):
        AlphaQueryExpansion(n=0)
    with pytest.raises(UsageError, match="alpha"):
        AlphaQueryExpansion(alpha=-1)
