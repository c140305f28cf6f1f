"""What every extractor of local features does. A new one joins by its name in the registry."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from oracles.pictures import blobs, texture
from relook.core.errors import UsageError
from relook.core.records import Box, Image
from relook.features import EXTRACTORS, MOST_FEATURES, PcaSift, make_features
from relook.images import crop, resize

FEATURES = 300
SQUARE = texture((360, 360))


@cache
def pca_sift():
    """A projection of SIFT to 32 dimensions that is good enough for a contract."""
    rows = make_features("sift").extract(whole(texture((200, 200), seed=9))).descriptors
    made = PcaSift.fit([rows], dimensions=32, fitted="a texture")
    return replace(made, features=FEATURES)


def whole(pixels):
    return Image(pixels, (pixels.shape[1], pixels.shape[0]))


MAKERS = {name: lambda name=name: make_features(name, features=FEATURES) for name in EXTRACTORS}
MAKERS["pca-sift"] = pca_sift


@pytest.fixture(params=MAKERS.values(), ids=MAKERS)
def extractor(request):
    return request.param()


@pytest.fixture(scope="module")
def image():
    return whole(SQUARE)


@cache
def plain(extractor):
    """The features of the square picture, which many tests look at."""
    return extractor.extract(whole(SQUARE))


@cache
def clockwise(extractor):
    """Three times as many features of the picture turned by a quarter."""
    turned = whole(np.rot90(SQUARE, -1).copy())
    return replace(extractor, features=3 * FEATURES).extract(turned)


def same(first, second):
    return (
        np.array_equal(first.frames, second.frames)
        and np.array_equal(first.descriptors, second.descriptors)
        and np.array_equal(first.responses, second.responses)
        and first.size == second.size
        and (first.shapes is None) == (second.shapes is None)
        and (first.shapes is None or np.array_equal(first.shapes, second.shapes))
    )


def check_record(found, size):
    """What holds of every record, empty or not."""
    count = len(found)
    assert found.frames.shape == (count, 4)
    assert found.responses.shape == (count,)
    arrays = [found.frames, found.descriptors, found.responses]
    if found.shapes is not None:
        assert found.shapes.shape == (count, 2)
        assert np.all(found.shapes[:, 0] > 0)
        arrays.append(found.shapes)
    for array in arrays:
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    assert found.size == size
    assert np.all(found.frames[:, :2] >= -0.5)
    assert np.all(found.frames[:, :2] <= np.array(size) - 0.5)
    assert np.all(found.frames[:, 2] > 0)
    assert np.all(found.responses > 0)
    lengths = np.linalg.norm(found.descriptors, axis=1)
    np.testing.assert_allclose(lengths, np.ones(count), atol=1e-4)


def is_made_by(request, name):
    """For what one of them, by its nature, does less well than the others."""
    return request.node.callspec.id == name


def repeated(first, second, *, move, factor, tolerance=1.0, which=slice(None)):
    """Share of first's features that second has near the moved place, about as large."""
    frames = first.frames[which]
    places = move(frames[:, :2].astype(float))
    away = np.linalg.norm(places[:, None] - second.frames[None, :, :2], axis=2)
    ratio = np.log2(second.frames[None, :, 2] / (factor * frames[:, None, 2]))
    near = away < tolerance * np.maximum(1, factor * frames[:, None, 2] / 2)
    return np.mean(np.any(near & (np.abs(ratio) < 0.6), axis=1))


def test_a_record_is_well_formed_and_as_large_as_asked_at_most(extractor):
    found = plain(extractor)
    check_record(found, (360, 360))
    assert FEATURES / 5 < len(found) <= FEATURES


def test_upright_pictures_can_be_described_upright(image):
    for name in EXTRACTORS:
        found = make_features(name, features=FEATURES, orientation="upright").extract(image)
        check_record(found, (360, 360))
        assert len(found) > FEATURES / 5
        assert not found.frames[:, 3].any()


def test_the_same_picture_gives_the_same_features_in_every_thread(extractor, image):
    with ThreadPoolExecutor(2) as threads:
        first, *others = threads.map(extractor.extract, [image] * 3)
    assert all(same(first, other) for other in others)


def test_pixels_are_not_written_to(extractor):
    pixels = texture((160, 200))
    pixels.setflags(write=False)
    before = pixels.copy()
    extractor.extract(whole(pixels))
    assert np.array_equal(pixels, before)


def test_pixels_may_be_a_view_of_others(extractor):
    pixels = texture((160, 240))[:, 20:220]
    assert same(extractor.extract(whole(pixels)), extractor.extract(whole(pixels.copy())))


def test_a_spawned_worker_gets_an_equal_extractor(extractor, image):
    again = pickle.loads(pickle.dumps(extractor))
    assert same(plain(extractor), again.extract(image))


def test_more_features_can_be_asked_for_and_are_never_fewer(extractor, image):
    counts = [len(replace(extractor, features=n).extract(image)) for n in (1, 20, 100, 400)]
    assert counts == sorted(counts)
    assert 0 < counts[0] <= 1
    assert counts[1] <= 20


