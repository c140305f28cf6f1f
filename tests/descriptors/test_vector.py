from __future__ import annotations

import cv2
import numpy as np
import pytest

from oracles.pictures import texture
from oracles.quarters import Broken, Quarters
from relook.core.errors import ImageError
from relook.core.records import Box, Image
from relook.descriptors.multiscale import MultiScale
from relook.descriptors.sizing import Sizing
from relook.descriptors.vector import VectorDescriber
from relook.images import crop, resize

ONE = MultiScale(scales=(1.0,))


def picture(height, width, *, seed=0):
    pixels = np.stack([texture((height, width), seed=3 * seed + c)[..., 0] for c in range(3)], 2)
    return Image(np.ascontiguousarray(pixels), (width, height))


def test_pooled_over_scales_by_hand():
    image = picture(256, 384)
    describer = VectorDescriber(Quarters(), multiscale=MultiScale(scales=(1.0, 0.5, 0.25)))
    half = cv2.resize(image.pixels, (192, 128), interpolation=cv2.INTER_AREA)
    quarter = cv2.resize(half, (96, 64), interpolation=cv2.INTER_AREA)
    expected = np.mean([Quarters().one(p) for p in (image.pixels, half, quarter)], axis=0)
    expected /= np.linalg.norm(expected)
    found = describer.describe(image)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("pool", ["mean", "gem", "sum", "keep"])
def test_a_batch_equals_its_pictures_one_by_one(pool):
    images = [picture(64, 96, seed=s) for s in range(3)] + [picture(96, 64), picture(200, 40)]
    describer = VectorDescriber(Quarters(), multiscale=MultiScale(pool=pool, flip=True))
    for image, found in zip(images, describer.describe_batch(images[::-1])[::-1], strict=True):
        np.testing.assert_allclose(found, describer.describe(image), atol=1e-7)


def test_a_batch_goes_through_the_network_once_per_shape_and_scale():
    runtime = Quarters()
    images = [picture(64, 96), picture(96, 64), picture(65, 97)]
    describer = VectorDescriber(runtime, multiscale=MultiScale(scales=(1.0, 2.0)))
    describer.describe_batch(images)
    shown = sorted(pixels.shape for pixels in runtime.shown)
    assert shown == [(1, 96, 64, 3), (1, 192, 128, 3), (2, 64, 96, 3), (2, 128, 192, 3)]


def test_no_pictures_are_harmless():
    assert VectorDescriber(Quarters()).describe_batch([]) == []


def test_with_flip_a_picture_and_its_mirror_image_are_the_same():
    image = picture(64, 96)
    mirrored = Image(np.ascontiguousarray(image.pixels[:, ::-1]), image.size)
    both = VectorDescriber(Quarters(), multiscale=MultiScale(scales=(1.0, 0.5), flip=True))
    np.testing.assert_allclose(both.describe(image), both.describe(mirrored), atol=1e-6)
    plain = VectorDescriber(Quarters(), multiscale=ONE)
    assert np.abs(plain.describe(image) - plain.describe(mirrored)).max() > 1e-3


def test_a_crop_is_described_as_that_region_of_the_resized_full_image():
    image = picture(600, 800)
    sizing = Sizing(longest=400, multiple=1, shortest=1)
    describer = VectorDescriber(Quarters(), sizing, ONE)
    small = cv2.resize(image.pixels, (400, 300), interpolation=cv2.INTER_AREA)
    expected = Quarters().one(small[50:150, 100:300])
    box = Box(200, 100, 400, 200)
    for way in (crop(image, box), crop(resize(image, longest=400), box)):
        np.testing.assert_allclose(describer.describe(way), expected, atol=1e-6)


def test_only_the_box_is_described():
    image = picture(300, 400)
    painted = image.pixels.copy()
    painted[:, :100] = 0
    box = Box(100, 50, 200, 200)
    describer = VectorDescriber(Quarters())
    other = Image(painted, image.size)
    assert np.array_equal(
        describer.describe(crop(image, box)), describer.describe(crop(other, box))
    )


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (1, 5000), (5000, 1), (2, 3), (33, 31)])
@pytest.mark.parametrize("pool", ["mean", "gem"])
def test_tiny_pictures_and_strips_have_a_finite_descriptor(shape, pool):
    image = Image(np.full((*shape, 3), 90, np.uint8), shape[::-1])
    found = VectorDescriber(Quarters(), multiscale=MultiScale(pool=pool)).describe(image)
    assert np.isfinite(found).all()
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-5)


def test_regions_and_kept_scales_give_several_rows():
    image = picture(64, 96)
    assert VectorDescriber(Quarters(regions=True)).describe(image).shape == (4, 6)
    kept = MultiScale(scales=(1.0, 0.5), pool="keep")
    assert VectorDescriber(Quarters(), multiscale=kept).describe(image).shape == (2, 24)
    assert VectorDescriber(Quarters(regions=True), multiscale=kept).describe(image).shape == (8, 6)


def test_values_that_are_not_finite_are_an_image_error():
    image = picture(64, 64)
    image.pixels[0, 0] = (255, 0, 0)
    describer = VectorDescriber(Broken(), multiscale=ONE)
    with pytest.raises(ImageError, match="not finite"):
        describer.describe(image)
    with pytest.raises(ImageError, match="not finite"):
        describer.describe_batch([picture(64, 64, seed=1), image])


def test_describing_changes_no_pixels():
    image = picture(70, 90)
    before = image.pixels.copy()
    VectorDescriber(Quarters(), multiscale=MultiScale(flip=True)).describe(image)
    assert np.array_equal(image.pixels, before)
