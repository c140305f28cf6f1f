"""Mining on manifolds where the manifolds are known: rings, moons, and dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_moons

from relook.core.errors import ShapeError, UsageError
from relook.reranking import Affinity, NeighborGraph
from relook.training.mining import make_miner
from relook.training.mining.manifold import ManifoldMiner, modes, stationary


def rings(count=240, gap=9.0):
    """Two parallel rings on the sphere, ``gap`` degrees from each other, and whose each row is."""
    turns = np.deg2rad(np.arange(count) * 360 / count)
    both = []
    for height in np.deg2rad([gap / 2, -gap / 2]):
        circle = np.cos(height) * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        both.append(np.column_stack([circle, np.full(count, np.sin(height))]))
    return np.concatenate(both).astype(np.float32), np.repeat([0, 1], count)


def moons():
    flat, which = make_moons(400, noise=0.03, random_state=0)
    vectors = np.column_stack([0.3 * flat, np.ones(len(flat))])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), which


def mined(vectors, seed=0, *, every=1, **options):
    rng, queries = np.random.default_rng(seed), np.arange(0, len(vectors), every)
    return make_miner("manifold", **options).mine(vectors, None, queries, rng)


def test_on_two_rings_positives_lie_along_the_own_ring_and_negatives_across():
    vectors, which = rings()
    options = {"nearest": 24, "k": 6, "anchors": "all", "positives": 2, "negatives": 3}
    found = mined(vectors, every=12, **options)
    assert [each.query for each in found] == np.repeat(np.arange(0, 480, 12), 2).tolist()
    near = vectors.astype(np.float64) @ vectors.T
    for each in found:
        x = each.query
        euclidean = set(np.argsort(-near[x], kind="stable")[1:25])
        place = x % 240
        manifold = {(place + step) % 240 + 240 * which[x] for step in range(-12, 13) if step}
        assert each.positive in manifold - euclidean
        assert set(each.negatives) <= euclidean - manifold
        assert np.all(which[list(each.negatives)] != which[x])
        # The nearest of E without M first: right across, then its neighbors.
        assert each.negatives[0] == (x + 240) % 480


def test_on_two_moons_positives_are_of_the_own_moon_and_negatives_of_the_other():
    vectors, which = moons()
    found = mined(vectors, nearest=100, k=10, anchors="all", every=3)
    assert [each.query for each in found] == list(range(0, len(vectors), 3))
    assert all(which[each.positive] == which[each.query] for each in found)
    across = [which[list(each.negatives)] != which[each.query] for each in found]
    assert np.concatenate(across).mean() > 0.97


def test_sets_are_those_of_dense_linear_algebra():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((90, 5))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    near = vectors.astype(np.float64) @ vectors.T
    np.fill_diagonal(near, -np.inf)
    order = np.argsort(-near, axis=1, kind="stable")
    lists = np.zeros((90, 90), bool)
    np.put_along_axis(lists, order[:, :12], values=True, axis=1)
    weights = np.where(lists & lists.T, np.maximum(near, 0) ** 3, 0)
    scale = 1 / np.sqrt(weights.sum(axis=1))
    reach = np.linalg.inv(np.eye(90) - 0.8 * scale[:, None] * weights * scale)
    np.fill_diagonal(reach, -np.inf)
    options = {"nearest": 15, "k": 12, "alpha": 0.8, "negatives": 99, "positives": 99}
    found = mined(vectors, anchors="all", **options)
    for x in range(90):
        euclidean, manifold = order[x, :15], np.argsort(-reach[x])[:15]
        positives = {each.positive for each in found if each.query == x}
        negatives = {each.negatives for each in found if each.query == x}
        assert positives == set(manifold) - set(euclidean)
        if positives:
            assert negatives == {tuple(row for row in euclidean if row not in set(manifold))}


def graph_of(edges, nodes):
    """A graph of given edges with similarity 1."""
    lists = [[] for _ in range(nodes)]
    for left, right in edges:
        lists[left].append(right)
        lists[right].append(left)
    k = max(map(len, lists))
    rows = np.array([sorted(each) + [-1] * (k - len(each)) for each in lists], np.int32)
    values = np.where(rows >= 0, 1, -np.inf).astype(np.float32)
    return Affinity.of(NeighborGraph(np.arange(nodes), rows, values))


def test_stationary_distribution_is_where_a_long_random_walk_is():
    affinity = graph_of([(0, 1), (0, 2), (0, 3), (1, 2), (3, 4)], 5)
    weights = affinity.weights.dense()
    step = weights / weights.sum(axis=1, keepdims=True)
    walk = np.linalg.matrix_power(step, 200)[4]
    np.testing.assert_allclose(stationary(affinity), walk, atol=1e-9)


def test_modes_are_the_tops_of_the_stationary_distribution():
    star = [(0, 1), (0, 2), (0, 3)]
    triangle = [(4, 5), (5, 6), (4, 6)]
    assert modes(graph_of(star + triangle, 8)).tolist() == [0, 4]


def test_modes_alone_are_anchors_unless_all_are_asked_for():
    vectors, _ = moons()
    options = {"nearest": 60, "k": 10}
    every = {each.query for each in mined(vectors, anchors="all", **options)}
    some = {each.query for each in mined(vectors, **options)}
    affinity = Affinity.of(NeighborGraph.build(np.arange(len(vectors)), vectors, k=10))
    assert some == every & set(modes(affinity).tolist())
    assert 0 < len(some) < len(every)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_pictures_give_no_tuples(count):
    assert mined(np.eye(4, dtype=np.float32)[:count], anchors="all") == ()


def test_threads_and_seeds_change_nothing_else():
    vectors, _ = moons()
    options = {"nearest": 60, "k": 10, "anchors": "all", "every": 8}
    assert mined(vectors, threads=2, **options) == mined(vectors, **options)
    assert mined(vectors, 1, **options) != mined(vectors, 2, **options)


@pytest.mark.parametrize(
    "options",
    [{"nearest": 0}, {"k": 0}, {"alpha": 1.0}, {"anchors": "some"}, {"gamma": 0}, {"ks": 3}],
)
def test_bad_options_are_named(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        make_miner("manifold", **options)


def test_bad_vectors_are_named():
    with pytest.raises(ShapeError, match="length 1"):
        ManifoldMiner().mine(
            np.ones((4, 4), np.float32), None, np.arange(4), np.random.default_rng(0)
        )
