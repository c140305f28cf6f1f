"""Votes of neighbors equal the equations, term by term, and refuse what makes no sense."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from oracles import votes as oracle
from relook.core.errors import ShapeError, UsageError
from relook.recognition import expanded_means
from relook.recognition.vote import (
    TRANSFORMS,
    expanded_mean_knn,
    knn_scores,
    knn_vote,
    make_transform,
    mean_knn,
)

NAMES = sorted(TRANSFORMS)


def rankings(*, queries=30, k=9, classes=4, seed=0):
    """Sorted similarities of both signs and classes, some of them unlabelled."""
    random = np.random.default_rng(seed)
    similarities = -np.sort(-random.uniform(-1, 1, (queries, k)).astype(np.float32), axis=1)
    return similarities, random.integers(-1, classes, (queries, k))


def clustered(*, images=60, classes=5, width=6, queries=12, k=7, seed=0, noise=0.4):
    """Vectors around a center per class, of any length, a few unlabelled; the nearest k rows."""
    random = np.random.default_rng(seed)
    labels = random.integers(-1, classes, images)
    centers = random.normal(size=(classes + 1, width))

    def around(which):
        rows = centers[which] + noise * random.normal(size=(len(which), width))
        return (rows * random.uniform(0.5, 2, (len(which), 1))).astype(np.float32)

    database, asked = around(labels), around(random.integers(0, classes, queries))
    cosines = np.array([[oracle.cosine(q, x) for x in database] for q in asked])
    return asked, database, labels, np.argsort(-cosines, axis=1, kind="stable")[:, :k]


def same_votes(votes, expected):
    """The best score is the oracle's, and the class has it; rounding may draw lots among equals."""
    assert votes.classes.dtype == np.int64
    assert votes.confidences.dtype == np.float32
    for which, confidence, ranked in zip(votes.classes, votes.confidences, expected, strict=True):
        if not ranked:
            assert (which, confidence) == (-1, -np.inf)
            continue
        assert confidence == pytest.approx(ranked[0][0], rel=1e-5, abs=1e-6)
        theirs = {name: score for score, name in ranked}
        assert theirs[which] == pytest.approx(ranked[0][0], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_four_transforms_are_those_of_the_equations(name):
    x = np.array([-1.0, -0.25, 0.0, 0.3, 1.0])
    want = [oracle.transform(name, value) for value in x]
    np.testing.assert_allclose(make_transform(name)(x), want, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_sums_per_class_equal_the_equation(name, seed):
    similarities, classes = rankings(seed=seed)
    expected = [oracle.knn(*row, name) for row in zip(similarities, classes, strict=True)]
    same_votes(knn_vote(similarities, classes, transform=name), expected)


SIXTEENTHS = arrays.arrays(np.int8, (3, 6), elements=st.integers(-16, 16))
FEW_CLASSES = arrays.arrays(np.int64, (3, 6), elements=st.integers(-1, 2))


@given(SIXTEENTHS, FEW_CLASSES, st.sampled_from(["identity", "square"]))
def test_ties_go_to_the_class_of_the_better_neighbor(sixteenths, classes, name):
    # Sums of sixteenths are exact, so that a tie is one.
    similarities = (sixteenths / 16).astype(np.float32)
    votes = knn_vote(similarities, classes, transform=name)
    for row in range(len(classes)):
        ranked = oracle.knn(similarities[row], classes[row], name) or [(-np.inf, -1)]
        assert (votes.confidences[row], votes.classes[row]) == ranked[0]


@given(SIXTEENTHS, FEW_CLASSES)
def test_scores_list_all_classes_in_the_order_of_the_equation(sixteenths, classes):
    similarities = (sixteenths / 16).astype(np.float32)
    names, scores = knn_scores(similarities, classes)
    assert names.shape == scores.shape == classes.shape
    for row in range(len(classes)):
        ranked = oracle.knn(similarities[row], classes[row], "identity")
        ranked += [(-np.inf, -1)] * (classes.shape[1] - len(ranked))
        assert list(zip(scores[row], names[row], strict=True)) == ranked


def test_one_neighbor_decides_whatever_the_transform():
    similarities, classes = rankings(k=1)
    for name in NAMES:
        np.testing.assert_array_equal(
            knn_vote(similarities, classes, transform=name).classes, classes[:, 0]
        )


def test_unlabelled_neighbors_take_a_place_and_do_not_vote():
    similarities = np.float32([[0.9, 0.8, 0.1]])
    votes = knn_vote(similarities, np.array([[-1, 7, -1]]))
    assert (votes.classes[0], votes.confidences[0]) == (7, np.float32(0.8))
    votes = knn_vote(similarities, np.array([[-1, -1, -1]]))
    assert (votes.classes[0], votes.confidences[0]) == (-1, -np.inf)


def test_what_pads_a_short_ranking_is_not_read():
    votes = knn_vote(np.float32([[0.5, -np.inf, np.nan]]), np.array([[3, -1, -1]]))
    assert (votes.classes[0], votes.confidences[0]) == (3, 0.5)


def test_a_negative_similarity_votes_against_its_class():
    votes = knn_vote(np.float32([[0.5, 0.4, -0.3]]), np.array([[1, 2, 1]]))
    assert votes.classes[0] == 2


@pytest.mark.parametrize("shape", [(0, 5), (4, 0), (0, 0)])
def test_no_queries_or_no_neighbors_give_an_empty_answer(shape):
    similarities, classes = np.zeros(shape, np.float32), np.zeros(shape, np.int64)
    votes = knn_vote(similarities, classes)
    np.testing.assert_array_equal(votes.classes, np.full(shape[0], -1))
    np.testing.assert_array_equal(votes.confidences, np.full(shape[0], -np.inf))
    assert knn_scores(similarities, classes).classes.shape == shape


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_mean_knn_equals_the_equations(name, seed):
    data = clustered(seed=seed)
    queries, database, classes, neighbors = data
    votes = mean_knn(*data, transform=name)
    same_votes(
        votes,
        [
            oracle.mean_knn(query, database, classes, rows, name)
            for query, rows in zip(queries, neighbors, strict=True)
        ],
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("alpha", [0.2, 0.5, 0.7, 1.3])
@pytest.mark.parametrize("seed", range(2))
def test_the_expanded_mean_equals_the_equations(name, alpha, seed):
    data = clustered(seed=seed)
    queries, database, classes, neighbors = data
    votes = expanded_mean_knn(*data, alpha=alpha, transform=name)
    same_votes(
        votes,
        [
            oracle.expanded_mean_knn(query, database, classes, rows, name, alpha)
            for query, rows in zip(queries, neighbors, strict=True)
        ],
    )


@pytest.mark.parametrize("large", [0, 12, 1024])
def test_classes_of_any_size_and_small_portions_of_them_expand_alike(monkeypatch, large):
    data = clustered(images=90, queries=20)
    data[1][5] = 0  # a vector without a direction is near nothing but itself
    whole = expanded_mean_knn(*data, alpha=0.7)
    monkeypatch.setattr(expanded_means, "LARGE", large)
    monkeypatch.setattr(expanded_means, "NUMBERS", 40)
    parts = expanded_mean_knn(*data, alpha=0.7)
    np.testing.assert_array_equal(whole.classes, parts.classes)
    np.testing.assert_allclose(whole.confidences, parts.confidences, rtol=1e-5)


def test_mapped_vectors_are_read_as_any_others(tmp_path):
    queries, database, classes, neighbors = clustered()
    np.save(tmp_path / "database.npy", database)
    mapped = np.load(tmp_path / "database.npy", mmap_mode="r")
    one = expanded_mean_knn(queries, mapped, classes, neighbors, alpha=0.5)
    two = expanded_mean_knn(queries, database, classes, neighbors, alpha=0.5)
    np.testing.assert_array_equal(one.confidences, two.confidences)


def test_a_tiny_alpha_expands_by_nothing_and_a_large_one_by_the_whole_class():
    queries, database, classes, neighbors = data = clustered()
    tiny, mean = expanded_mean_knn(*data, alpha=1e-7), mean_knn(*data)
    np.testing.assert_array_equal(tiny.classes, mean.classes)
    np.testing.assert_allclose(tiny.confidences, mean.confidences, rtol=1e-5)
    large = expanded_mean_knn(*data, alpha=2.1)
    for query, rows, best in zip(queries, neighbors, large.confidences, strict=True):
        near = {which for which in classes[rows] if which >= 0}
        means_ = [database[classes == which].mean(axis=0) for which in near]
        assert best == pytest.approx(max(oracle.cosine(query, mean) for mean in means_), rel=1e-5)


def test_expansion_never_crosses_classes():
    database = np.float32([[1, 0], [1, 0], [1, 0.01]])
    votes = expanded_mean_knn(
        np.float32([[1, 0]]), database, np.array([5, 6, 6]), np.array([[0]]), alpha=2.5
    )
    assert (votes.classes[0], votes.confidences[0]) == (5, 1)


def test_one_class_only_and_repeated_rows_are_fine():
    database = np.float32([[1, 0], [0, 1], [0, 1]])
    rows = np.array([[0, 0, 1, -1, -1]])  # more places than images
    votes = mean_knn(np.float32([[1, 0]]), database, np.zeros(3, np.int64), rows)
    assert votes.confidences[0] == pytest.approx(2 / np.sqrt(5))
    # M_c is a set: a row that comes twice counts once.
    votes = expanded_mean_knn(
        np.float32([[1, 0]]), database, np.zeros(3, np.int64), rows, alpha=0.1
    )
    assert votes.confidences[0] == pytest.approx(1 / np.sqrt(5))


def test_zero_vectors_are_like_nothing():
    database = np.float32([[0, 0], [0, 0], [1, 1]])
    queries, classes = np.float32([[1, 0], [0, 0]]), np.array([2, 2, 3])
    rows = np.array([[0, 1], [2, 0]])
    for votes in (
        mean_knn(queries, database, classes, rows),
        expanded_mean_knn(queries, database, classes, rows, alpha=0.5),
    ):
        assert votes.confidences.tolist() == [0, 0]
        assert votes.classes.tolist() == [2, 3]


def test_an_empty_database_has_no_answer():
    arguments = (
        np.ones((2, 4), np.float32),
        np.zeros((0, 4), np.float32),
        np.zeros(0, np.int64),
        np.full((2, 3), -1),
    )
    for votes in (mean_knn(*arguments), expanded_mean_knn(*arguments, alpha=0.5)):
        assert votes.classes.tolist() == [-1, -1]
        assert np.isneginf(votes.confidences).all()


def test_bad_votes_are_refused_in_a_sentence():
    similarities, classes = rankings(queries=2, k=3)
    with pytest.raises(UsageError, match="identity, square, sqrt, log"):
        knn_vote(similarities, classes, transform="cube")
    with pytest.raises(ShapeError, match="similarities must be float32"):
        knn_vote(similarities.astype(np.float64), classes)
    with pytest.raises(ShapeError, match="classes must have shape"):
        knn_vote(similarities, classes[:, :2])
    with pytest.raises(UsageError, match="not -2"):
        knn_vote(similarities, classes * 0 - 2)
    with pytest.raises(ShapeError, match="similarities has"):
        knn_vote(np.float32([[np.nan]]), np.array([[0]]))


@pytest.mark.parametrize("bad", ["queries", "database", "width", "row", "classes"])
def test_bad_vectors_are_refused_in_a_sentence(bad):
    queries, database, classes, neighbors = (part.copy() for part in clustered())
    if bad == "queries":
        queries[0, 0] = np.nan
    elif bad == "database":
        database[neighbors[0], 0] = np.inf
    elif bad == "width":
        queries = queries[:, :-1]
    elif bad == "row":
        neighbors[0, 0] = len(database)
    else:
        classes = classes[:-1]
    expected = UsageError if bad == "row" else ShapeError
    with pytest.raises(expected):
        mean_knn(queries, database, classes, neighbors)
    with pytest.raises(expected):
        expanded_mean_knn(queries, database, classes, neighbors, alpha=0.5)


@pytest.mark.parametrize("alpha", [0, -1, np.nan])
def test_alpha_is_a_distance(alpha):
    with pytest.raises(UsageError, match="alpha"):
        expanded_mean_knn(*clustered(), alpha=alpha)
