"""Centers found through cells."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import clustering
from relook.core.errors import ShapeError
from relook.vectors import KMeans
from relook.vectors.nearest import CellFinder, cells_of, check_starts, nearest_cells, probes_of


@pytest.fixture(scope="module")
def rows():
    return np.random.default_rng(1).random((700, 16), np.float32)


@pytest.fixture(scope="module")
def centers():
    return np.random.default_rng(2).random((300, 16), np.float32)


@pytest.fixture(scope="module")
def coarse(centers):
    return KMeans(20, iterations=5).fit(centers).centers_


def test_all_cells_give_the_exact_nearest_centers_and_their_distances(rows, centers, coarse):
    found = CellFinder(centers, coarse).find(rows, count=5, probes=20)
    away = clustering.squares(rows, centers)
    np.testing.assert_array_equal(found.words, np.argsort(away, axis=1)[:, :5])
    halves = (rows.astype(np.float64) ** 2).sum(1, keepdims=True) / 2
    np.testing.assert_allclose(found.away + halves, np.sort(away, axis=1)[:, :5] / 2, atol=1e-5)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("threads", [2, 3, 50])
def test_threads_do_not_change_what_is_found(rows, centers, coarse, count, threads):
    finder = CellFinder(centers, coarse)
    alone = finder.find(rows, count=count, probes=6)
    shared = finder.find(rows, count=count, probes=6, threads=threads)
    np.testing.assert_array_equal(shared.words, alone.words)
    np.testing.assert_array_equal(shared.away, alone.away)


def test_the_first_of_equal_centers_is_found_with_any_number_of_threads():
    centers = np.ones((64, 8), np.float32)
    coarse = np.ones((4, 8), np.float32)
    coarse[1:] += 1e-3 * np.arange(1, 4)[:, None]
    starts = np.array([0, 16, 32, 48, 64])
    finder = CellFinder(centers, coarse, starts=starts)
    for threads in (1, 2, 4):
        found = finder.find(np.ones((3, 8), np.float32), count=2, probes=4, threads=threads)
        np.testing.assert_array_equal(found.words, [[0, 1]] * 3)


def test_bytes_mean_their_values_and_starts_save_the_search_for_cells(rows, coarse):
    units = np.random.default_rng(3).integers(0, 256, (300, 16), dtype=np.uint8)
    values = (units.astype(np.float32) - 128) * np.float32(0.01)
    cell = nearest_cells(units, coarse, step=0.01, zero=128)
    np.testing.assert_array_equal(cell, clustering.squares(values, coarse).argmin(1))
    order = np.argsort(cell, kind="stable")
    starts = np.searchsorted(cell[order], np.arange(21))
    plain = CellFinder(units, coarse, step=0.01, zero=128).find(rows, count=2, probes=5)
    sorted_ = CellFinder(units[order], coarse, step=0.01, zero=128, starts=starts)
    np.testing.assert_array_equal(order[sorted_.find(rows, count=2, probes=5).words], plain.words)
    floats = CellFinder(values, coarse).find(rows, count=2, probes=5)
    np.testing.assert_array_equal(floats.words, plain.words)


def test_cells_without_centers_and_too_few_centers_are_no_trouble(rows, centers, coarse):
    far = np.concatenate([coarse, np.full((3, 16), 99, np.float32)])
    found = CellFinder(centers, far).find(rows, count=1, probes=23)
    np.testing.assert_array_equal(found.words[:, 0], clustering.squares(rows, centers).argmin(1))
    few = CellFinder(centers[:2], coarse[:1]).find(rows, count=3, probes=9, threads=2)
    assert np.all(few.words[:, 2] == -1)
    assert np.all(few.words[:, :2] >= 0)


def test_cells_and_probes_grow_with_the_number_of_centers():
    assert [cells_of(k) for k in (1, 15, 160, 16384, 65536, 1 << 20)] == [1, 1, 10, 128, 512, 2048]
    assert [probes_of(c) for c in (1, 128, 512, 2048)] == [12, 12, 20, 33]


@pytest.mark.parametrize("starts", [[0, 5], [0, 6, 5, 9], [1, 5, 5, 9], [0, 2, 5, 8]])
def test_starts_that_do_not_cover_the_centers_are_refused(starts):
    with pytest.raises(ShapeError, match="starts"):
        check_starts(np.array(starts), cells=3, centers=9)
