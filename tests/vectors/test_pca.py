"""PCA and PCA whitening do what the textbook says, by whichever matrix and solver."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import whitening as oracle
from relook.core.errors import ShapeError, UsageError
from relook.vectors import Pca, PcaWhitening


def made(count=300, width=24, *, seed=0):
    random = np.random.default_rng(seed)
    rows = random.normal(size=(count, width)) * np.geomspace(1, 0.05, width)
    mixing = np.linalg.qr(random.normal(size=(width, width)))[0]
    return (rows @ mixing + random.normal(size=width)).astype(np.float32)


@pytest.mark.parametrize("shape", [(300, 24), (20, 64)], ids=["covariance", "gram"])
@pytest.mark.parametrize("t", [0.0, 0.5, 1.0])
def test_projections_equal_the_singular_value_decomposition(shape, t):
    rows = made(*shape)
    model = PcaWhitening(10, t=t).fit(rows)
    mean, matrix, values = oracle.pca(rows, 10, t=t)
    np.testing.assert_allclose(model.mean_, mean, atol=1e-6)
    np.testing.assert_allclose(model.eigenvalues_, values, rtol=1e-5)
    turn = np.sign((matrix * model.projection_).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(model.projection_, matrix * turn, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("shape", [(300, 24), (20, 64)], ids=["covariance", "gram"])
def test_whitened_data_have_the_identity_as_covariance(shape):
    rows = made(*shape)
    white = PcaWhitening(normalize=False).fit_transform(rows).astype(np.float64)
    assert white.shape[1] == min(shape[0] - 1, shape[1])
    np.testing.assert_allclose(white.T @ white / len(rows), np.eye(white.shape[1]), atol=1e-3)
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-3)


@pytest.mark.parametrize("shape", [(90, 40), (40, 90)])
@pytest.mark.parametrize("iterative", [False, True])
def test_the_dual_equals_the_primal(shape, iterative):
    rows = made(*shape)
    one = PcaWhitening(12, solver="covariance", iterative=False).fit(rows)
    two = PcaWhitening(12, solver="gram", iterative=iterative).fit(rows)
    np.testing.assert_allclose(one.eigenvalues_, two.eigenvalues_, rtol=1e-6)
    np.testing.assert_allclose(one.projection_, two.projection_, rtol=1e-4, atol=1e-4)


def test_few_of_many_dimensions_are_found_by_iteration(monkeypatch):
    monkeypatch.setattr("relook.vectors.spectrum.MANY", 100)
    asked = []
    whole = np.linalg.eigh
    monkeypatch.setattr(np.linalg, "eigh", lambda matrix: asked.append(1) or whole(matrix))
    rows = made(150, 120)
    few = Pca(5).fit(rows)
    assert not asked
    np.testing.assert_allclose(few.eigenvalues_, oracle.pca(rows, 5)[2], rtol=1e-6)
    Pca(60).fit(rows)
    assert asked


def test_an_iteration_that_does_not_converge_gives_way_to_the_dense_solver(monkeypatch):
    from scipy.sparse import linalg

    def fail(*_, **__):
        raise linalg.ArpackNoConvergence("never", np.zeros(0), np.zeros((0, 0)))

    monkeypatch.setattr(linalg, "eigsh", fail)
    rows = made()
    assert np.array_equal(
        Pca(3, iterative=True).fit(rows).projection_, Pca(3, iterative=False).fit(rows).projection_
    )


def test_blocks_change_nothing(monkeypatch):
    rows = made(200, 30)
    whole = [Pca(solver=solver).fit(rows) for solver in ("covariance", "gram")]
    monkeypatch.setattr("relook.vectors.spectrum.BLOCK", 7 * 30)
    for before in whole:
        parts = Pca(solver=before.solver).fit(rows)
        np.testing.assert_allclose(parts.eigenvalues_, before.eigenvalues_, rtol=1e-9)
        np.testing.assert_allclose(parts.projection_, before.projection_, atol=1e-6)


def test_missing_rank_gives_fewer_dimensions_and_no_infinity():
    flat = made(100, 5) @ np.random.default_rng(1).normal(size=(5, 20)).astype(np.float32)
    model = PcaWhitening().fit(flat)
    assert len(model.projection_) == 5
    assert np.isfinite(model.projection_).all()
    with pytest.raises(UsageError, match="support 5 dimensions, not 6"):
        PcaWhitening(6).fit(flat)


def test_a_tiny_variance_is_not_blown_up_without_bound():
    rows = made(200, 6)
    rows[:, 3] *= 1e-5
    matrix = PcaWhitening().fit(rows - rows.mean(axis=0)).projection_
    assert np.abs(matrix).max() < 1e4 / rows.std(axis=0).max()


def test_equal_vectors_teach_nothing():
    with pytest.raises(UsageError, match="equal"):
        PcaWhitening().fit(np.full((9, 4), 0.3, np.float32))
    with pytest.raises(UsageError, match="equal"):
        Pca(2, iterative=True).fit(np.zeros((9, 4), np.float32))


def test_no_more_dimensions_than_vectors_less_one():
    with pytest.raises(UsageError, match="support 9 dimensions, not 10"):
        Pca(10).fit(made(10, 24))
    with pytest.raises(UsageError, match="support 24 dimensions, not 25"):
        Pca(25).fit(made(100, 24))


def test_bad_options_are_refused():
    for model in (Pca(0), Pca(t=1.5), Pca(t=-0.1), Pca(solver="svd")):
        with pytest.raises(UsageError):
            model.fit(made())


def test_bad_samples_are_refused():
    with pytest.raises(UsageError, match="at least 2"):
        Pca().fit(made(1))
    with pytest.raises(ShapeError, match="float32"):
        Pca().fit(made().astype(np.float64))
    with pytest.raises(ShapeError):
        Pca().fit(np.zeros((5, 0), np.float32))
    broken = made()
    broken[3, 3] = np.nan
    with pytest.raises(ShapeError, match="not finite"):
        Pca().fit(broken)
