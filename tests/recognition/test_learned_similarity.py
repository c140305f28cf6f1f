"""A similarity that is learned from matrices of pairs."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from relook.core.errors import FormatError, ShapeError, UsageError
from relook.recognition.matrix import LearnedSimilarity, matrix_similarity, similarity_matrices


def pairs(count=400, *, shape=(3, 3), seed=0):
    """Matrices in which only the second row tells whether both show the same."""
    random = np.random.default_rng(seed)
    same = random.random(count) < 0.3
    matrices = random.normal(0.2, 0.3, (count, *shape))
    matrices[:, 1] += 0.3 * same[:, None]
    return matrices.astype(np.float32).clip(-1, 1), same


def share_right(scores, same):
    """Of all pairs of pairs, how many are in the right order."""
    return (scores[same][:, None] > scores[~same]).mean()


def test_it_tells_fresh_pairs_apart_better_than_the_mean_of_all_entries():
    model = LearnedSimilarity.fit(*pairs(), seed=0)
    fresh, same = pairs(seed=1)
    assert share_right(model.score(fresh), same) > 0.8
    assert share_right(model.score(fresh), same) > share_right(fresh.mean(axis=(1, 2)), same) + 0.03


def test_a_score_is_the_log_of_the_odds_where_half_of_all_pairs_show_the_same():
    matrices, same = pairs(6000)
    scores = 1 / (1 + np.exp(-LearnedSimilarity.fit(matrices, same, seed=0).score(matrices)))
    assert scores.min() < 0.1
    assert scores.max() > 0.9
    # Balanced, those of a score near s are of the same thing in a share s of the cases.
    weights = np.where(same, 0.5 / same.mean(), 0.5 / (1 - same.mean()))
    for low in (0.1, 0.3, 0.5, 0.7):
        near = (scores >= low) & (scores < low + 0.2)
        share = (weights * same)[near].sum() / weights[near].sum()
        assert share == pytest.approx(scores[near].mean(), abs=0.07)


def test_it_equals_the_logistic_regression_that_it_stands_for():
    matrices, same = pairs()
    flat = matrices.reshape(len(matrices), -1).astype(np.float64)
    features = np.concatenate(
        [flat, np.sort(flat, axis=1), matrices.max(axis=2), matrices.max(axis=1)], axis=1
    )
    standard = (features - features.mean(axis=0)) / features.std(axis=0)
    ridge = LogisticRegression(C=1 / (0.5 * len(same)), class_weight="balanced", tol=1e-8)
    direction = ridge.fit(standard, same).coef_[0]
    along = standard @ direction
    model = LearnedSimilarity.fit(matrices, same, seed=0, penalty=0.5)
    assert np.corrcoef(along, model.score(matrices))[0, 1] > 0.99999


def test_any_leading_shape_is_scored_and_a_view_as_its_copy():
    matrices, same = pairs(60)
    model = LearnedSimilarity.fit(matrices, same, seed=0)
    scores = model.score(matrices)
    assert (scores.shape, scores.dtype) == ((60,), np.float32)
    np.testing.assert_array_equal(model.score(matrices.reshape(3, 20, 3, 3)).ravel(), scores)
    view = np.ascontiguousarray(matrices.transpose(1, 2, 0)).transpose(2, 0, 1)
    np.testing.assert_array_equal(model.score(view), scores)
    assert model.score(matrices[0]).shape == ()
    assert model.score(matrices[:0]).shape == (0,)


def test_it_is_a_measure_of_whole_databases():
    random = np.random.default_rng(0)
    queries, database = (random.normal(size=(count, 3, 5)).astype(np.float32) for count in (4, 7))
    model = LearnedSimilarity.fit(*pairs(), seed=0)
    found = matrix_similarity(queries, database, measure=model, block=3)
    want = model.score(similarity_matrices(queries, database))
    np.testing.assert_allclose(found, want, rtol=1e-4, atol=1e-6)
    with pytest.raises(ShapeError, match="learned for"):
        matrix_similarity(queries, database[:, :2], measure=model)


def test_an_entry_that_never_changes_gets_no_weight():
    matrices, same = pairs()
    matrices[:, 0, 0] = 0.9
    model = LearnedSimilarity.fit(matrices, same, seed=0)
    assert model.weights[0] == pytest.approx(0, abs=1e-9)
    assert np.isfinite(model.score(matrices)).all()


def test_pairs_without_any_difference_are_even():
    matrices = np.full((40, 2, 2), 0.5, np.float32)
    model = LearnedSimilarity.fit(matrices, np.arange(40) < 15, seed=0)
    np.testing.assert_allclose(model.score(matrices), 0, atol=1e-3)


def test_a_saved_similarity_is_the_same(tmp_path):
    matrices, same = pairs(shape=(2, 4))
    model = LearnedSimilarity.fit(matrices, same, seed=0, fitted="made up pairs")
    model.save(tmp_path / "similarity")
    again = LearnedSimilarity.load(tmp_path / "similarity")
    np.testing.assert_array_equal(again.score(matrices), model.score(matrices))
    assert (again.shape, again.fitted) == ((2, 4), "made up pairs")


def test_a_damaged_similarity_is_refused(tmp_path):
    file = tmp_path / "similarity"
    model = LearnedSimilarity.fit(*pairs(), seed=0)
    LearnedSimilarity(model.shape, model.weights[:-1], model.bias).save(file)
    with pytest.raises(FormatError, match="learn it again"):
        LearnedSimilarity.load(file)


def test_learning_says_what_it_lacks():
    matrices, same = pairs(60)
    with pytest.raises(UsageError, match=r"60 pairs that show the same and 0 that do not"):
        LearnedSimilarity.fit(matrices, np.ones(60, bool), seed=0)
    with pytest.raises(UsageError, match="penalty"):
        LearnedSimilarity.fit(matrices, same, seed=0, penalty=0)
    with pytest.raises(ShapeError, match="same must have shape"):
        LearnedSimilarity.fit(matrices, same[:-1], seed=0)
    matrices[0, 0, 0] = np.nan
    with pytest.raises(ShapeError, match="not finite"):
        LearnedSimilarity.fit(matrices, same, seed=0)
