from __future__ import annotations

import numpy as np
import pytest

from oracles import diffusion as oracle
from relook.core.errors import ShapeError, UsageError
from relook.core.records import Evidence, Ranking
from relook.reranking import Affinity, Diffusion, NeighborGraph, Seeds

VECTORS = oracle.clustered(400, clusters=20, noise=0.6)
IDS = 3 * np.arange(300) + 7
INDEX = oracle.ExactIndex(IDS, VECTORS[:300])
GRAPH = NeighborGraph.build(IDS, VECTORS[:300], k=10)
AFFINITY = Affinity.of(GRAPH)
QUERIES = VECTORS[300:310]


def ranking(ids, scores):
    return Ranking(np.array(ids, np.int64), np.array(scores, np.float32))


def evidence(inliers, *, strength=3.0, verified=True):
    points, region = np.zeros((inliers, 2), np.float32), np.zeros((4, 2), np.float32)
    return Evidence(inliers, strength, np.eye(3), points, points, region, region, verified)


def by_definition(query, *, k_query=5):
    """f of all images, in dense float64."""
    scores = VECTORS[:300].astype(np.float64) @ query
    y = np.zeros(300)
    nearest = np.argsort(-scores, kind="stable")[:k_query]
    y[nearest] = np.clip(scores[nearest], 0, None) ** 3
    return oracle.solution(oracle.normalized(oracle.affinity(VECTORS[:300], 10)), y)


