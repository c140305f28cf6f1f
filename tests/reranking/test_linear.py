from __future__ import annotations

import numpy as np
import pytest

from oracles import diffusion as oracle
from relook.core.errors import ShapeError, UsageError
from relook.reranking import Affinity, NeighborGraph, random_walk, solve
from relook.reranking.sparse import Csr, combine, extract

VECTORS = oracle.clustered(500, clusters=25)
GRAPH = NeighborGraph.build(np.arange(500), VECTORS, k=12)
AFFINITY = Affinity.of(GRAPH)
DENSE = oracle.normalized(oracle.affinity(VECTORS, 12))


def start(nodes=5, seed=0):
    rng = np.random.default_rng(seed)
    y = np.zeros(500)
    y[rng.choice(500, nodes, replace=False)] = rng.random(nodes)
    return y


def test_the_affinity_is_the_definition():
    np.testing.assert_allclose(AFFINITY.weights.dense(), oracle.affinity(VECTORS, 12), atol=1e-6)
    np.testing.assert_allclose(AFFINITY.normalized.dense(), DENSE, atol=1e-6)


def test_fewer_neighbors_and_another_exponent_need_no_new_graph():
    found = Affinity.of(GRAPH, k=4, gamma=1.0).weights.dense()
    np.testing.assert_allclose(found, oracle.affinity(VECTORS, 4, 1.0), atol=1e-6)


def test_the_affinity_is_symmetric_with_an_empty_diagonal():
    for matrix in (AFFINITY.weights.dense(), AFFINITY.normalized.dense()):
        np.testing.assert_array_equal(matrix, matrix.T)
        assert not np.diag(matrix).any()
        assert matrix.min() == 0


def test_negative_similarities_are_no_edges():
    vectors = np.array([[1, 0], [-1, 0]], np.float32)
    affinity = Affinity.of(NeighborGraph.build(np.arange(2), vectors, k=1))
    assert len(affinity.weights.columns) == 0
    assert not affinity.normalized.dense().any()


def test_exact_duplicates_are_joined_by_one():
    vectors = np.repeat(VECTORS[:1], 3, axis=0)
    affinity = Affinity.of(NeighborGraph.build(np.arange(3), vectors, k=2))
    np.testing.assert_allclose(affinity.weights.dense(), 1 - np.eye(3), atol=1e-6)
    np.testing.assert_allclose(affinity.normalized.dense(), (1 - np.eye(3)) / 2, atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.99])
def test_conjugate_gradient_equals_the_dense_solve(alpha):
    for seed in range(5):
        y = start(seed=seed)
        found = solve(AFFINITY.normalized, y, alpha=alpha)
        wanted = oracle.solution(AFFINITY.normalized.dense(), y, alpha)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-9)
        from_vectors = oracle.solution(DENSE, y, alpha)
        np.testing.assert_allclose(found, from_vectors, rtol=0, atol=1e-5 * from_vectors.max())


def test_the_random_walk_converges_to_the_conjugate_gradient():
    y = start()
    wanted = solve(AFFINITY.normalized, y)
    errors = [
        np.abs(random_walk(AFFINITY.normalized, y, iterations=steps) - wanted).max()
        for steps in (20, 200, 2000)
    ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-5 * wanted.max()


def test_few_iterations_come_near():
    y = start()
    wanted = solve(AFFINITY.normalized, y)
    found = solve(AFFINITY.normalized, y, max_iterations=20)
    assert np.corrcoef(found, wanted)[0, 1] > 0.99


def test_what_no_edge_joins_stays_exactly_zero():
    # Two components of a disconnected graph.
    vectors = np.concatenate([oracle.unit(np.eye(8)[:4] + 0.5), -oracle.unit(np.eye(8)[:4] + 0.5)])
    affinity = Affinity.of(NeighborGraph.build(np.arange(8), vectors, k=3))
    y = np.zeros(8)
    y[0] = 1
    found = solve(affinity.normalized, y)
    assert (found[:4] > 0).all()
    assert (found[4:] == 0).all()


@pytest.mark.parametrize("count", [0, 1])
def test_one_node_and_none_are_harmless(count):
    affinity = Affinity.of(NeighborGraph.build(np.arange(count), VECTORS[:count], k=3))
    y = np.ones(count)
    np.testing.assert_allclose(solve(affinity.normalized, y, alpha=0.9), 0.1 * y)
    np.testing.assert_allclose(random_walk(affinity.normalized, y, alpha=0.9), 0.1 * y)


def test_nothing_to_start_from_gives_nothing():
    assert not solve(AFFINITY.normalized, np.zeros(500)).any()


def test_a_part_of_a_matrix_is_its_rows_and_columns():
    nodes = np.flatnonzero(np.random.default_rng(0).random(500) < 0.3)
    part = extract(AFFINITY.weights, nodes)
    np.testing.assert_array_equal(part.dense(), AFFINITY.weights.dense()[np.ix_(nodes, nodes)])
    assert extract(AFFINITY.weights, nodes[:0]).rows == 0


def sparse(dense):
    rows, columns = np.nonzero(dense)
    offsets = np.concatenate([[0], np.cumsum((dense != 0).sum(axis=1))])
    return Csr(offsets, columns.astype(np.int32), dense[rows, columns])


@pytest.mark.parametrize("product", [False, True])
def test_matrices_are_added_and_multiplied_entry_by_entry(product):
    rng = np.random.default_rng(1)
    first, second = (rng.random((30, 30)) * (rng.random((30, 30)) < 0.2) for _ in range(2))
    found = combine(sparse(first), sparse(second), product=product)
    np.testing.assert_allclose(found.dense(), first * second if product else first + second)
    columns = np.split(found.columns, found.offsets[1:-1])
    assert all(np.all(np.diff(part) > 0) for part in columns)


def test_arguments_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="y must"):
        solve(AFFINITY.normalized, np.zeros(3))
    with pytest.raises(ShapeError, match="not finite"):
        solve(AFFINITY.normalized, np.full(500, np.nan))
    with pytest.raises(UsageError, match="alpha"):
        solve(AFFINITY.normalized, np.zeros(500), alpha=1.0)
    for wrong in ({"k": 0}, {"k": 13}, {"gamma": 0.0}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            Affinity.of(GRAPH, **wrong)
