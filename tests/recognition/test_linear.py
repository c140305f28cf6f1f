from __future__ import annotations

import re

import numpy as np
import pytest

from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.storage import save_arrays
from relook.recognition.folds import choose_cost, stratified_folds
from relook.recognition.linear import LinearClassifier, concatenate, mean_pool


def _blobs(*, classes=3, each=20, dimensions=6, spread=0.3, seed=0):
    random = np.random.default_rng(seed)
    centers = random.normal(size=(classes, dimensions))
    rows = np.repeat(np.arange(classes), each)
    points = centers[rows] + random.normal(scale=spread, size=(len(rows), dimensions))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points.astype(np.float32), [f"class {row}" for row in rows]


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_linear_margins_are_those_of_scikit_learn(classes):
    from sklearn.svm import LinearSVC

    descriptors, labels = _blobs(classes=classes, spread=0.6)
    ours = LinearClassifier.fit(descriptors, labels, cost=3.0)
    theirs = LinearSVC(C=3.0, dual=False, max_iter=10_000).fit(descriptors, labels)
    expected = theirs.decision_function(descriptors)
    found = ours.decision(descriptors)
    assert found.shape == (len(labels), classes)
    np.testing.assert_allclose(found if classes > 2 else found[:, 1], expected, atol=1e-5)
    assert ours.predict(descriptors) == theirs.predict(descriptors).tolist()


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("balanced", [False, True])
def test_kernel_margins_are_those_of_scikit_learn(classes, balanced):
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.svm import SVC

    descriptors, labels = _blobs(classes=classes, spread=0.8)
    descriptors, labels = descriptors[:-9], labels[:-9]
    ours = LinearClassifier.fit(descriptors, labels, cost=2.0, kernel="rbf", balanced=balanced)
    settings = {"C": 2.0, "gamma": "scale", "class_weight": "balanced" if balanced else None}
    theirs = OneVsRestClassifier(SVC(**settings)).fit(descriptors, labels)
    queries, _ = _blobs(classes=classes, spread=0.8, seed=1)
    found, expected = ours.decision(queries), theirs.decision_function(queries)
    np.testing.assert_allclose(found if classes > 2 else found[:, 1], expected, atol=1e-5)
    assert ours.predict(queries) == theirs.predict(queries).tolist()
    assert len(ours.vectors) < len(labels)


def test_a_kernel_separates_what_no_plane_does():
    corners = np.array([[0, 0], [1, 1], [0, 1], [1, 0]], np.float32)
    labels = ["same", "same", "other", "other"]
    flat = LinearClassifier.fit(corners, labels, cost=100.0)
    curved = LinearClassifier.fit(corners, labels, cost=100.0, kernel="rbf", gamma=2.0)
    assert flat.predict(corners) != labels
    assert curved.predict(corners) == labels


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_what_was_saved_says_the_same_again(tmp_path, kernel):
    descriptors, labels = _blobs()
    labels = [label.replace("class", "Größe 絵\u0000 é") for label in labels]
    fitted = LinearClassifier.fit(descriptors, labels, kernel=kernel)
    fitted.save(tmp_path / "classifier")
    loaded = LinearClassifier.load(tmp_path / "classifier")
    assert (loaded.classes, loaded.kernel, loaded.gamma, loaded.cost) == (
        fitted.classes, kernel, fitted.gamma, 1.0,
    )  # fmt: skip
    np.testing.assert_array_equal(loaded.decision(descriptors), fitted.decision(descriptors))


@pytest.mark.parametrize("header", [{}, {"classes": 3}, {"classes": ["b", "a"]}, {"more": 1}])
def test_a_damaged_file_says_so(tmp_path, header):
    arrays = {
        "vectors": np.eye(2, dtype=np.float32),
        "coefficients": np.eye(2),
        "intercepts": np.zeros(2),
    }
    save_arrays(tmp_path / "c", arrays, kind="relook.classifier", version=1, header=header)
    with pytest.raises(FormatError, match="fit the classifier again"):
        LinearClassifier.load(tmp_path / "c")


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_the_same_rows_give_the_same_classifier(kernel):
    descriptors, labels = _blobs()
    first, second = (LinearClassifier.fit(descriptors, labels, kernel=kernel) for _ in range(2))
    np.testing.assert_array_equal(first.coefficients, second.coefficients)
    np.testing.assert_array_equal(first.vectors, second.vectors)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_a_class_with_one_image_is_learned(kernel):
    descriptors, labels = _blobs(spread=0.05)
    rows = [0, *range(20, 60)]
    classifier = LinearClassifier.fit(
        descriptors[rows], [labels[row] for row in rows], cost=100.0, kernel=kernel, balanced=True
    )
    assert classifier.predict(descriptors[1:20]) == labels[1:20]


def test_an_empty_batch_has_no_margins():
    classifier = LinearClassifier.fit(*_blobs())
    assert classifier.decision(np.zeros((0, 6), np.float32)).shape == (0, 3)
    assert classifier.predict(np.zeros((0, 6), np.float32)) == []


GOOD, LABELS = np.eye(4, dtype=np.float32), ["a", "a", "b", "b"]


