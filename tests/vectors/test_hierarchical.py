"""Trees of clusters: how they grow and how rows descend them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from oracles import clustering
from relook.core import memory
from relook.core.errors import ShapeError, UsageError
from relook.vectors import KMeans
from relook.vectors.hierarchical import HierarchicalKMeans
from relook.vectors.rows import Rows
from relook.vectors.tree import Tree, TreeFinder, check_tree


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    common = random.random((60, 12))
    noise = random.normal(0, 0.08, (3000, 12))
    return (common[random.integers(0, 60, 3000)] + noise).astype(np.float32)


@pytest.fixture(scope="module")
def model(rows):
    return HierarchicalKMeans(6, 3).fit(rows)


@pytest.fixture
def uneven():
    """Root with a leaf (0) and two inner nodes, of which one has two leaves and one three."""
    inner = np.array([[0, 0], [10, 0]], np.float32)
    leaves = np.array([[5, 9], [-1, 0], [1, 0], [9, 0], [10, 1], [11, 0]], np.float32)
    return Tree(leaves, inner, np.array([3, 0, 2, 3, 0, 0, 0, 0, 0], np.uint16))


def test_a_tree_has_the_nodes_it_was_asked_for(model):
    check_tree(model.tree_)
    assert model.tree_.depth == 3
    assert model.tree_.children[0] == 6
    assert 6**2 < len(model.tree_.leaves) <= 6**3
    assert set(np.unique(model.tree_.children)) <= set(range(7))
    assert model.tree_.leaves.dtype == np.float32


def test_depth_is_that_of_the_deepest_leaf(uneven):
    assert uneven.depth == 2
    crooked = Tree(np.zeros((4, 2)), np.zeros((2, 2)), np.array([2, 2, 0, 2, 0, 0, 0], np.uint16))
    check_tree(crooked)
    assert crooked.depth == 3


def test_rows_descend_to_the_nearest_child_of_each_node(rows, model, uneven):
    found = TreeFinder(model.tree_).find(rows[:200], count=1, probes=1)
    want = [clustering.descend(row, model.tree_) for row in rows[:200]]
    np.testing.assert_array_equal(found.words[:, 0], want)
    some = np.random.default_rng(3).uniform(-3, 13, (50, 2)).astype(np.float32)
    found = TreeFinder(uneven).find(some, count=1, probes=1)
    want = [clustering.descend(row, uneven) for row in some]
    np.testing.assert_array_equal(found.words[:, 0], want)
    assert len(set(want)) > 4


def test_distances_are_those_to_the_leaf(rows, model):
    found = TreeFinder(model.tree_).find(rows[:100], count=3, probes=8)
    away = np.take_along_axis(clustering.squares(rows[:100], model.tree_.leaves), found.words, 1)
    halves = (rows[:100].astype(np.float64) ** 2).sum(1, keepdims=True) / 2
    np.testing.assert_allclose(found.away + halves, away / 2, atol=1e-5)


def test_more_paths_find_nearer_leaves_and_all_paths_the_nearest(rows, model, uneven):
    exact = np.argsort(clustering.squares(rows, model.tree_.leaves), axis=1)
    finder = TreeFinder(model.tree_)
    recall = [
        np.mean(finder.find(rows, count=1, probes=probes).words[:, 0] == exact[:, 0])
        for probes in (1, 3, 10, 1000)
    ]
    assert recall[0] < recall[1] <= recall[2] <= recall[3] == 1
    every = finder.find(rows[:50], count=4, probes=1000)
    np.testing.assert_array_equal(every.words, exact[:50, :4])
    some = np.random.default_rng(3).uniform(-3, 13, (50, 2)).astype(np.float32)
    all_six = TreeFinder(uneven).find(some, count=6, probes=1)
    np.testing.assert_array_equal(
        all_six.words, np.argsort(clustering.squares(some, uneven.leaves), axis=1, kind="stable")
    )


def test_threads_do_not_change_what_is_found_and_bytes_mean_their_values(rows, model):
    finder = TreeFinder(model.tree_)
    many = np.tile(rows, (2, 1))
    alone = finder.find(many, count=2, probes=4)
    shared = finder.find(many, count=2, probes=4, threads=3)
    np.testing.assert_array_equal(shared.words, alone.words)
    np.testing.assert_array_equal(shared.away, alone.away)
    step = 0.01
    units = [np.round(part / step + 128).astype(np.uint8) for part in model.tree_[:2]]
    values = [(part.astype(np.float32) - 128) * np.float32(step) for part in units]
    children = model.tree_.children
    as_bytes = TreeFinder(Tree(*units, children), step=step, zero=128)
    as_floats = TreeFinder(Tree(*values, children))
    np.testing.assert_array_equal(
        as_bytes.find(rows, count=2, probes=3).words, as_floats.find(rows, count=2, probes=3).words
    )


def test_one_level_is_k_means(rows):
    flat = min(KMeans(20, seed=seed).fit(rows).inertia_ for seed in range(3))
    model = HierarchicalKMeans(20, 1, iterations=50).fit(rows)
    assert len(model.tree_.inner) == 0
    assert model.inertia_ < 1.1 * flat
    centers, _ = clustering.lloyd(rows, model.tree_.leaves)
    np.testing.assert_allclose(model.tree_.leaves, centers, atol=1e-5)  # it has converged


def test_inertia_is_the_mean_squared_distance_to_the_leaf_of_each_row(rows, model):
    words = TreeFinder(model.tree_).find(rows, count=1, probes=1).words[:, 0]
    away = ((rows.astype(np.float64) - model.tree_.leaves[words]) ** 2).sum(1)
    assert model.inertia_ == pytest.approx(away.mean(), rel=1e-5)
    assert len(np.unique(words)) == len(model.tree_.leaves)  # no leaf is without rows


def test_nodes_with_few_rows_or_equal_rows_stay_leaves():
    crowd = np.repeat(np.array([[5.0, 5.0]], np.float32), 500, axis=0)
    rows = np.concatenate([crowd, np.random.default_rng(0).random((9, 2), np.float32)])
    model = HierarchicalKMeans(4, 5).fit(rows)
    check_tree(model.tree_)
    leaves = model.tree_.leaves
    assert len(leaves) <= 10
    assert np.all(np.isfinite(leaves))
    assert np.sum(np.all(leaves == 5, axis=1)) == 1


def test_threads_parts_and_halves_do_not_matter_and_the_seed_does(rows):
    half = rows.astype(np.float16)
    plain = HierarchicalKMeans(5, 3, sample=100).fit(half.astype(np.float32))
    others = (
        HierarchicalKMeans(5, 3, sample=100, threads=3).fit(half.astype(np.float32)),
        HierarchicalKMeans(5, 3, sample=100).fit(Rows([half[:9], half[9:]])),
    )
    for other in others:
        for one, two in zip(plain.tree_, other.tree_, strict=True):
            np.testing.assert_array_equal(one, two)
    seeded = HierarchicalKMeans(5, 3, sample=100, seed=1).fit(rows)
    assert not np.array_equal(seeded.tree_.inner, plain.tree_.inner)


def test_progress_is_told_to_the_end(rows):
    told = []
    HierarchicalKMeans(5, 3, report=lambda *words: told.append(words)).fit(rows)
    assert told[-1] == ("fit", 9000, 9000)
    assert all(a[1] <= b[1] for a, b in pairwise(told))


@pytest.mark.parametrize(
    "change",
    [
        {"children": np.array([3, 0, 2, 4, 0, 0, 0, 0, 0], np.uint16)},
        {"children": np.array([3, 0, 2, 2, 0, 0, 0, 0, 0], np.uint16)},
        {"children": np.array([0, 3, 0, 2, 3, 0, 0, 0, 0], np.uint16)},
        {"children": np.array([1, 0, 2, 3, 2, 0, 0, 0, 0], np.uint16)},
        {"children": np.array([3, 0, 2, 3], np.uint16)},
        {"children": np.array([3, 0, 2, 3, 0, 0, 0, 0, 0], np.int64)},
        {"inner": np.zeros((2, 3), np.float32)},
        {"inner": np.zeros((2, 2), np.uint8)},
    ],
)
def test_parts_that_make_no_tree_are_refused(uneven, change):
    check_tree(uneven)
    with pytest.raises(ShapeError):
        check_tree(uneven._replace(**change))


@pytest.mark.parametrize(
    ("options", "rows", "error", "says"),
    [
        ({"branching": 1}, np.eye(9, dtype=np.float32), UsageError, "branching must be at least 2"),
        ({"branching": 1 << 16}, np.eye(9, dtype=np.float32), UsageError, "at most"),
        ({"depth": 0}, np.eye(9, dtype=np.float32), UsageError, "depth must be at least 1"),
        ({}, np.eye(3, dtype=np.float32), UsageError, "3 rows cannot make 10"),
        ({}, np.ones((30, 3), np.float32), UsageError, "only 1 of 30 rows are different"),
        ({}, np.full((30, 3), np.nan, np.float32), ShapeError, "finite"),
    ],
)
def test_what_cannot_grow_is_refused(options, rows, error, says):
    with pytest.raises(error, match=says):
        HierarchicalKMeans(**{"branching": 10, "depth": 2, **options}).fit(rows)


def test_a_tree_that_needs_more_memory_than_there_is_is_refused(monkeypatch, rows):
    monkeypatch.setattr(memory, "available_memory", lambda: 1 << 17)
    with pytest.raises(UsageError, match=r"3,000 descriptors needs .* of memory, .* are available"):
        HierarchicalKMeans(10, 6).fit(rows)
