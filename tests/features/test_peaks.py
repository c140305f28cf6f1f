"""Local maxima, ties and fractions of pixels."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import corners as oracle
from relook.features.peaks import find_peaks, refine_peaks


@pytest.mark.parametrize("radius", [1, 2, 4])
@pytest.mark.parametrize("levels", [3, 40, 10**6])
@pytest.mark.parametrize("shape", [(25, 33), (3, 3), (3, 20), (2, 5), (1, 1)])
def test_peaks_are_those_of_a_plain_loop_also_where_values_are_equal(shape, levels, radius):
    values = np.random.default_rng(0).integers(0, levels, shape).astype(np.float32)
    found = find_peaks(values, radius=radius, threshold=0.5)
    expected = oracle.peaks(values, radius=radius, threshold=0.5)
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, expected.tolist()))


def test_a_plateau_has_one_peak():
    values = np.zeros((9, 9), np.float32)
    values[3:5, 4:6] = 1
    assert find_peaks(values, radius=1, threshold=0.0).tolist() == [[4, 3]]


def test_the_top_of_a_paraboloid_is_found_exactly():
    y, x = np.mgrid[:9, :11].astype(float)
    for top in [(5.3, 4.2), (4.6, 3.9), (5.0, 4.0)]:
        u, v = x - top[0], y - top[1]
        values = (10 - u**2 - 2 * v**2 - 0.8 * u * v).astype(np.float32)
        refined = refine_peaks(values, np.array([[5, 4]]))
        np.testing.assert_allclose(refined, [top], atol=1e-5)


def test_where_there_is_no_hill_the_pixel_stays():
    values = np.zeros((5, 5), np.float32)
    saddle = values.copy()
    saddle[2, 1:4], saddle[1:4, 2] = (1, 0, 1), (-1, 0, -1)
    for around in (values, saddle):
        assert refine_peaks(around, np.array([[2, 2]])).tolist() == [[2, 2]]
    assert refine_peaks(values, np.zeros((0, 2), int)).shape == (0, 2)