def test_the_strongest_features_are_among_more(extractor, image):
    few = replace(extractor, features=30).extract(image)
    assert (
        repeated(few, plain(extractor), move=lambda points: points, factor=1, tolerance=0.01) > 0.6
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (2, 2), (5, 900), (900, 5), (120, 90)])
def test_a_plain_picture_has_no_features(extractor, shape):
    full = plain(extractor)
    found = extractor.extract(whole(np.full((*shape, 3), 130, np.uint8)))
    check_record(found, (shape[1], shape[0]))
    assert len(found) == 0
    assert found.descriptors.shape[1] == full.descriptors.shape[1]
    assert (found.shapes is None) == (full.shapes is None)


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 50), (50, 1), (2, 9), (9, 2), (5, 900), (900, 5), (12, 600), (33, 31)]
)
def test_noise_of_any_shape_is_described(extractor, shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    check_record(extractor.extract(whole(pixels)), (shape[1], shape[0]))


def test_pictures_of_two_levels_are_described(extractor):
    pixels = np.zeros((150, 150, 3), np.uint8)
    pixels[40:90, 60:110] = 255
    pixels[100:, :50] = 1
    check_record(extractor.extract(whole(pixels)), (150, 150))


def test_a_crop_of_a_resized_picture_speaks_of_original_pixels(extractor, request):
    original = whole(texture((400, 480)))
    small = resize(original, longest=360)
    part = crop(small, Box(60, 40, 360, 320))
    found = extractor.extract(part)
    assert found.size == (480, 400)
    inside = (found.frames[:, :2] >= (59, 39)) & (found.frames[:, :2] <= (421, 361))
    assert inside.all()
    more = replace(extractor, features=8 * FEATURES).extract(small)
    share = repeated(found, more, move=lambda points: points, factor=1)
    # Moravec sums bare differences in a square, and hangs on how the pixels lie.
    assert share > (0.5 if is_made_by(request, "moravec") else 0.7)


def test_positions_and_scales_do_not_depend_on_how_the_picture_is_stored(extractor):
    pixels = texture((300, 300))
    reference = extractor.extract(whole(pixels))
    told = extractor.extract(Image(pixels, (1000, 900), scale=(0.5, 0.5), offset=(100.0, 50.0)))
    np.testing.assert_allclose(
        told.frames[:, :2], (reference.frames[:, :2] + 0.5) * 2 - 0.5 + (100, 50), atol=1e-3
    )
    np.testing.assert_allclose(told.frames[:, 2], 2 * reference.frames[:, 2], rtol=1e-5)
    np.testing.assert_array_equal(told.frames[:, 3], reference.frames[:, 3])


def test_features_repeat_when_the_picture_is_turned_by_a_quarter(extractor):
    found, turned = plain(extractor), clockwise(extractor)
    share = repeated(
        found, turned, move=lambda points: np.c_[359 - points[:, 1], points[:, 0]], factor=1
    )
    assert share > 0.8


def test_features_repeat_when_the_picture_is_twice_as_large(extractor):
    found = plain(extractor)
    pixels = cv2.resize(SQUARE, (720, 720), interpolation=cv2.INTER_CUBIC)
    large = replace(extractor, features=3 * FEATURES).extract(whole(pixels))
    # Detectors with a few scales have no larger one for their largest.
    possible = 2 * found.frames[:, 2] <= large.frames[:, 2].max()
    share = repeated(
        found, large, move=lambda points: 2 * points + 0.5, factor=2, tolerance=1.5, which=possible
    )
    assert share > 0.8


def test_a_feature_and_its_turned_self_are_described_alike(extractor):
    found, turned = plain(extractor), clockwise(extractor)
    alike = found.descriptors @ turned.descriptors.T
    best = alike.argmax(1)
    mutual = alike.argmax(0)[best] == np.arange(len(found))
    moved = np.c_[359 - found.frames[:, 1], found.frames[:, 0]]
    away = np.linalg.norm(moved - turned.frames[best, :2], axis=1)
    assert np.mean(away[mutual] < 3) > 0.8
    assert mutual.mean() > 0.5


def test_unlike_features_are_described_unlike(extractor):
    found = plain(extractor)
    other = extractor.extract(whole(texture((360, 360), seed=5)))
    itself = found.descriptors @ found.descriptors.T
    assert np.median(found.descriptors @ other.descriptors.T) < 0.9 * np.median(np.diag(itself))


def test_a_dim_picture_has_features_too(extractor, request):
    # Regions of MSER must last over five gray levels.
    contrast = 0.5 if is_made_by(request, "mser") else 0.15
    levels = 100 + (SQUARE.astype(float) - 128) * contrast
    found = extractor.extract(whole(np.rint(levels).astype(np.uint8)))
    check_record(found, (360, 360))
    assert len(found) > 20


def test_blobs_of_any_size_do_no_harm(extractor):
    pixels = blobs((240, 240), np.array([(60, 60), (170, 150)]), [2.0, 40.0])
    check_record(extractor.extract(whole(pixels)), (240, 240))


@pytest.mark.parametrize("features", [0, -3, MOST_FEATURES + 1])
def test_a_number_of_features_out_of_range_is_refused(extractor, features):
    with pytest.raises(UsageError, match=rf"features must be from 1 to 65535, not {features}"):
        replace(extractor, features=features)
