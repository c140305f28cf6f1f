"""Patches show what their matrix says, and their descriptors are SIFT."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from oracles import affine
from oracles.pictures import texture
from relook.features.affine.patches import BLUR, KERNEL, REGION, describe, find_angles
from relook.features.affine.pyramid import level_of, make_pyramid, sample
from relook.features.affine.sift_patch import SIDE, WIDTH, describe_patch, find_directions

ROOM = np.empty((2, SIDE - 2, SIDE - 2), np.float32)


def picture(seed=0, shape=(240, 320)):
    return texture(shape, seed=seed)[..., 0].astype(np.float32) / 255


def noise_patch(seed):
    noise = np.random.default_rng(seed).random((SIDE, SIDE))
    return cv2.GaussianBlur(noise, (0, 0), 2).astype(np.float32)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("factor", [0.4, 1.0, 3.0, 9.0])
def test_a_patch_of_a_ramp_is_the_ramp_at_the_points_of_its_matrix(seed, factor):
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:400, :500].astype(np.float32)
    pyramid = make_pyramid(2 * x - 3 * y)
    step = factor * (affine.turn(rng.uniform(0, 6)) @ np.array([[1.5, 0], [0.4, 1 / 1.5]]))
    out = np.empty((9, 9), np.float32)
    sample(pyramid, level_of(pyramid, factor), (251.3, 198.6), tuple(step.ravel()), out)
    rows, columns = np.mgrid[-4:5, -4:5]
    points = np.stack([columns, rows], axis=-1) @ step.T + (251.3, 198.6)
    np.testing.assert_allclose(out, points @ (2, -3), atol=0.01)


def test_a_patch_beyond_the_edge_continues_it():
    gray = picture()
    out = np.empty((11, 11), np.float32)
    sample(make_pyramid(gray), 0, (0.0, 0.0), (1.0, 0.0, 0.0, 1.0), out)
    np.testing.assert_allclose(out[5:, 5:], gray[:6, :6], atol=1e-6)
    np.testing.assert_allclose(out[:5, 5:], np.tile(gray[0, :6], (5, 1)), atol=1e-6)
    sample(make_pyramid(gray), 0, (319.0, 239.0), (1.0, 0.0, 0.0, 1.0), out)
    np.testing.assert_allclose(out[:6, :6], gray[-6:, -6:], atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_descriptor_of_a_patch_is_sift(seed):
    patch = noise_patch(seed)
    out = np.empty(128, np.float32)
    describe_patch(patch, ROOM[0], ROOM[1], out)
    want = affine.sift(patch.astype(np.float64), width=WIDTH)
    # Angles come from a polynomial that is good to a thousandth.
    np.testing.assert_allclose(unit(out), want, atol=2e-3)


def test_a_plain_patch_has_a_descriptor_of_zeros_and_one_direction():
    out, angles = np.empty(128, np.float32), np.empty(4, np.float32)
    plain = np.full((SIDE, SIDE), 0.3, np.float32)
    describe_patch(plain, ROOM[0], ROOM[1], out)
    assert not out.any()
    assert find_directions(plain, ROOM[0], ROOM[1], angles) == 1
    assert angles[0] == 0


@pytest.mark.parametrize("angle", [0.0, 0.3, 1.6, 3.1, -2.0])
def test_the_direction_of_a_ramp_is_the_way_up(angle):
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    ramp = (np.cos(angle) * columns + np.sin(angle) * rows).astype(np.float32)
    angles = np.empty(4, np.float32)
    assert find_directions(ramp, ROOM[0], ROOM[1], angles) == 1
    assert np.cos(angles[0] - angle) == pytest.approx(1, abs=1e-2)


def test_two_equal_edges_give_two_directions():
    columns = np.tile(np.arange(SIDE) - SIDE // 2, (SIDE, 1))
    roof = (np.abs(columns - 0.25)).astype(np.float32)
    angles = np.empty(4, np.float32)
    assert find_directions(roof, ROOM[0], ROOM[1], angles) == 2
    assert np.cos(angles[0] - angles[1]) == pytest.approx(-1, abs=1e-2)


def test_round_features_are_described_as_opencv_describes_them():
    pixels = texture((300, 400))[..., 0]
    points = [
        cv2.KeyPoint(x, y, 2 * scale, angle)
        for x, y, scale, angle in [(90, 100, 4, 0), (200, 150, 4, 70), (300, 170, 5, 200)]
    ]
    _, theirs = cv2.SIFT.create().compute(pixels, points)
    frames = np.array(
        [(*p.pt, p.size / 2 * (6 / (2 * REGION)) * 2, np.deg2rad(p.angle)) for p in points],
        np.float32,
    )  # a cell of OpenCV's is 3 scales wide
    ours = describe(
        make_pyramid(pixels.astype(np.float32) / 255),
        frames,
        np.tile(np.float32([1, 0]), (3, 1)),
        regions=(1.0,),
    )
    assert np.sum(unit(ours) * unit(theirs), axis=1).min() > 0.9


def test_several_regions_in_one_pass_are_those_of_separate_passes():
    pyramid = make_pyramid(picture())
    rng = np.random.default_rng(0)
    frames = np.c_[rng.random((20, 2)) * (320, 240), rng.uniform(1, 12, 20), rng.random(20)]
    frames = frames.astype(np.float32)
    shapes = np.c_[rng.uniform(0.6, 1.6, 20), rng.normal(0, 0.5, 20)].astype(np.float32)
    regions = (0.5, 1.0, 1.5)
    together = describe(pyramid, frames, shapes, regions=regions)
    apart = [describe(pyramid, frames, shapes, regions=(region,)) for region in regions]
    np.testing.assert_array_equal(together, np.concatenate(apart, axis=1))


def test_a_descriptor_is_that_of_the_region_drawn_and_blurred_by_the_definition():
    gray = picture(shape=(200, 200))
    frame = np.array([[97.3, 104.8, 2.5, 0.9]], np.float32)
    shape = np.array([[1.3, -0.4]], np.float32)
    ours = describe(make_pyramid(gray), frame, shape, regions=(1.0,))
    step = affine.matrices(frame, shape)[0] * (2 * REGION / WIDTH)
    rows, columns = np.mgrid[:SIDE, :SIDE] - SIDE // 2
    x, y = (np.stack([columns, rows], axis=-1) @ step.T + frame[0, :2].astype(float)).T
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = x - i, y - j
    upper = gray[j, i] * (1 - u) + gray[j, i + 1] * u
    lower = gray[j + 1, i] * (1 - u) + gray[j + 1, i + 1] * u
    patch = affine.blurred((upper * (1 - v) + lower * v).T, BLUR, len(KERNEL) // 2)
    np.testing.assert_allclose(unit(ours)[0], affine.sift(patch, width=WIDTH), atol=5e-3)


def test_a_direction_is_found_for_each_peak_in_order_of_features():
    pyramid = make_pyramid(picture())
    frames = np.array([(100, 100, 5, 0), (200, 80, 3, 0), (60, 190, 8, 0)], np.float32)
    rows, angles = find_angles(pyramid, frames, np.tile(np.float32([1, 0]), (3, 1)))
    assert np.all(np.diff(rows) >= 0)
    assert set(rows.tolist()) == {0, 1, 2}
    assert np.all((angles >= 0) & (angles < 2 * np.pi + 1e-6))
