"""Variants of a picture show what their names say, the same at every call."""

from __future__ import annotations

import numpy as np
import pytest

from relook.core.errors import ImageError, ShapeError, UsageError
from relook.images.variants import ANGLE, SHEAR, TILT, VARIANTS, make_variants

HEIGHT, WIDTH = 121, 161


def dot(x, y):
    """A bright spot on black, at (x, y) from the center, in half sizes of the picture."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    column, row = round((x + 1) * (WIDTH - 1) / 2), round((y + 1) * (HEIGHT - 1) / 2)
    pixels[row - 2 : row + 3, column - 2 : column + 3] = 255
    return pixels


def place(pixels):
    """Where the spot is, in pixels from the center."""
    gray = pixels[..., 0].astype(float)
    rows, columns = np.indices(gray.shape)
    middle = (np.array(gray.shape[::-1]) - 1) / 2
    return np.array([(columns * gray).sum(), (rows * gray).sum()]) / gray.sum() - middle


def moved(name, x, y):
    return place(make_variants(dot(x, y), [name])[0])


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def test_every_variant_is_deterministic_and_shares_no_memory(picture):
    before = picture.copy()
    names = list(VARIANTS)
    for name, one, two in zip(
        names, make_variants(picture, names), make_variants(picture, names), strict=True
    ):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == np.uint8
        assert one.flags.c_contiguous
        assert not np.shares_memory(one, picture)
        assert one.shape == ((91, 121, 3) if name.startswith("crop") else picture.shape)
    np.testing.assert_array_equal(picture, before)


def test_variants_come_in_the_order_of_the_names(picture):
    original, flip, again = make_variants(picture, ["original", "flip", "original"])
    np.testing.assert_array_equal(original, picture)
    np.testing.assert_array_equal(flip[:, ::-1], picture)
    np.testing.assert_array_equal(again, picture)
    assert make_variants(picture, []) == []


def test_crops_are_the_corners_and_the_center(picture):
    corners = {
        "crop-left-top": picture[:91, :121],
        "crop-right-top": picture[:91, 40:],
        "crop-left-bottom": picture[30:, :121],
        "crop-right-bottom": picture[30:, 40:],
        "crop-center": picture[15:106, 20:141],
    }
    for (name, want), got in zip(
        corners.items(), make_variants(picture, list(corners)), strict=True
    ):
        np.testing.assert_array_equal(got, want, err_msg=name)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_turn_moves_a_point_on_its_circle(sign):
    at = place(dot(0.5, 0))
    got = moved("rotate+15" if sign > 0 else "rotate-15", 0.5, 0)
    want = at[0] * np.array([np.cos(ANGLE), sign * np.sin(ANGLE)])
    np.testing.assert_allclose(got, want, atol=0.2)


@pytest.mark.parametrize("sign", ["+", "-"])
def test_a_shear_pushes_along_one_axis_only(sign):
    way = 1 if sign == "+" else -1
    x, y = place(dot(0.4, 0.5))
    np.testing.assert_allclose(moved(f"shear{sign}x", 0.4, 0.5), [x + way * SHEAR * y, y], atol=0.2)
    np.testing.assert_allclose(moved(f"shear{sign}y", 0.4, 0.5), [x, y + way * SHEAR * x], atol=0.2)


def test_a_tilt_makes_the_far_side_shorter():
    edge = 0.9
    near, far = moved("tilt+x", -edge, 0.5), moved("tilt+x", edge, 0.5)
    assert near[1] > far[1] > 0
    assert far[1] / near[1] == pytest.approx(1 - TILT, abs=0.05)
    back_near, back_far = moved("tilt-x", edge, 0.5), moved("tilt-x", -edge, 0.5)
    np.testing.assert_allclose(back_near * [-1, 1], near, atol=0.2)
    np.testing.assert_allclose(back_far * [-1, 1], far, atol=0.2)
    assert moved("tilt+y", 0.5, 0.6)[0] < moved("tilt+y", 0.5, -0.6)[0]
    assert moved("tilt-y", 0.5, 0.6)[0] > moved("tilt-y", 0.5, -0.6)[0]


def test_the_middle_stays_where_it_is():
    for name in VARIANTS:
        if name.startswith(("rotate", "shear", "tilt")):
            np.testing.assert_allclose(moved(name, 0, 0), 0, atol=0.05, err_msg=name)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 50, 3), (2, 1, 3)])
def test_tiny_pictures_have_all_variants(shape):
    pixels = np.full(shape, 77, np.uint8)
    for variant in make_variants(pixels, list(VARIANTS)):
        assert variant.size
        assert (variant == 77).all()


def test_bad_input_is_refused_in_a_sentence(picture):
    with pytest.raises(UsageError, match="no variant 'upside-down'; choose from original, flip"):
        make_variants(picture, ["flip", "upside-down"])
    with pytest.raises(ShapeError, match="pixels"):
        make_variants(picture[..., 0], ["flip"])
    with pytest.raises(ShapeError, match="uint8"):
        make_variants(picture.astype(np.float32), ["flip"])
    with pytest.raises(ImageError, match="without pixels"):
        make_variants(picture[:0], ["flip"])
