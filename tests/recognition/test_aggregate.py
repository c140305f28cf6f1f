"""Weighted sums of descriptors, and how their weights are found."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import scales as oracle
from relook.core.errors import ShapeError, UsageError
from relook.recognition import scale_weights
from relook.recognition.aggregate import aggregate, all_weights, learn_weights, search_weights


def made(images=40, scales=4, width=8, *, seed=0):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(images, scales, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=2, keepdims=True)


def one_good_scale(*, classes=12, each=3, scales=3, good=1, width=16, seed=0):
    """Descriptors that say nothing of the class, but at one scale."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), each)
    rows = random.normal(size=(len(labels), scales, width))
    centers = random.normal(size=(classes, width))
    rows[:, good] = centers[labels] + 0.3 * rows[:, good]
    rows /= np.linalg.norm(rows, axis=2, keepdims=True)
    return rows.astype(np.float32), labels


@pytest.mark.parametrize("weights", [[1, 0, 0, 1], [0.3, -2, 1e-3, 0.7], [0, 0, 0, 0]])
def test_the_weighted_sum_equals_the_equation(weights):
    rows = made()
    want = [oracle.aggregate(row, weights) for row in rows]
    np.testing.assert_allclose(aggregate(rows, weights), want, atol=1e-6)


def test_a_sum_that_vanishes_stays_zero():
    rows = np.float32([[[1, 0], [1, 0]]])
    np.testing.assert_array_equal(aggregate(rows, [1, -1]), [[0, 0]])


@pytest.mark.parametrize("scales", [1, 2, 3, 5])
def test_all_combinations_are_there_once_the_cheapest_first(scales):
    rows = all_weights(scales)
    assert rows.shape == (2**scales - 1, scales)
    assert {tuple(row) for row in rows.astype(int).tolist()} == oracle.combinations(scales)
    assert (np.diff(rows.sum(axis=1)) >= 0).all()


def test_the_search_measures_every_combination_and_sorts_them():
    rows, wanted = made(scales=3), np.array([1, 0, 1])
    seen = []

    def evaluate(weights):
        seen.append(tuple(weights))
        return -float(np.abs(weights - wanted).sum())

    found = search_weights(rows, evaluate)
    assert sorted(seen) == sorted(map(tuple, all_weights(3)))
    np.testing.assert_array_equal(found.best, wanted)
    scores = [result.score for result in found.results]
    assert scores == sorted(scores, reverse=True)


def test_of_equal_combinations_the_one_of_fewer_descriptors_is_best():
    candidates = np.float32([[1, 1, 1], [0, 1, 0], [1, 0, 1]])
    found = search_weights(made(scales=3), lambda _: 0.5, candidates=candidates)
    assert [tuple(result.weights) for result in found.results] == [(0, 1, 0), (1, 0, 1), (1, 1, 1)]


def test_the_loss_equals_its_definition_and_its_gradient_its_difference_quotient():
    rows, random = made(), np.random.default_rng(1)
    anchors, chosen = np.array([0, 1, 2]), random.integers(3, 40, (3, 5))
    contest = scale_weights._contest(rows, anchors, chosen)
    for _ in range(5):
        weights = random.normal(size=4)
        value, gradient = scale_weights.loss(weights, contest, temperature=0.2)
        want = [
            oracle.cross_entropy(weights, rows[anchor], rows[others], 0.2)
            for anchor, others in zip(anchors, chosen, strict=True)
        ]
        assert value == pytest.approx(np.mean(want), rel=1e-5)
        steps = [
            scale_weights.loss(weights + step, contest, temperature=0.2)[0]
            - scale_weights.loss(weights - step, contest, temperature=0.2)[0]
            for step in 1e-5 * np.eye(4)
        ]
        np.testing.assert_allclose(gradient, np.array(steps) / 2e-5, rtol=1e-5, atol=1e-7)


def test_learned_weights_find_the_scale_that_tells_classes_apart():
    rows, labels = one_good_scale()
    weights = learn_weights(rows, labels, seed=0)
    assert weights.dtype == np.float32
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert weights.argmax() == 1
    assert weights[1] > 0.7
    fresh, theirs = one_good_scale(seed=5)

    def accuracy(weights):
        single = aggregate(fresh, weights)
        similarities = single @ single.T - 2 * np.eye(len(single))
        return (theirs[similarities.argmax(axis=1)] == theirs).mean()

    assert accuracy(weights) > accuracy(np.ones(3)) + 0.1


def test_learning_is_repeatable():
    rows, labels = one_good_scale()
    labels[:3] = -1
    one, two = (learn_weights(rows, labels, seed=3) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_bad_input_is_refused_in_a_sentence():
    rows = made()
    with pytest.raises(ShapeError, match="weights must have shape"):
        aggregate(rows, [1, 1])
    with pytest.raises(ShapeError, match="weights has 1 values that are not finite"):
        aggregate(rows, [1, 1, 1, np.nan])
    with pytest.raises(ShapeError, match="descriptors"):
        aggregate(rows[0], [1, 1, 1, 1])
    for scales in (0, 17):
        with pytest.raises(UsageError, match="from 1 to 16"):
            all_weights(scales)
    with pytest.raises(UsageError, match="no candidates"):
        search_weights(rows, lambda _: 1.0, candidates=np.zeros((0, 4), np.float32))
    with pytest.raises(UsageError, match="NaN"):
        search_weights(rows, lambda _: float("nan"))
    assert aggregate(rows[:0], np.ones(4)).shape == (0, 8)


def test_learning_says_what_it_lacks():
    rows = made(4)
    with pytest.raises(UsageError, match="no class has two images"):
        learn_weights(rows, np.array([0, 1, 2, -1]), seed=0)
    with pytest.raises(UsageError, match="all images are of one class"):
        learn_weights(rows, np.zeros(4, np.int64), seed=0)
    with pytest.raises(UsageError, match="temperature"):
        learn_weights(rows, np.array([0, 0, 1, 1]), seed=0, temperature=0)
    with pytest.raises(UsageError, match="negatives"):
        learn_weights(rows, np.array([0, 0, 1, 1]), seed=0, negatives=0)
    rows[0, 0, 0] = np.nan
    with pytest.raises(ShapeError, match="not finite"):
        learn_weights(rows, np.array([0, 0, 1, 1]), seed=0)