@pytest.mark.parametrize("truncate", [None, 300])
def test_on_all_nodes_the_order_is_that_of_the_definition(truncate):
    exact = Diffusion(k_query=5, truncate=truncate, alpha=0.99, iterations=1000, tolerance=1e-10)
    for query in QUERIES:
        before = INDEX.search(query, top=300)
        found = exact.rerank(before, AFFINITY)
        f = by_definition(query)
        reached = found.scores > 0
        np.testing.assert_allclose(
            found.scores[reached], f[(found.ids[reached] - 7) // 3], rtol=1e-4, atol=1e-7
        )
        assert reached.sum() >= (f > 1e-7).sum()


def test_the_same_ids_come_back_and_scores_do_not_increase():
    for top in (1, 10, 300):
        before = INDEX.search(QUERIES[0], top=top)
        found = Diffusion(truncate=50).rerank(before, AFFINITY)
        assert sorted(found.ids) == sorted(before.ids)
        assert np.all(np.diff(found.scores) <= 0)
        assert found.scores.dtype == np.float32


def test_what_is_not_reached_follows_in_its_first_order():
    before = INDEX.search(QUERIES[0], top=300)
    found = Diffusion(truncate=40).rerank(before, AFFINITY)
    rest = found.ids[found.scores <= 0]
    assert 260 <= len(rest) < 300
    positions = {id_: place for place, id_ in enumerate(before.ids.tolist())}
    assert np.all(np.diff([positions[id_] for id_ in rest.tolist()]) > 0)
    assert len(np.unique(found.scores)) > 290  # differences are kept: no ties are made


def test_a_chain_leads_where_the_query_does_not_see():
    # Points on an arc: the far end is farther from the query than an image apart from the arc.
    angles = np.linspace(0, 1.5, 12)
    arc = np.stack([np.cos(angles), np.sin(angles), np.zeros(12)], axis=1)
    apart = np.array([[0.5, 0, -(0.75**0.5)]])
    vectors = np.concatenate([arc, apart]).astype(np.float32)
    index = oracle.ExactIndex(range(13), vectors)
    before = index.search(vectors[0], top=13)
    assert before.ids.tolist().index(12) < before.ids.tolist().index(11)
    affinity = Affinity.of(NeighborGraph.build(np.arange(13), vectors, k=3))
    found = Diffusion(k_query=2).rerank(before, affinity)
    assert found.ids.tolist()[-1] == 12


def test_a_query_without_neighbors_in_the_graph_changes_nothing():
    before = INDEX.search(QUERIES[0], top=20)
    strangers = Affinity.of(NeighborGraph.build(IDS + 1, VECTORS[:300], k=10))
    opposite = ranking([7, 10], [-0.2, -0.3])
    for given, affinity in ((before, strangers), (opposite, AFFINITY)):
        found = Diffusion().rerank(given, affinity)
        np.testing.assert_array_equal(found.ids, given.ids)


def test_empty_and_one_image_collections_are_harmless():
    nothing = Affinity.of(NeighborGraph.empty(k=5))
    assert len(Diffusion().rerank(ranking([], []), nothing)) == 0
    assert len(Diffusion().rerank(ranking([], []), AFFINITY)) == 0
    assert Diffusion().rerank(ranking([5, 3], [0.9, 0.8]), nothing).ids.tolist() == [5, 3]
    one = Affinity.of(NeighborGraph.build(np.array([5]), VECTORS[:1], k=5))
    for truncate in (1, None):
        found = Diffusion(truncate=truncate, alpha=0.99).rerank(ranking([5], [0.9]), one)
        assert found.ids.tolist() == [5]
        assert found.scores[0] == pytest.approx(0.01 * 0.9**3, rel=1e-5)


def test_images_that_the_graph_does_not_know_yet_stay_behind_in_order():
    before = ranking([8, 7, 9, 10], [0.9, 0.8, 0.7, 0.6])
    found = Diffusion().rerank(before, AFFINITY)
    assert found.ids.tolist()[-2:] == [8, 9]


def test_evidence_goes_with_its_image():
    before = INDEX.search(QUERIES[0], top=3)
    marks = (evidence(5), None, evidence(7))
    found = Diffusion().rerank(Ranking(before.ids, before.scores, marks), AFFINITY)
    expected = dict(zip(before.ids.tolist(), marks, strict=True))
    pairs = zip(found.ids.tolist(), found.evidence, strict=True)
    assert all(expected[id_] is item for id_, item in pairs)


def test_several_query_points_are_summed():
    answers = [INDEX.search(query, top=300) for query in QUERIES[:3]]
    seeds = Seeds.nearest(*answers, k=4)
    single = [Seeds.nearest(answer, k=4) for answer in answers]
    total = Seeds.none()
    for one in single:
        total += one
    np.testing.assert_array_equal(seeds.ids, total.ids)
    np.testing.assert_allclose(seeds.weights, total.weights)
    exact = Diffusion(truncate=None, iterations=1000)
    together = exact.spread(AFFINITY, seeds, IDS)[1]
    apart = [exact.spread(AFFINITY, one, IDS)[1] for one in single]
    np.testing.assert_allclose(together, np.sum(apart, axis=0), atol=1e-6)


def test_seeds_outside_the_ranking_are_nodes_too():
    before = INDEX.search(QUERIES[0], top=5)
    outside = INDEX.search(QUERIES[0], top=300).ids[-1]
    seeds = Seeds(np.array([outside]), np.ones(1))
    nodes, values = Diffusion(truncate=5).spread(AFFINITY, seeds, before.ids)
    assert AFFINITY.ids[nodes[values > 0]].tolist() == [outside]
    found = Diffusion(truncate=5).rerank(before, AFFINITY, seeds=seeds)
    np.testing.assert_array_equal(found.ids, before.ids)


def test_verified_images_are_seeds_by_their_strength():
    marks = (evidence(5, strength=2), None, evidence(9, strength=4), evidence(3, verified=False))
    plain = ranking([9, 8, 2, 1], [4, 3, 2, 1])
    before = Ranking(plain.ids, plain.scores, marks)
    seeds = Seeds.verified(before)
    assert (seeds.ids.tolist(), seeds.weights.tolist()) == ([2, 9], [1.0, 0.5])
    assert Seeds.verified(before, k=1).ids.tolist() == [2]
    assert len(Seeds.verified(ranking([1], [1]))) == 0


def test_verified_images_stay_ahead_in_their_first_order():
    first = INDEX.search(QUERIES[0], top=30)
    marks = tuple(evidence(5) if row in (4, 0, 9) else None for row in range(30))
    before = Ranking(first.ids, first.scores, marks)
    seeds = Seeds(first.ids[[9]], np.ones(1))
    plain = Diffusion().rerank(before, AFFINITY, seeds=seeds)
    found = Diffusion().rerank(before, AFFINITY, seeds=seeds, verified_first=True)
    ahead = first.ids[[0, 4, 9]]
    assert found.ids[:3].tolist() == ahead.tolist()
    assert found.ids[3:].tolist() == plain.ids[~np.isin(plain.ids, ahead)].tolist()
    assert np.all(np.diff(found.scores) <= 0)
    assert [item is not None for item in found.evidence] == [True] * 3 + [False] * 27
    alone = before.top(1)
    kept = Diffusion().rerank(alone, AFFINITY, seeds=seeds, verified_first=True)
    assert kept.ids.tolist() == alone.ids.tolist()


def test_without_verified_images_nothing_changes():
    before = INDEX.search(QUERIES[0], top=30)
    for first in (True, False):
        found = Diffusion().rerank(
            before, AFFINITY, seeds=Seeds.verified(before), verified_first=first
        )
        np.testing.assert_array_equal(found.ids, before.ids)
        np.testing.assert_array_equal(found.scores, before.scores)


def test_settings_out_of_range_are_refused():
    for wrong in ({"k_query": 0}, {"truncate": 0}, {"iterations": 0}, {"alpha": 1.0}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            Diffusion(**wrong)
    with pytest.raises(UsageError, match="seeds"):
        Seeds(np.array([1, 2]), np.array([1.0, -1.0]))
    with pytest.raises(ShapeError, match="not finite"):
        Seeds(np.array([1, 2]), np.array([1.0, np.nan]))
