"""Vectors on a plane, without a collection."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from relook.core.errors import UsageError
from relook.mapping.atlas.layout import Stopped, lay_out, place, spiral
from relook.vectors import l2_normalize

pytest.importorskip("openTSNE")


def quiet(*_):
    return False


def clumps(count=8, each=15, *, dimensions=16, seed=0):
    """``(count · each, D)`` unit vectors of clumps, and the clump of each."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(count, dimensions))
    which = np.repeat(np.arange(count), each)
    rows = centers[which] + 0.2 * rng.normal(size=(len(which), dimensions))
    return l2_normalize(rows.astype(np.float32)), which


@pytest.fixture(scope="module")
def laid():
    vectors, which = clumps()
    return vectors, which, lay_out(vectors, progress=quiet, stop=quiet)


def nearest(points, others):
    far = ((points[:, None] - others[None]) ** 2).sum(axis=2)
    return far.argsort(axis=1, kind="stable")


def test_neighbors_stay_neighbors(laid):
    _, which, places = laid
    near = nearest(places, places)[:, 1:6]
    assert np.mean(which[near] == which[:, None]) > 0.95


def test_the_same_vectors_give_the_same_places(laid):
    vectors, _, places = laid
    assert np.array_equal(lay_out(vectors, progress=quiet, stop=quiet), places)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 9, 10, 11])
def test_a_few_pictures_get_places_of_their_own(count):
    vectors = clumps(count, 1)[0] if count else np.zeros((0, 16), np.float32)
    places = lay_out(vectors, progress=quiet, stop=quiet)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    assert len(np.unique(places.round(9), axis=0)) == count


@pytest.mark.parametrize("count", [2, 4, 30])
def test_equal_vectors_lie_side_by_side(count):
    vectors = np.eye(1, 4, dtype=np.float32).repeat(count, axis=0)
    places = lay_out(vectors, progress=quiet, stop=quiet)
    assert len(np.unique(places.round(9), axis=0)) == count


@pytest.mark.parametrize("count", [4, 30])
def test_copies_lie_together_and_apart_from_others(count):
    which = np.arange(count) % 2
    places = lay_out(np.eye(4, dtype=np.float32)[which], progress=quiet, stop=quiet)
    assert np.isfinite(places).all()
    near = nearest(places, places)[:, 1]
    assert (which[near] == which).all()


def test_new_vectors_are_placed_where_those_like_them_are_and_nothing_else_moves(laid):
    vectors, which, places = laid
    before = places.copy()
    rng = np.random.default_rng(1)
    rows = np.arange(0, len(vectors), 15)
    new = l2_normalize(vectors[rows] + 0.02 * rng.normal(size=(len(rows), 16)).astype(np.float32))
    found = place(new, vectors, places)
    assert np.array_equal(places, before)
    near = nearest(found, places)[:, :3]
    assert (which[near] == which[rows][:, None]).all()


def test_a_new_vector_does_not_care_who_comes_with_it(laid):
    vectors, _, places = laid
    new = l2_normalize(vectors[[3, 40, 77]] + np.float32(0.01))
    together = place(new, vectors, places)
    alone = [place(row[None], vectors, places)[0] for row in new]
    assert np.allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("count", [1, 2, 9, 10])
def test_new_vectors_are_placed_among_a_few(count):
    vectors = clumps(count, 1)[0]
    places = lay_out(vectors, progress=quiet, stop=quiet)
    found = place(vectors[:1], vectors, places)
    assert found.shape == (1, 2)
    assert np.isfinite(found).all()


def test_work_tells_how_far_it_is_and_can_be_stopped():
    vectors, _ = clumps()
    told = []
    with pytest.raises(Stopped):
        lay_out(vectors, progress=lambda *said: told.append(said), stop=lambda: len(told) > 5)
    assert told[-1][0] == "map"
    assert 0 < told[-1][1] < told[-1][2]


def test_more_on_a_spiral_leave_the_first_in_place():
    assert np.array_equal(spiral(50)[:20], spiral(20))
    apart = nearest(spiral(50), spiral(50))
    assert np.hypot(*(spiral(50) - spiral(50)[apart[:, 1]]).T).min() > 0.5


def test_the_extra_is_named_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "openTSNE", None)
    with pytest.raises(UsageError, match=r'pip install "relook\[mapping\]"'):
        lay_out(clumps()[0], progress=quiet, stop=quiet)