@pytest.mark.parametrize(
    ("descriptors", "labels", "settings", "error", "said"),
    [
        (GOOD, ["a"] * 4, {}, UsageError, "only 'a'; add another class"),
        (GOOD[:0], [], {}, UsageError, "no label"),
        (GOOD, ["a", "b"], {}, UsageError, "2 labels for 4 descriptors"),
        (GOOD, "aabb", {}, UsageError, "list of texts"),
        (GOOD, [1, 1, 2, 2], {}, UsageError, "list of texts"),
        (GOOD * np.nan, LABELS, {}, ShapeError, "not finite"),
        (GOOD.astype(float), LABELS, {}, ShapeError, "float32"),
        (GOOD[0], LABELS, {}, ShapeError, "shape (any, any)"),
        (GOOD, LABELS, {"kernel": "poly"}, UsageError, "linear, rbf"),
        (GOOD, LABELS, {"cost": 0}, UsageError, "cost must be above 0"),
        (GOOD, LABELS, {"kernel": "rbf", "gamma": -1}, UsageError, "gamma must be above 0"),
        (GOOD * 0 + 1, LABELS, {"kernel": "rbf"}, UsageError, "all descriptors are the same"),
    ],
)
def test_what_cannot_be_learned_is_said(descriptors, labels, settings, error, said):
    with pytest.raises(error, match=re.escape(said)):
        LinearClassifier.fit(descriptors, labels, **settings)


def test_a_query_of_another_dimension_is_refused():
    classifier = LinearClassifier.fit(GOOD, LABELS)
    with pytest.raises(ShapeError, match="shape \\(any, 4\\)"):
        classifier.decision(np.zeros((1, 3), np.float32))


def test_inner_products_of_a_concatenation_are_averages_weighted_by_squares():
    random = np.random.default_rng(3)
    one, two = (random.normal(size=(5, size)).astype(np.float32) for size in (3, 7))
    units = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in (one, two)]
    whole = concatenate(one, two, weights=(2.0, 1.0))
    expected = (4 * units[0] @ units[0].T + units[1] @ units[1].T) / 5
    np.testing.assert_allclose(whole @ whole.T, expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(concatenate(one * 9, two), axis=1), 1, atol=1e-6)


def test_a_part_that_is_zero_says_nothing():
    whole = concatenate(np.zeros((1, 2), np.float32), np.array([[3, 4]], np.float32))
    np.testing.assert_allclose(whole, [[0, 0, 0.6, 0.8]], atol=1e-6)


@pytest.mark.parametrize(
    ("parts", "weights", "said"),
    [
        ((), None, "nothing to concatenate"),
        ((GOOD, GOOD[:2]), None, r"descriptors\[1\] must have shape \(4, any\)"),
        ((GOOD, GOOD), (1.0,), "a weight above 0 for each of the 2"),
        ((GOOD,), (0.0,), "a weight above 0"),
        ((GOOD + np.inf,), None, "not finite"),
    ],
)
def test_what_cannot_be_concatenated_is_said(parts, weights, said):
    with pytest.raises((UsageError, ShapeError), match=said):
        concatenate(*parts, weights=weights)


def test_variants_are_averaged_then_normalized():
    variants = np.array([[[1, 0], [1, 0], [0, 1]], [[0, 0], [0, 0], [0, 0]]], np.float32)
    np.testing.assert_allclose(mean_pool(variants), [np.array([2, 1]) / 5**0.5, [0, 0]], atol=1e-6)
    with pytest.raises(ShapeError, match="no variants"):
        mean_pool(np.zeros((2, 0, 3), np.float32))


def test_every_fold_has_its_share_of_every_class():
    groups = ["a"] * 10 + ["b"] * 5 + ["c"]
    dealt = stratified_folds(groups, folds=5)
    assert np.bincount(dealt[:10]).tolist() == [2] * 5
    assert np.bincount(dealt[10:15]).tolist() == [1] * 5
    np.testing.assert_array_equal(dealt, stratified_folds(groups, folds=5))
    assert (dealt != stratified_folds(groups, folds=5, seed=1)).any()
    with pytest.raises(UsageError, match="2 or more"):
        stratified_folds(groups, folds=1)


def test_the_cost_is_chosen_on_what_is_held_out():
    descriptors, labels = _blobs(classes=2, each=40, spread=1.2)
    chosen = choose_cost(descriptors, labels)
    dealt = stratified_folds(labels, folds=5)
    right = {}
    for cost in (0.01, 0.1, 1.0, 10.0, 100.0):
        right[cost] = 0
        for fold in range(5):
            held = dealt == fold
            named = np.array(labels)
            fitted = LinearClassifier.fit(descriptors[~held], named[~held].tolist(), cost=cost)
            right[cost] += sum(fitted.predict(descriptors[held]) == named[held])
    assert chosen == min(cost for cost in right if right[cost] == max(right.values()))


def test_a_class_with_one_image_is_never_held_out():
    descriptors, labels = _blobs(spread=0.05)
    assert choose_cost(descriptors[:41], labels[:41]) in (0.01, 0.1, 1.0, 10.0, 100.0)
    with pytest.raises(UsageError, match="two images or more"):
        choose_cost(descriptors[[0, 20, 40]], [labels[row] for row in (0, 20, 40)])
    with pytest.raises(UsageError, match="one or more costs"):
        choose_cost(descriptors, labels, costs=())


def test_many_dimensions_choose_the_cost_that_few_do():
    descriptors, labels = _blobs(each=12, spread=1.0)
    basis = np.linalg.qr(np.random.default_rng(5).normal(size=(50, 6)))[0]
    wide = (descriptors.astype(np.float64) @ basis.T).astype(np.float32)
    assert choose_cost(wide, labels) == choose_cost(descriptors, labels)
