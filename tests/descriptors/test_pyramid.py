from __future__ import annotations

import numpy as np
import pytest

from oracles.pictures import texture
from relook.descriptors.pyramid import pyramid, resample


def ramp(width, height):
    """Levels that are linear in x and y: any resampling keeps them, up to its borders."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.repeat((0.3 * x + 0.2 * y + 10)[..., None], 3, axis=2)


@pytest.mark.parametrize(
    "size", [(160, 96), (100, 77), (290, 250), (400, 300), (90, 300), (600, 50)]
)
def test_resizing_maps_pixel_centers(size):
    image = ramp(300, 260)
    small = resample(np.rint(image).astype(np.uint8), size).astype(np.float64)
    scale_x, scale_y = size[0] / 300, size[1] / 260
    x = (np.arange(size[0]) + 0.5) / scale_x - 0.5
    y = (np.arange(size[1]) + 0.5) / scale_y - 0.5
    expected = 0.3 * x[None, :] + 0.2 * y[:, None] + 10
    inner = (slice(2, -2), slice(2, -2))
    assert np.abs(small[..., 0] - expected)[inner].max() < 1.1


def test_halving_averages_four_pixels():
    image = texture((64, 96))
    blocks = image.reshape(32, 2, 48, 2, 3).mean((1, 3))
    assert np.abs(resample(image, (48, 32)) - blocks).max() <= 0.5


def test_each_level_is_made_from_the_one_before():
    image = texture((128, 128))
    sizes = [(32, 32), (128, 128), (64, 64)]
    small, large, middle = pyramid(image, sizes)
    assert np.array_equal(large, image)
    assert np.array_equal(middle, resample(image, (64, 64)))
    assert np.array_equal(small, resample(middle, (32, 32)))


def test_the_size_of_the_picture_copies_nothing():
    image = texture((32, 32))
    assert pyramid(image, [(32, 32)])[0] is image


def test_no_level_is_made_from_an_enlarged_one():
    """An enlarged picture is blurred, which the other scales need not be."""
    pixels = np.random.default_rng(4).integers(0, 256, (60, 80, 3), np.uint8)
    larger, same, smaller = pyramid(pixels, [(112, 84), (80, 60), (40, 30)])
    np.testing.assert_array_equal(same, pixels)
    np.testing.assert_array_equal(smaller, resample(pixels, (40, 30)))
    np.testing.assert_array_equal(larger, resample(pixels, (112, 84)))
