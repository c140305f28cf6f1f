"""Lw is the formula of its paper, suppresses what varies between views, and needs few pairs."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import whitening as oracle
from relook.core.errors import ShapeError, UsageError
from relook.vectors import LearnedWhitening, PcaWhitening
from relook.vectors.scatter import random_non_pairs, shrink

WIDTH = 16
NUISANCE = np.linalg.qr(np.random.default_rng(7).normal(size=(WIDTH, WIDTH)))[0][:3]


def views(things=200, each=2, *, seed=0, nuisance=3.0):
    """Several views per thing that differ along three directions, and pairs of views."""
    random = np.random.default_rng(seed)
    identity = np.repeat(random.normal(size=(things, WIDTH)), each, axis=0)
    shift = random.normal(size=(len(identity), 3)) @ NUISANCE * nuisance
    rows = identity + shift + 0.1 * random.normal(size=identity.shape) + 0.5
    first = np.arange(things) * each
    pairs = np.concatenate([np.stack([first, first + k], 1) for k in range(1, each)])
    return rows.astype(np.float32), pairs


def found(rows):
    """Share of vectors whose nearest neighbor is the other view of the same thing."""
    scores = rows @ rows.T
    np.fill_diagonal(scores, -np.inf)
    return (scores.argmax(axis=1) == np.arange(len(rows)) ^ 1).mean()


def test_without_shrinkage_it_is_the_formula_of_the_paper():
    rows, pairs = views()
    others = random_non_pairs(pairs, len(rows), count=500, seed=1)
    model = LearnedWhitening(8, shrinkage=0.0).fit(rows, pairs, others)
    mean, matrix = oracle.learned(rows, pairs, others, 8)
    exact = oracle.normalized((rows - mean) @ matrix.T)
    turn = np.sign((matrix * model.projection_).sum(axis=1))
    np.testing.assert_allclose(model.transform(rows) * turn, exact, atol=1e-5)


def test_matching_differences_become_the_identity_and_other_ones_diagonal():
    rows, pairs = views()
    others = random_non_pairs(pairs, len(rows), count=500, seed=1)
    model = LearnedWhitening(shrinkage=0.0, normalize=False).fit(rows, pairs, others)
    out = model.transform(rows).astype(np.float64)
    for chosen, wanted in ((pairs, np.ones(WIDTH)), (others, model.eigenvalues_)):
        apart = out[chosen[:, 0]] - out[chosen[:, 1]]
        np.testing.assert_allclose(
            apart.T @ apart / len(apart), np.diag(wanted), atol=2e-4 * wanted.max()
        )
    assert np.all(np.diff(model.eigenvalues_) <= 0)


def test_directions_in_which_views_of_the_same_thing_differ_are_suppressed():
    rows, pairs = views()
    new, _ = views(seed=5)
    model = LearnedWhitening(10).fit(rows, pairs)
    along = np.linalg.norm(model.projection_ @ NUISANCE.T)
    assert along < 0.05 * np.linalg.norm(model.projection_)
    assert found(model.transform(new)) > 0.95
    assert found(PcaWhitening().fit(rows).transform(new)) < 0.9


def test_fewer_pairs_than_dimensions_are_enough():
    rows, pairs = views(things=12)
    new, _ = views(seed=5)
    model = LearnedWhitening(10).fit(rows, pairs)
    assert 0 < model.shrinkage_ < 1
    assert found(model.transform(new)) > found(oracle.normalized(new - new.mean(axis=0))) + 0.2


def test_shrinkage_fades_where_pairs_are_plenty():
    shares = [LearnedWhitening().fit(*views(things)).shrinkage_ for things in (10, 100, 1000)]
    assert shares[0] > shares[1] > shares[2] > 0
    assert shares[2] < 0.01


def test_shrinkage_has_the_smallest_expected_error():
    random = np.random.default_rng(0)
    truth = np.diag(np.geomspace(1, 0.1, 20))
    errors = []
    for _ in range(40):
        apart = random.normal(size=(25, 20)) * np.sqrt(np.diag(truth))
        moments = apart.T @ apart / 25
        fourth = (np.einsum("nd,nd->n", apart, apart) ** 2).mean()
        shares = (None, 0.0, 0.1, 1.0)
        made = [shrink(moments, fourth, pairs=25, share=share)[0] for share in shares]
        errors.append([np.linalg.norm(guess - truth) for guess in made])
    chosen, *fixed = np.mean(errors, axis=0)
    assert chosen < min(fixed)


def test_no_whitening_at_all_is_the_pca_of_differences():
    rows, pairs = views()
    others = random_non_pairs(pairs, len(rows), count=500, seed=1)
    model = LearnedWhitening(4, t=0.0).fit(rows, pairs, others)
    np.testing.assert_allclose(model.projection_ @ model.projection_.T, np.eye(4), atol=1e-5)


def test_equal_seeds_give_equal_projections():
    rows, pairs = views()
    one, two, other = (LearnedWhitening(seed=seed).fit(rows, pairs) for seed in (3, 3, 4))
    assert one.sha256 == two.sha256 != other.sha256


def test_non_matching_pairs_never_match_by_any_chain_and_are_drawn_evenly():
    pairs = np.array([(0, 1), (2, 1), (4, 5)])
    drawn = random_non_pairs(pairs, 8, count=20_000, seed=0)
    group = np.array([0, 0, 0, 1, 2, 2, 3, 4])
    assert np.all(group[drawn[:, 0]] != group[drawn[:, 1]])
    counts = np.zeros((8, 8))
    np.add.at(counts, tuple(drawn.T), 1)
    allowed = group[:, None] != group
    np.testing.assert_allclose(counts[allowed], 20_000 / allowed.sum(), rtol=0.25)


def test_rank_that_is_missing_gives_fewer_dimensions():
    rows, pairs = views(things=6)
    assert len(LearnedWhitening().fit(rows, pairs).projection_) == 11
    dead = rows.copy()
    dead[:, :10] = 0
    model = LearnedWhitening().fit(dead, pairs)
    assert len(model.projection_) == 6
    assert np.isfinite(model.projection_).all()
    with pytest.raises(UsageError, match="support 6 dimensions, not 7"):
        LearnedWhitening(7).fit(dead, pairs)


def test_blocks_change_nothing(monkeypatch):
    rows, pairs = views()
    whole = LearnedWhitening().fit(rows, pairs).projection_
    monkeypatch.setattr("relook.vectors.spectrum.BLOCK", 7 * WIDTH)
    np.testing.assert_allclose(LearnedWhitening().fit(rows, pairs).projection_, whole, atol=1e-5)


@pytest.mark.parametrize(
    ("pairs", "error", "said"),
    [
        (np.zeros((0, 2), np.int64), UsageError, "empty"),
        (np.zeros((3, 3), np.int64), ShapeError, "pairs must have shape"),
        (np.array([[0.0, 1.0]]), ShapeError, "whole numbers"),
        (np.array([[0, 400]]), ShapeError, "0 … 399"),
        (np.array([[-1, 4]]), ShapeError, "0 … 399"),
        (np.array([[4, 4]]), UsageError, "itself"),
        (np.stack([np.arange(399), np.arange(1, 400)], 1), UsageError, "several things"),
    ],
)
def test_bad_pairs_are_refused(pairs, error, said):
    with pytest.raises(error, match=said):
        LearnedWhitening().fit(views()[0], pairs)


def test_bad_options_and_views_that_are_copies_are_refused():
    rows, pairs = views()
    for model in (LearnedWhitening(t=2), LearnedWhitening(shrinkage=-1), LearnedWhitening(0)):
        with pytest.raises(UsageError):
            model.fit(rows, pairs)
    with pytest.raises(UsageError, match="views that differ"):
        LearnedWhitening().fit(np.repeat(rows[::2], 2, axis=0), pairs)


def test_flattened_fully_things_differ_alike_along_every_row():
    rng = np.random.default_rng(5)
    things = rng.normal(size=(400, 6)) * [5, 3, 2, 1, 0.7, 0.5]
    vectors = (np.repeat(things, 2, axis=0) + 0.1 * rng.normal(size=(800, 6))).astype(np.float32)
    pairs = np.arange(800).reshape(-1, 2)
    non_pairs = np.stack([np.arange(0, 798), np.arange(2, 800)], axis=1)
    fitted = LearnedWhitening(flatten=1, shrinkage=0, normalize=False)
    turned = fitted.fit(vectors, pairs, non_pairs).transform(vectors)
    differences = turned[non_pairs[:, 0]] - turned[non_pairs[:, 1]]
    np.testing.assert_allclose(differences.T @ differences / len(differences), np.eye(6), atol=1e-3)
