"""Diagonal Gaussian mixtures against their definition, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from oracles import fisher as oracle
from relook.core.errors import ShapeError, UsageError
from relook.encodings.gmm import FLOOR, DiagonalMixture


def clouds(count=900, *, seed=0, shift=0.0):
    """Three elongated clouds of different sizes."""
    random = np.random.default_rng(seed)
    middles = np.array([[0, 0, 0, 0], [3, 0, 1, 0], [0, 4, 0, -2]])
    spreads = np.array([[0.5, 1, 0.3, 0.2], [1, 0.2, 0.5, 0.6], [0.4, 0.4, 1, 0.3]])
    own = random.choice(3, count, p=[0.5, 0.3, 0.2])
    return (middles[own] + random.normal(size=(count, 4)) * spreads[own] + shift).astype("f4")


def mixture(words=3):
    random = np.random.default_rng(words)
    weights = random.dirichlet(np.full(words, 5.0)).astype(np.float32)
    return DiagonalMixture(
        weights,
        random.normal(size=(words, 4)).astype(np.float32),
        random.uniform(0.2, 2, (words, 4)).astype(np.float32),
    )


def test_posteriors_are_those_of_the_definition():
    found, rows = mixture(), clouds(60)
    shares, likelihoods = oracle.posteriors(rows, found.weights, found.means, found.variances)
    np.testing.assert_allclose(found.posteriors(rows), shares, atol=1e-6)
    np.testing.assert_allclose(found.moments(rows).likelihood, likelihoods.sum(), rtol=1e-6)


def test_one_step_is_one_step_of_the_definition():
    found, rows = mixture(), clouds(200)
    shares, _ = oracle.posteriors(rows, found.weights, found.means, found.variances)
    weights, means, variances = oracle.maximized(rows, shares)
    step = found.maximized(found.moments(rows), floor=0)
    np.testing.assert_allclose(step.weights, weights, atol=1e-6)
    np.testing.assert_allclose(step.means, means, atol=1e-5)
    np.testing.assert_allclose(step.variances, variances, rtol=1e-4)


def test_the_likelihood_never_falls():
    found, rows, last = mixture(4), clouds(), -np.inf
    for _ in range(15):
        moments = found.moments(rows)
        assert moments.likelihood >= last - 1e-3
        last = moments.likelihood
        found = found.maximized(moments, floor=1e-6)


def test_it_finds_what_scikit_learn_finds():
    rows = clouds()
    found = DiagonalMixture.fit(rows, components=3, iterations=100)
    theirs = GaussianMixture(3, covariance_type="diag", random_state=0, tol=1e-6).fit(rows)
    ours, other = (np.argsort(weights) for weights in (found.weights, theirs.weights_))
    np.testing.assert_allclose(found.weights[ours], theirs.weights_[other], atol=0.01)
    np.testing.assert_allclose(found.means[ours], theirs.means_[other], atol=0.05)
    np.testing.assert_allclose(found.variances[ours], theirs.covariances_[other], atol=0.06)
    assert found.moments(rows).likelihood / len(rows) == pytest.approx(theirs.score(rows), abs=0.01)


def test_descriptors_far_from_zero_are_as_exact():
    near, far = (DiagonalMixture.fit(clouds(shift=by), components=3) for by in (0.0, 64.0))
    np.testing.assert_allclose(
        far.posteriors(clouds(50, shift=64.0)), near.posteriors(clouds(50)), atol=2e-3
    )


def test_variances_have_a_floor():
    rows = np.repeat(clouds(3, seed=5), 100, axis=0)
    found = DiagonalMixture.fit(rows, components=3)
    assert np.isfinite(found.posteriors(rows)).all()
    floor = FLOOR * rows.var(axis=0, dtype=np.float64).mean()
    assert found.variances.min() >= floor * 0.999


def test_a_component_that_lost_everything_stays_where_it_was():
    lost = DiagonalMixture(
        np.array([0.5, 0.5], np.float32),
        np.array([[0, 0, 0, 0], [900, 900, 900, 900]], np.float32),
        np.ones((2, 4), np.float32),
    )
    rows = clouds(100)
    step = lost.maximized(lost.moments(rows), floor=1e-3)
    np.testing.assert_allclose(step.means[1], 900)
    assert 0 < step.weights[1] < 1e-6
    assert np.isfinite(step.posteriors(rows)).all()


def test_a_mixture_that_cannot_be_is_refused():
    good = mixture()
    for parts in (
        (good.weights[:2], good.means, good.variances),
        (good.weights, good.means, -good.variances),
        (good.weights * 0, good.means, good.variances),
        (good.weights, good.means * np.float32(np.nan), good.variances),
        (good.weights[:0], good.means[:0], good.variances[:0]),
    ):
        with pytest.raises(ShapeError):
            DiagonalMixture(*parts)
    with pytest.raises(UsageError):
        DiagonalMixture.fit(clouds(2), components=3)
