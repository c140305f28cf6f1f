from __future__ import annotations

import numpy as np
import pytest

from oracles import diffusion as oracle
from relook.core.errors import UsageError
from relook.core.records import Ranking
from relook.reranking import Affinity, Diffusion, NeighborGraph, Seeds, fuse_graphs

SHAPE, LOOK = (oracle.clustered(60, seed=seed) for seed in (1, 2))


def affinity(vectors, first, last, k=5):
    ids = np.arange(first, last)
    return Affinity.of(NeighborGraph.build(ids, vectors[first:last], k=k))


def dense(one, size=60):
    full = np.zeros((size, size))
    full[np.ix_(one.ids, one.ids)] = one.weights.dense()
    return full


def test_the_sum_joins_what_either_joins():
    first, second = affinity(SHAPE, 0, 50), affinity(LOOK, 10, 60)
    found = fuse_graphs(first, second, weights=(2, 0.5))
    assert found.ids.tolist() == list(range(60))
    np.testing.assert_allclose(dense(found), 2 * dense(first) + 0.5 * dense(second))


def test_the_product_joins_what_both_join():
    first, second = affinity(SHAPE, 0, 50, k=20), affinity(LOOK, 10, 60, k=20)
    found = fuse_graphs(first, second, how="product")
    assert found.ids.tolist() == list(range(10, 50))
    wanted = (dense(first) * dense(second))[10:50, 10:50]
    assert wanted.any()
    np.testing.assert_allclose(found.weights.dense(), wanted)


def test_a_graph_and_nothing_is_the_graph():
    one, none = affinity(SHAPE, 0, 60), Affinity.of(NeighborGraph.empty(k=2))
    np.testing.assert_array_equal(dense(fuse_graphs(one, none)), dense(one))
    np.testing.assert_array_equal(dense(fuse_graphs(none, one)), dense(one))
    assert len(fuse_graphs(one, none, how="product")) == 0


def test_appearance_leads_on_from_what_shape_found():
    # The query is like 0 in shape; 0 and 1 share only their appearance, 1 and 2 only their shape.
    shape = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    look = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    graphs = [Affinity.of(NeighborGraph.build(np.arange(4), v, k=1)) for v in (shape, look)]
    before = Ranking(np.array([0, 3, 1, 2]), np.array([0.9, 0.3, 0.2, 0.1], np.float32))
    seeds = Seeds.nearest(before, k=1)
    alone = [Diffusion().rerank(before, graph, seeds=seeds).ids.tolist() for graph in graphs]
    assert alone == [[0, 3, 1, 2], [0, 1, 3, 2]]
    fused = Diffusion().rerank(before, fuse_graphs(*graphs), seeds=seeds)
    assert fused.ids.tolist()[-1] == 3


def test_arguments_that_do_not_fit_are_refused():
    one = affinity(SHAPE, 0, 9)
    with pytest.raises(UsageError, match="sum, product"):
        fuse_graphs(one, one, how="mean")
    with pytest.raises(UsageError, match="weights"):
        fuse_graphs(one, one, weights=(1, 0))
