from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ShapeError, UsageError
from relook.recognition.feedback import METHODS, refine, refine_query, svm_scores

NONE = np.zeros((0, 3), np.float32)


def _planted(seed=0, *, dimensions=24):
    """Rows 0 to 7 show one thing from two sides, 8 to 15 another that looks like its first side."""
    random = np.random.default_rng(seed)
    first, second, other = random.normal(size=(3, dimensions))
    centers = [first, (first + second) / 1.2, (first + other) / 1.2]
    blocks = [center + 0.5 * random.normal(size=(n, dimensions)) for center, n in
              zip(centers, (2, 6, 8), strict=True)]  # fmt: skip
    points = np.concatenate([*blocks, random.normal(size=(150, dimensions))])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    query = first / np.linalg.norm(first)
    return query.astype(np.float32), points.astype(np.float32)


def _place(scores, rows):
    return np.argsort(np.argsort(-scores, kind="stable"))[rows].mean()


def test_the_query_moves_as_rocchio_says():
    query, right, wrong = (
        np.random.default_rng(2).normal(size=shape).astype(np.float32)
        for shape in ((3,), (2, 3), (4, 3))
    )
    expected = 2 * query + 0.5 * (right[0] + right[1]) / 2 - 0.25 * wrong.sum(axis=0) / 4
    found = refine_query(query, right, wrong, alpha=2, beta=0.5, gamma=0.25)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-6)
    assert found.dtype == np.float32


def test_without_marks_the_query_stays():
    query = np.array([0.6, 0.8, 0], np.float32)
    np.testing.assert_allclose(refine_query(query, NONE, NONE), query, atol=1e-7)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_marked_is_the_same_ranking(method):
    query, pool = _planted()
    np.testing.assert_array_equal(refine(query, pool, method=method), pool @ query)
    nothing = np.zeros((0, len(query)), np.float32)
    np.testing.assert_allclose(svm_scores(query, nothing, nothing, pool), pool @ query, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_marking_right_results_raises_other_pictures_of_the_same_thing(method):
    before, after = [], []
    for seed in range(6):
        query, pool = _planted(seed)
        others = [0, 1, 4, 5, 6, 7]
        before.append(_place(refine(query, pool, method=method), others))
        after.append(_place(refine(query, pool, right=[2, 3], method=method), others))
    assert np.mean(after) < np.mean(before) - 0.5


@pytest.mark.parametrize("method", ["rocchio", "svm"])
def test_marking_wrong_results_lowers_what_is_like_them(method):
    before, after = [], []
    for seed in range(6):
        query, pool = _planted(seed)
        others = list(range(10, 16))
        before.append(_place(refine(query, pool, method=method), others))
        after.append(_place(refine(query, pool, wrong=[8, 9], method=method), others))
    assert np.mean(after) > np.mean(before) + 0.5


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_one_never_comes_back(method):
    query, pool = _planted()
    scores = refine(query, pool, right=[0], wrong=[8, 3], method=method)
    assert scores[[8, 3]].tolist() == [-np.inf, -np.inf]
    assert np.isfinite(np.delete(scores, [8, 3])).all()
    assert scores.dtype == np.float32


@pytest.mark.parametrize("method", METHODS)
def test_the_same_marks_give_the_same_scores(method):
    query, pool = _planted()
    marks = {"right": [0, 3], "wrong": [9], "method": method}
    np.testing.assert_array_equal(refine(query, pool, **marks), refine(query, pool, **marks))


@pytest.mark.parametrize("method", METHODS)
def test_everything_may_be_marked(method):
    query, pool = _planted()
    scores = refine(query, pool[:2], right=[0], wrong=[1], method=method)
    assert np.isfinite(scores[0])
    assert scores[1] == -np.inf


@pytest.mark.parametrize(
    ("marks", "error", "said"),
    [
        ({"right": [3]}, UsageError, "row 3 is marked, and there are 3 images"),
        ({"wrong": [-1]}, UsageError, "row -1 is marked"),
        ({"right": [1], "wrong": [1]}, UsageError, "right and wrong"),
        ({"method": "magic"}, UsageError, "rocchio, svm, cotraining"),
    ],
)
def test_marks_that_cannot_be_are_refused(marks, error, said):
    with pytest.raises(error, match=said):
        refine(np.ones(3, np.float32), np.eye(3, dtype=np.float32), **marks)


@pytest.mark.parametrize(
    ("query", "right", "settings", "error", "said"),
    [
        (np.ones(3, np.float32), np.ones((1, 2), np.float32), {}, ShapeError, "right must have"),
        (np.ones((1, 3), np.float32), NONE, {}, ShapeError, "query must have"),
        (np.full(3, np.nan, np.float32), NONE, {}, ShapeError, "not finite"),
        (np.ones(3, np.float32), NONE, {"alpha": 0.0}, UsageError, "nothing is left of the query"),
        (np.ones(3, np.float32), NONE, {"gamma": -1.0}, UsageError, "0 or more"),
    ],
)
def test_a_query_that_cannot_move_is_refused(query, right, settings, error, said):
    with pytest.raises(error, match=said):
        refine_query(query, right, NONE, **settings)
