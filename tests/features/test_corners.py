"""Where corners are, how large, which way they point, and how they are described."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from oracles.pictures import blobs, gray, texture
from relook.core.errors import UsageError
from relook.core.records import Box, Image
from relook.features import Harris, Moravec
from relook.features.dominant import dominant_angles
from relook.features.sift_at import sift_at
from relook.images import crop, resize

DETECTORS = [Harris, Moravec]
PLACES = np.array([(60.0, 50.0), (140.3, 60.0), (220.5, 55.5), (75.25, 140.75), (190.0, 130.6)])


def whole(pixels):
    return Image(pixels, (pixels.shape[1], pixels.shape[0]))


def dots(shape, places, *, spread=1.0):
    """Dots of light: whatever measures corners finds one in the middle of each."""
    return blobs(shape, places, [spread] * len(places))


def nearest(frames, point):
    return frames[np.linalg.norm(frames[:, :2] - point, axis=1).argmin()]


def turned(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi


@pytest.mark.parametrize(("detector", "within"), [(Harris, 0.05), (Moravec, 0.2)])
def test_corners_are_found_where_they_are_to_a_fraction_of_a_pixel(detector, within):
    found = detector(orientation="upright", scales=(1.0,)).extract(whole(dots((200, 280), PLACES)))
    for place in PLACES:
        np.testing.assert_allclose(nearest(found.frames, place)[:2], place, atol=within)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("scale", [1.4, 2.0, 4.0])
def test_they_are_found_there_at_each_scale(detector, scale):
    pixels = dots((400, 560), 2 * PLACES, spread=scale)
    found = detector(orientation="upright", scales=(scale,)).extract(whole(pixels))
    for place in 2 * PLACES:
        np.testing.assert_allclose(nearest(found.frames, place)[:2], place, atol=0.1 * scale)
    assert np.median(found.frames[:, 2]) == pytest.approx(detector()._size()[0] * scale, rel=0.02)


@pytest.mark.parametrize("detector", DETECTORS)
def test_positions_and_scales_are_of_the_original_when_it_was_resized_and_cropped(detector):
    original = whole(dots((400, 560), 2 * PLACES, spread=2.0))
    part = crop(resize(original, longest=280), Box(60, 40, 460, 320))
    found = detector(orientation="upright", scales=(1.0,)).extract(part)
    assert found.size == (560, 400)
    for place in 2 * PLACES:
        np.testing.assert_allclose(nearest(found.frames, place)[:2], place, atol=0.3)
    np.testing.assert_allclose(found.frames[:, 2], 2 * detector()._size()[0], rtol=0.02)


@pytest.mark.parametrize("detector", DETECTORS)
def test_one_scale_is_the_detector_as_it_was_published(detector):
    image = whole(texture((200, 240)))
    one = detector(scales=(1.0,), orientation="upright", features=60000).extract(image)
    assert np.unique(one.frames[:, 2]).tolist() == [np.float32(detector()._size()[0])]
    many = detector(orientation="upright", features=60000).extract(image)
    assert {tuple(row) for row in one.frames} <= {tuple(row) for row in many.frames}
    assert len(np.unique(many.frames[:, 2])) == 5


@pytest.mark.parametrize("detector", DETECTORS)
def test_response_is_a_contrast_and_what_lies_below_is_left_out(detector):
    pixels = texture((200, 240))
    weak = gray(128 + 0.25 * (pixels[..., 0].astype(float) - 128))
    options = {"orientation": "upright", "scales": (2.0,), "features": 60000}
    strong, dim = (detector(**options).extract(whole(one)).responses for one in (pixels, weak))
    assert np.median(dim[:50]) == pytest.approx(0.25 * np.median(strong[:50]), rel=0.1)
    middle = float(np.median(strong))
    fewer = detector(**options, contrast=middle).extract(whole(pixels)).responses
    assert len(fewer) == np.count_nonzero(strong > middle)


@pytest.mark.parametrize("detector", DETECTORS)
@pytest.mark.parametrize("angle", [0.4, -1.9])
def test_angles_turn_with_the_picture(detector, angle):
    pixels = texture((300, 300))
    c, s = np.cos(angle), np.sin(angle)
    linear = np.array([[c, -s], [s, c]])  # with y downward, a positive angle turns clockwise
    matrix = np.c_[linear, 149.5 - linear @ [149.5, 149.5]]
    moved = cv2.warpAffine(pixels, matrix, (300, 300), flags=cv2.INTER_CUBIC)
    first, second = (detector(features=600).extract(whole(one)) for one in (pixels, moved))
    alike = first.descriptors @ second.descriptors.T
    best = alike.argmax(1)
    mutual = (alike.argmax(0)[best] == np.arange(len(first))) & (alike.max(1) > 0.95)
    left, right = first.frames[mutual], second.frames[best[mutual]]
    away = np.linalg.norm(left[:, :2] @ linear.T + matrix[:, 2] - right[:, :2], axis=1)
    same = away < left[:, 2]
    assert np.count_nonzero(same) > 60
    turns = turned(right[same, 3] - left[same, 3] - angle)
    assert np.median(np.abs(turns)) < 0.06


def test_descriptors_are_of_so_many_scales_and_of_the_power_asked_for():
    image = whole(texture((200, 240)))
    found = [
        Harris(orientation="upright", magnification=m, beta=b).extract(image)
        for m, b in ((2.0, 0.5), (3.0, 0.5), (2.0, 1.0))
    ]
    for other in found[1:]:
        np.testing.assert_array_equal(found[0].frames, other.frames)
        assert not np.allclose(found[0].descriptors, other.descriptors)
    root = found[2].descriptors ** 0.5
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    np.testing.assert_allclose(root, found[0].descriptors, atol=1e-5)


def test_a_ramp_points_where_it_rises():
    y, x = np.mgrid[:80, :90].astype(float)
    for angle in (0.0, 0.7, np.pi / 2, 2.5, 4.0, 5.9):
        ramp = (2 * (np.cos(angle) * x + np.sin(angle) * y)).astype(np.float32)
        rows, angles = dominant_angles(ramp, np.array([(40.0, 40.0), (45.2, 38.7)]), sigma=3.0)
        assert rows.tolist() == [0, 1]
        np.testing.assert_allclose(turned(angles - angle), 0, atol=0.06)


def test_a_flat_place_has_one_direction_and_two_gradients_have_two():
    flat = np.full((60, 60), 9, np.float32)
    assert len(dominant_angles(flat, np.array([(30.0, 30.0)]), sigma=3.0)[0]) == 1
    assert len(dominant_angles(flat, np.zeros((0, 2)), sigma=3.0)[0]) == 0
    corner = flat.copy()
    corner[30:, 30:] = 200
    rows, angles = dominant_angles(corner, np.array([(30.0, 30.0)]), sigma=3.0)
    assert rows.tolist() == [0, 0]
    np.testing.assert_allclose(angles, [0, np.pi / 2], atol=0.3)


def test_sift_at_frames_that_sift_found_is_what_sift_says():
    levels = texture((300, 400))[..., 0]
    points, expected = cv2.SIFT.create(enable_precise_upscale=False).detectAndCompute(levels, None)
    frames = np.array([(*p.pt, p.size / 2, np.deg2rad(p.angle)) for p in points])
    frames[:, :2] -= 0.25  # OpenCV says pixel corners
    found = sift_at(levels, frames)
    cosine = (found * expected).sum(1)
    cosine /= np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    assert np.median(cosine) > 0.99
    assert np.mean(cosine > 0.97) > 0.9


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.7, 2.2, 3.0, 6.0, 14.0])
def test_the_descriptor_of_a_mirrored_place_is_the_mirrored_descriptor(scale):
    levels = texture((97, 97))[..., 0]
    levels = np.maximum(levels, levels[:, ::-1])  # a picture that is its own mirror image
    row = sift_at(levels, np.array([(48.0, 48.0, scale, 0.0)]))[0].reshape(4, 4, 8)
    mirrored = row[:, ::-1][..., [4, 3, 2, 1, 0, 7, 6, 5]]
    assert np.sum(row * mirrored) / np.sum(row * row) > 0.98


def test_scales_of_small_pictures_that_have_no_level_are_left_out():
    image = whole(texture((40, 44)))
    assert len(Harris(scales=(1.0, 8.0)).extract(image)) == len(
        Harris(scales=(1.0,)).extract(image)
    )
    assert len(Harris(scales=(8.0,)).extract(image)) == 0


@pytest.mark.parametrize(
    ("detector", "options", "says"),
    [
        (Harris, {"features": 0}, "features must be from 1 to 65535, not 0"),
        (Harris, {"scales": ()}, "scales"),
        (Harris, {"scales": (1.0, 0.5)}, "scales"),
        (Harris, {"scales": (float("nan"),)}, "scales"),
        (Harris, {"contrast": -1.0}, "contrast"),
        (Harris, {"beta": 0.0}, "beta"),
        (Harris, {"magnification": 0.0}, "magnification"),
        (Harris, {"magnification": float("nan")}, "magnification"),
        (Harris, {"crowding": -1.0}, "crowding"),
        (Harris, {"coarseness": 3.0}, "coarseness"),
        (Harris, {"orientation": "sideways"}, "dominant, upright, not 'sideways'"),
        (Harris, {"sigma": 0.1}, "sigma"),
        (Harris, {"k": 0.25}, "k from"),
        (Moravec, {"features": 65536}, "features"),
        (Moravec, {"window": 4}, "window must be odd and from 3 to 31, not 4"),
        (Moravec, {"window": 1}, "window"),
    ],
)
def test_values_out_of_range_are_refused_by_name(detector, options, says):
    with pytest.raises(UsageError, match=says):
        detector(**options)
