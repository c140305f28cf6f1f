from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relook.core.errors import ImageError, UsageError
from relook.core.records import Box, Image
from relook.descriptors.sizing import Sizing
from relook.images import crop, resize

sides = st.integers(1, 6000)


def picture(width, height):
    """An image without memory behind it."""
    return Image(np.broadcast_to(np.uint8(0), (height, width, 3)), (width, height))


@given(sides, sides, st.sampled_from([1, 16, 32]), st.sampled_from([224, 500, 1024]))
def test_sides_are_multiples_within_the_limits(width, height, multiple, longest):
    sizing = Sizing(longest=longest, multiple=multiple, shortest=48)
    for scale in (1.0, 2**-0.5, 0.5, 0.01):
        new = sizing.scaled(sizing.size(picture(width, height)), scale)
        assert all(side % multiple == 0 and 48 <= side <= longest for side in new)


@given(sides, sides, st.sampled_from([1, 16, 32]))
def test_a_side_differs_from_the_exact_one_by_half_a_multiple(width, height, multiple):
    sizing = Sizing(longest=1024, multiple=multiple, shortest=1)
    factor = min(1, 1024 / max(width, height))
    new = sizing.size(picture(width, height))
    for side, old in zip(new, (width, height), strict=True):
        exact = max(old * factor, multiple)
        # A half from the pixel that the shrunk picture is rounded to.
        assert abs(side - exact) <= multiple / 2 + 0.5 + 1e-6


@given(st.integers(1, 1024), st.integers(1, 1024))
def test_without_rounding_a_small_picture_keeps_its_size(width, height):
    sizing = Sizing(multiple=1, shortest=1)
    assert sizing.size(picture(width, height)) == (width, height)


@given(sides, sides)
def test_sizing_a_picture_that_was_shrunk_before_changes_nothing(width, height):
    sizing = Sizing(longest=512)
    image = picture(width, height)
    if max(width, height) < 3000:
        assert sizing.size(resize(image, longest=512)) == sizing.size(image)


@given(sides, sides, st.floats(0.3, 1))
def test_scale_one_is_the_size_itself(width, height, scale):
    sizing = Sizing(longest=700, multiple=32, shortest=64)
    size = sizing.size(picture(width, height))
    assert sizing.scaled(size, 1.0) == size


def test_a_small_picture_is_enlarged_as_a_whole():
    assert Sizing(shortest=64).size(picture(10, 20)) == (64, 128)


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (1, 5000), (5000, 1), (2, 900)])
def test_tiny_pictures_and_strips_have_a_size(size):
    width, height = Sizing().size(picture(*size))
    assert 32 <= min(width, height) <= max(width, height) <= 1024


def test_a_crop_is_resized_by_the_factor_of_its_full_image():
    image = Image(np.zeros((1500, 2000, 3), np.uint8), (2000, 1500))
    sizing = Sizing(longest=1000, multiple=1, shortest=1)
    box = Box(100, 200, 400, 600)
    assert sizing.size(crop(image, box)) == (200, 300)
    assert sizing.size(crop(resize(image, longest=1000), box)) == (200, 300)


def test_what_was_shrunk_further_is_not_enlarged_again():
    image = resize(picture(2000, 1000), longest=640)
    assert Sizing().size(image) == (640, 320)


def test_a_scale_above_one_may_exceed_the_longest_side():
    assert Sizing().scaled((1024, 768), 1.5) == (1536, 1152)


def test_no_pixels_are_an_image_error():
    with pytest.raises(ImageError, match="0 x 5"):
        Sizing().size(Image(np.zeros((5, 0, 3), np.uint8), (0, 5)))


@pytest.mark.parametrize(
    "options",
    [{"longest": 0}, {"multiple": 0}, {"shortest": -1}, {"longest": 31}, {"shortest": 1025}],
)
def test_impossible_settings_are_refused(options):
    with pytest.raises(UsageError):
        Sizing(**options)
