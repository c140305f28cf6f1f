"""What all affine extractors promise: order, determinism, odd pictures, turned pictures."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import affine
from oracles.pictures import texture
from relook.core.errors import UsageError
from relook.core.records import Image
from relook.features.affine import HarrisAffine, HessianAffine, Mser

ALL = [HessianAffine, HarrisAffine, Mser]
ADAPTED = [HessianAffine, HarrisAffine]


def whole(pixels):
    return Image(pixels, (pixels.shape[1], pixels.shape[0]))


@pytest.mark.parametrize("extractor", ALL)
@pytest.mark.parametrize("orientation", ["dominant", "upright"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (5, 2000), (2000, 5), (200, 300)])
def test_a_plain_picture_has_no_features(extractor, shape, orientation):
    pixels = np.full((*shape, 3), 130, np.uint8)
    found = extractor(orientation=orientation, regions=(0.5, 1.0)).extract(whole(pixels))
    assert len(found) == 0
    assert found.frames.shape == (0, 4)
    assert found.shapes.shape == (0, 2)
    assert found.descriptors.shape == (0, 256)
    assert found.size == (shape[1], shape[0])


@pytest.mark.parametrize("extractor", ALL)
@pytest.mark.parametrize("shape", [(1, 1), (2, 9), (5, 2000), (2000, 5), (12, 2000), (33, 31)])
def test_noise_of_any_shape_is_described(extractor, shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = extractor().extract(whole(pixels))
    for values in (found.frames, found.shapes, found.descriptors, found.responses):
        assert np.all(np.isfinite(values))


@pytest.mark.parametrize("extractor", ALL)
@pytest.mark.parametrize("orientation", ["dominant", "upright"])
@pytest.mark.parametrize("count", [1, 10, 60])
def test_there_are_at_most_as_many_features_as_asked_for_best_first(extractor, orientation, count):
    found = extractor(features=count, orientation=orientation).extract(whole(texture((300, 400))))
    assert 0 < len(found) <= count
    assert np.all(np.diff(found.responses * found.frames[:, 2] ** 0.5) <= 1e-6)
    assert np.all(found.responses > 0)


@pytest.mark.parametrize("extractor", ALL)
def test_upright_features_point_nowhere_and_a_region_has_only_one(extractor):
    image = whole(texture((300, 400)))
    upright = extractor(orientation="upright").extract(image)
    dominant = extractor().extract(image)
    assert len(upright) > 50
    assert np.all(upright.frames[:, 3] == 0)
    assert len(np.unique(upright.frames[:, :3], axis=0)) == len(upright)
    assert len(np.unique(dominant.frames[:, :3], axis=0)) < len(dominant)


@pytest.mark.parametrize("extractor", ALL)
def test_descriptors_are_root_sift_of_length_one_in_every_region(extractor):
    image = whole(texture((300, 400)))
    found = extractor(features=50, regions=(0.75, 1.5)).extract(image)
    blocks = found.descriptors.reshape(len(found), 2, 128)
    assert blocks.min() >= 0
    np.testing.assert_allclose(np.linalg.norm(blocks, axis=2), 1, atol=1e-5)
    for place, region in enumerate((0.75, 1.5)):
        one = extractor(features=50, regions=(region,)).extract(image)
        np.testing.assert_array_equal(one.frames, found.frames)
        np.testing.assert_array_equal(one.descriptors, blocks[:, place])
    other = extractor(features=50, beta=1.0).extract(image)
    np.testing.assert_array_equal(found.frames, other.frames)


@pytest.mark.parametrize("extractor", ALL)
def test_the_same_picture_gives_the_same_features(extractor):
    image = whole(texture((300, 400)))
    image.pixels.flags.writeable = False
    first, second = (extractor(features=100).extract(image) for _ in range(2))
    for name in ("frames", "shapes", "descriptors", "responses"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def share_found(first, second, points, linear):
    """Share of first's regions that second has where they must have gone, direction and all."""
    there = affine.matrices(second.frames, second.shapes)
    found = 0
    for point, matrix in zip(points, affine.matrices(first.frames, first.shapes), strict=True):
        near = np.linalg.norm(second.frames[:, :2] - point, axis=1) < 0.5
        want = linear @ matrix
        off = np.linalg.norm(there[near] - want, axis=(1, 2)) / np.linalg.norm(want)
        found += bool(np.any(off < 0.15))
    return found / len(first)


@pytest.mark.parametrize("extractor", ALL)
def test_turning_a_picture_by_a_quarter_turns_every_region_by_a_quarter(extractor):
    pixels = texture((321, 321))
    first = extractor(features=150).extract(whole(pixels))
    second = extractor(features=500, surplus=3.0).extract(whole(np.rot90(pixels, -1).copy()))
    moved = np.c_[320 - first.frames[:, 1], first.frames[:, 0]]
    assert share_found(first, second, moved, affine.turn(np.pi / 2)) > 0.8


@pytest.mark.parametrize("extractor", ALL)
def test_the_mirrored_picture_has_the_mirrored_regions(extractor):
    pixels = texture((321, 321))
    first = extractor(features=150, orientation="upright").extract(whole(pixels))
    mirrored = whole(pixels[:, ::-1].copy())
    second = extractor(features=500, surplus=3.0, orientation="upright").extract(mirrored)
    moved = np.c_[320 - first.frames[:, 0], first.frames[:, 1]]
    # An upright frame stays one: what was right is left, and the frame starts there again.
    again = first.shapes * np.float32([1, -1])
    there = type(first)(first.frames, first.descriptors, first.responses, first.size, again)
    assert share_found(there, second, moved, np.eye(2)) > 0.8


@pytest.mark.parametrize("extractor", ALL)
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"features": 0}, "features must be from 1 to 65535, not 0"),
        ({"surplus": 0.5}, "surplus"),
        ({"crowding": -1.0}, "crowding"),
        ({"coarseness": float("nan")}, "coarseness"),
        ({"beta": 0.0}, "beta"),
        ({"orientation": "sideways"}, "dominant, upright, not 'sideways'"),
        ({"regions": ()}, "regions"),
        ({"regions": (1.0, float("nan"))}, "regions"),
    ],
)
def test_values_out_of_range_are_refused_by_name(extractor, options, says):
    with pytest.raises(UsageError, match=says):
        extractor(**options)


@pytest.mark.parametrize(
    ("extractor", "options"),
    [
        (HessianAffine, {"contrast": -0.1}),
        (HessianAffine, {"edge": 1.0}),
        (HessianAffine, {"iterations": 0}),
        (HarrisAffine, {"contrast": float("nan")}),
        (Mser, {"delta": 0}),
        (Mser, {"least": 1}),
        (Mser, {"most": 1.5}),
    ],
)
def test_values_of_one_detector_are_refused_by_name(extractor, options):
    with pytest.raises(UsageError, match=next(iter(options))):
        extractor(**options)
