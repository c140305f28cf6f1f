from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles import diffusion as oracle
from relook.core.errors import FormatError, ShapeError, StorageError, UsageError
from relook.core.records import Ranking
from relook.reranking import NeighborGraph, nearest

VECTORS = oracle.clustered(200)
# Every kind of trouble: clusters, exact duplicates, opposites, a zero row.
POOL = np.concatenate([VECTORS[:20], VECTORS[:6], -VECTORS[:4], np.zeros((1, 16), np.float32)])


def build(ids, k=5, pool=POOL):
    ids = np.array(sorted(ids), np.int64)
    return NeighborGraph.build(ids, pool[ids], k=k)


def same(first, second):
    np.testing.assert_array_equal(first.ids, second.ids)
    np.testing.assert_array_equal(first.neighbors, second.neighbors)
    np.testing.assert_array_equal(first.similarities, second.similarities)
    return True


def test_lists_are_the_exact_neighbors_best_first():
    graph = build(range(200), k=7, pool=VECTORS)
    wanted = np.array(oracle.neighbors(VECTORS, 7))
    np.testing.assert_array_equal(graph.neighbors, wanted)
    products = np.take_along_axis(oracle.similarities(VECTORS), wanted, axis=1)
    np.testing.assert_allclose(graph.similarities, products, atol=1e-7)


def test_duplicates_are_neighbors_of_each_other_in_order_of_id():
    graph = build(range(len(POOL)))
    assert graph.neighbors[0, 0] == 20
    assert graph.neighbors[20, 0] == 0
    np.testing.assert_array_equal(graph.neighbors, oracle.neighbors(POOL, 5))


def test_tiles_and_threads_change_nothing(monkeypatch):
    whole = build(range(200), k=7, pool=VECTORS)
    monkeypatch.setattr(nearest, "ROWS", 3)
    monkeypatch.setattr(nearest, "COLUMNS", 17)
    ids = np.arange(200)
    for threads in (1, 3):
        assert same(NeighborGraph.build(ids, VECTORS, k=7, threads=threads), whole)


def test_the_order_of_the_images_changes_nothing():
    order = np.random.default_rng(0).permutation(200)
    shuffled = NeighborGraph.build(order.astype(np.int64), VECTORS[order], k=4)
    assert same(shuffled, build(range(200), k=4, pool=VECTORS))


def test_k_beyond_the_collection_takes_all_others():
    graph = build([0, 1, 2], k=5)
    assert (graph.neighbors >= 0).sum(axis=1).tolist() == [2, 2, 2]
    assert np.isneginf(graph.similarities[:, 2:]).all()


def test_one_image_and_none_are_harmless():
    assert build([4]).neighbors.tolist() == [[-1] * 5]
    assert len(build([])) == 0
    index = oracle.ExactIndex()
    assert len(NeighborGraph.empty(k=3).caught_up(index)) == 0


@settings(max_examples=40)
@given(
    st.lists(st.sets(st.integers(0, len(POOL) - 1)), min_size=1, max_size=5),
    st.integers(1, 8),
)
def test_a_graph_that_followed_its_collection_equals_one_built_anew(states, k):
    graph = NeighborGraph.empty(k=k)
    for state in states:
        ids = np.array(sorted(state), np.int64)
        graph = graph.caught_up(oracle.ExactIndex(ids, POOL[ids]))
        assert same(graph, build(state, k=k))


def test_what_is_up_to_date_is_not_made_again():
    graph = build([1, 2, 3])
    assert graph.caught_up(oracle.ExactIndex([1, 2, 3], POOL[1:4])) is graph


def test_a_change_leaves_the_graph_as_it_was():
    graph = build(range(9))
    before = graph.neighbors.copy()
    source = oracle.ExactIndex(range(12), POOL[:12])
    graph.add(np.array([9, 10, 11]), source)
    graph.remove([2, 3], source)
    np.testing.assert_array_equal(graph.neighbors, before)


def test_progress_reaches_the_number_of_images():
    seen = []
    ids = np.arange(200)
    NeighborGraph.build(ids, VECTORS, k=3, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (200, 200)


def test_a_saved_graph_comes_back_and_is_written_once(tmp_path):
    graph = build(range(20))
    state = graph.save(tmp_path)
    assert graph.save(tmp_path) == state
    assert [path.name for path in tmp_path.iterdir()] == list(graph.files())
    loaded = NeighborGraph.load(tmp_path, state)
    assert same(loaded, graph)
    assert loaded.save(tmp_path) == state
    source = oracle.ExactIndex(range(25), POOL[:25])
    assert same(loaded.caught_up(source), build(range(25)))
    newer = loaded.caught_up(source)
    assert newer.files() == ()
    assert newer.save(tmp_path) != state
    assert len(list(tmp_path.iterdir())) == 2


def test_an_empty_graph_is_saved_too(tmp_path):
    loaded = NeighborGraph.load(tmp_path, NeighborGraph.empty(k=4).save(tmp_path))
    assert (len(loaded), loaded.k) == (0, 4)


def test_damage_is_noticed(tmp_path):
    graph = build(range(20))
    with pytest.raises(FormatError, match="newer"):
        NeighborGraph.load(tmp_path, graph.save(tmp_path) | {"version": 99})
    for state in ({}, {"version": 1}, {"version": "x", "file": "y"}):
        with pytest.raises(FormatError):
            NeighborGraph.load(tmp_path, state)
    with pytest.raises(StorageError):
        NeighborGraph.load(tmp_path, {"version": 1, "file": "missing"})
    outside = NeighborGraph(graph.ids, graph.neighbors + np.int32(5), graph.similarities)
    with pytest.raises(FormatError, match="damaged"):
        NeighborGraph.load(tmp_path, outside.save(tmp_path))


def test_rankings_of_any_similarity_make_a_graph():
    def ranking(ids, scores):
        return Ranking(np.array(ids, np.int64), np.array(scores, np.float32))

    answers = [ranking([7, 5, 99], [1, 0.5, 0.4]), ranking([5, 7, 9], [1, 0.5, 0.3])]
    graph = NeighborGraph.from_rankings(np.array([7, 5]), answers, k=2)
    assert graph.ids.tolist() == [5, 7]
    assert graph.neighbors.tolist() == [[1, -1], [0, -1]]
    assert graph.similarities[:, 0].tolist() == [0.5, 0.5]


def test_arguments_that_do_not_fit_are_refused():
    graph, source = build(range(5)), oracle.ExactIndex(range(9), POOL[:9])
    with pytest.raises(UsageError, match="twice"):
        graph.add(np.array([4]), source)
    with pytest.raises(UsageError, match="twice"):
        graph.add(np.array([7, 7]), source)
    with pytest.raises(UsageError, match="not in the graph"):
        graph.remove([8], source)
    with pytest.raises(UsageError, match="k must"):
        NeighborGraph.empty(k=0)
    bad = POOL[:5].copy()
    bad[2, 3] = np.nan
    with pytest.raises(ShapeError, match="not finite"):
        NeighborGraph.build(np.arange(5), bad, k=2)
