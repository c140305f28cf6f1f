"""The measures of Moravec, and of Harris and Stephens, against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import corners as oracle
from oracles.pictures import texture
from relook.features.corner_response import harris_response, moravec_response

SHAPES = [(40, 52), (9, 30), (7, 7), (16, 5), (3, 4), (1, 1), (1, 12)]


def noise(shape, *, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.float32)


@pytest.mark.parametrize("window", [3, 5, 9])
@pytest.mark.parametrize("shape", SHAPES)
def test_moravec_is_exactly_its_definition(shape, window):
    gray = noise(shape)
    found = moravec_response(gray, window=window)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, oracle.moravec(gray, window=window))


@pytest.mark.parametrize(("sigma", "k"), [(1.0, 0.04), (1.5, 0.06), (2.3, 0.0)])
@pytest.mark.parametrize("shape", SHAPES[:4])
def test_harris_is_its_definition(shape, sigma, k):
    gray = noise(shape)
    found = harris_response(gray, sigma=sigma, k=k)
    assert found.dtype == np.float32
    expected = oracle.harris(gray, sigma=sigma, k=k)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("response", [harris_response, moravec_response])
def test_a_picture_that_is_mirrored_or_turned_has_its_response_mirrored_or_turned(response):
    gray = texture((60, 60))[..., 0].astype(np.float32)
    plain = response(gray)
    for change in (np.fliplr, np.flipud, np.rot90, np.transpose):
        moved = response(np.ascontiguousarray(change(gray)))
        np.testing.assert_allclose(moved, change(plain), rtol=1e-3, atol=1e-4 * plain.max())


@pytest.mark.parametrize("response", [harris_response, moravec_response])
def test_a_plain_picture_and_a_step_edge_are_no_corners(response):
    flat = np.full((30, 40), 77, np.float32)
    assert not (response(flat) > 0).any()
    edge = flat.copy()
    edge[:, 20:] = 200
    assert not (response(edge) > 1e-3).any()


def test_an_edge_counts_against_a_pixel_with_harris_only():
    edge = np.zeros((30, 40), np.float32)
    edge[:, 20:] = 100
    assert harris_response(edge, k=0.04)[15, 19] < -1e4
    assert moravec_response(edge)[15, 19] == 0
