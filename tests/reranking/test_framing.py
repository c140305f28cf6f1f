"""What a transform says of two pictures: sizes, shares and sides, without any picture."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import geometry
from relook.core.records import Box
from relook.reranking.framing import (
    carry_outline,
    carry_points,
    frame,
    invert,
    local_affine,
    outline_of,
    shared_area,
)

SIZE = (400, 300)
WHOLE = outline_of(SIZE)
MIDDLE = np.array([199.5, 149.5])


def scaled(factor, *, left=0.0, top=0.0):
    """Query to a picture of the same size that shows the box from (left, top), larger."""
    return np.array([[factor, 0, -factor * left], [0, factor, -factor * top], [0, 0, 1.0]])


def test_a_picture_of_the_left_top_quarter_magnifies_twice_and_covers_a_quarter():
    found = frame(scaled(2.0), region=WHOLE, sizes=(SIZE, SIZE), at=MIDDLE)
    assert found.magnification == pytest.approx(2)
    assert found.coverage == pytest.approx(0.25, abs=0.01)
    assert found.inside == pytest.approx(1, abs=0.01)
    assert found.shift == pytest.approx((-0.25, -0.25), abs=0.01)
    assert found.outline[2] == pytest.approx([199.75, 149.75], abs=0.6)


def test_magnification_does_not_depend_on_the_resolution_of_the_pictures():
    found = frame(scaled(6.0), region=WHOLE, sizes=(SIZE, (1200, 900)), at=MIDDLE)
    assert found.magnification == pytest.approx(2)
    assert found.coverage == pytest.approx(0.25, abs=0.01)


def test_a_picture_from_farther_away_covers_all_and_shows_more():
    found = frame(scaled(0.5, left=-200, top=-150), region=WHOLE, sizes=(SIZE, SIZE), at=MIDDLE)
    assert found.magnification == pytest.approx(0.5)
    assert found.coverage == pytest.approx(1)
    assert found.inside == pytest.approx(0.25, abs=0.01)
    assert found.shift == pytest.approx((0, 0), abs=0.01)


def test_shift_is_counted_in_sides_of_the_region():
    box = outline_of(Box(100, 100, 50, 30))
    found = frame(scaled(1.0, left=100), region=box, sizes=(SIZE, SIZE), at=MIDDLE)
    assert found.shift == pytest.approx(((300 - 125) / 50, (150 - 115) / 30))


@pytest.mark.parametrize(
    "transform",
    [
        np.diag([-1.0, 1.0, 1.0]),
        np.diag([1.0, 0.0, 1.0]),
        np.diag([1.0, 0.1, 1.0]),
        np.full((3, 3), np.nan),
        np.array([[1.0, 0, 0], [0, 1, 0], [-1 / 199.5, 0, 1]]),
    ],
    ids=["mirrored", "flat", "squeezed", "not a number", "at the horizon"],
)
def test_a_transform_that_says_nothing_sound_gives_nothing(transform):
    assert frame(transform, region=WHOLE, sizes=(SIZE, SIZE), at=MIDDLE) is None


def test_the_derivative_stands_in_where_the_perspective_is_too_steep():
    steep = np.array([[1.0, 0, 0], [0, 1, 0], [1 / 300, 0, 1]])
    affine = local_affine(steep, MIDDLE)
    assert np.array_equal(carry_outline(steep, WHOLE, at=MIDDLE), carry_points(affine, WHOLE))
    gentle = np.array([[1.0, 0, 0], [0, 1, 0], [1 / 3000, 0, 1]])
    assert np.array_equal(carry_outline(gentle, WHOLE, at=MIDDLE), carry_points(gentle, WHOLE))


def test_the_derivative_agrees_to_first_order():
    way = np.array([[1.1, 0.2, 3], [-0.1, 0.9, 7], [2e-4, -1e-4, 1]])
    affine = local_affine(way, MIDDLE)
    for step in ((0, 0), (1e-4, 0), (0, 1e-4)):
        point = (MIDDLE + step)[None]
        assert carry_points(affine, point) == pytest.approx(carry_points(way, point), abs=1e-7)


def test_there_and_back_is_nowhere():
    way = geometry.similarity(0.4, 1.7, (3.0, -8.0))
    assert carry_points(invert(way), carry_points(way, WHOLE)) == pytest.approx(WHOLE)
    assert invert(np.zeros((3, 3))) is None


def test_points_behind_the_horizon_are_no_points():
    way = np.array([[1.0, 0, 0], [0, 1, 0], [-0.01, 0, 1]])
    carried = carry_points(way, np.array([[50.0, 5.0], [150.0, 5.0]]))
    assert np.isfinite(carried).all(axis=1).tolist() == [True, False]


def test_shared_area_is_that_of_the_overlap():
    half = WHOLE + np.array([200, 0])
    assert shared_area(WHOLE, half) == pytest.approx(200 * 300)
    assert shared_area(WHOLE, WHOLE + np.array([900, 0])) == 0
