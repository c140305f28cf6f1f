"""What moves the points of a map, against sums over all pairs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.sparse import random as random_sparse

from relook.mapping.atlas import forces
from relook.mapping.atlas.forces import Forces, forces_among


def points(count=700, *, extent=30.0):
    return np.random.default_rng(0).normal(size=(count, 2)) * extent


def weights(rows, columns):
    found = random_sparse(rows, columns, density=0.02, random_state=0, format="csr")
    return found / found.sum()


def summed(moved, places, weights, *, alone):
    """The gradient by van der Maaten and Hinton (2008), eq. 5, without its factor 4."""
    away = moved[:, None] - places
    near = 1 / (1 + (away**2).sum(axis=2))
    pull = ((weights * near)[..., None] * away).sum(axis=1)
    push = ((near**2)[..., None] * away).sum(axis=1)
    total = near.sum(axis=1, keepdims=True) if alone else near.sum() - len(places)
    return pull - push / total


def found(places, weights, *, threads=2):
    with ThreadPoolExecutor(threads) as pool:
        return Forces(pool, threads=threads, each=lambda: None)(places, weights)[1]


def off(one, other):
    return np.linalg.norm(one - other) / np.linalg.norm(other)


def test_a_few_points_are_moved_by_the_sums_over_all_pairs():
    places, joint = points(), weights(700, 700)
    assert off(found(places, joint), summed(places, places, joint.toarray(), alone=False)) < 1e-12


@pytest.mark.parametrize("extent", [1e-4, 1.0, 30.0])
def test_a_grid_comes_close_to_the_sums(extent, monkeypatch):
    monkeypatch.setattr(forces, "_FEW", 0)
    places, joint = points(extent=extent), weights(700, 700) * 0
    exact = summed(places, places, joint.toarray(), alone=False)
    assert off(found(places, joint), exact) < (0.04 if extent > 10 else 0.002)


@pytest.mark.parametrize("few", [0, 4096])
def test_the_number_of_threads_changes_nothing(few, monkeypatch):
    monkeypatch.setattr(forces, "_FEW", few)
    monkeypatch.setattr(forces, "_ROWS", 100)
    places, joint = points(), weights(700, 700)
    assert np.array_equal(found(places, joint, threads=1), found(places, joint, threads=3))


def test_a_point_that_shot_off_does_not_make_a_huge_grid(monkeypatch):
    monkeypatch.setattr(forces, "_FEW", 0)
    places = np.concatenate([points(50), [[1e7, -1e7]]])
    assert np.isfinite(found(places, weights(51, 51))).all()
    assert forces._grid(places).nodes < 2100


def test_new_points_are_moved_by_old_ones_only():
    moved, places, near = points(9, extent=20), points(300), weights(9, 300)
    _, gradient = forces_among(moved, near, reference_embedding=places)
    assert off(gradient, summed(moved, places, near.toarray(), alone=True)) < 1e-12
