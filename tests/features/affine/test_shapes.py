"""Blobs of a known ellipse are found where they are, as large and as long as they are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from oracles import affine
from oracles.pictures import gray, texture
from relook.core.records import Box, Image
from relook.features.affine import HarrisAffine, HessianAffine, Mser
from relook.images import crop, resize

CENTERS = np.array([(70, 60), (210, 90), (330, 200), (90, 210), (220, 230)], float)
ELLIPSES = [(4.0, 1.0, 0.0), (6.0, 1.5, 0.3), (8.0, 2.0, 0.8), (7.0, 3.0, 2.0), (6.0, 2.5, 1.2)]
"""Mean axis, ratio of the axes, and angle of the longer one."""


def whole(pixels):
    return Image(pixels, (pixels.shape[1], pixels.shape[0]))


def row_near(found, point):
    return np.linalg.norm(found.frames[:, :2] - point, axis=1).argmin()


def distance(left, right):
    """How far two ellipses are from each other: log of the largest stretch of one to the other."""
    values = np.linalg.eigvals(np.linalg.solve(left, right)).real
    return 0.5 * np.abs(np.log(values)).max()


def blob(number, factor=1.0):
    spread, ratio, angle = ELLIPSES[number]
    return affine.covariance(factor * spread, ratio, angle)


@pytest.mark.parametrize("orientation", ["dominant", "upright"])
def test_hessian_affine_gives_a_gaussian_blob_its_covariance(orientation):
    pixels = affine.blobs((300, 400), CENTERS, [blob(i) for i in range(5)])
    found = HessianAffine(orientation=orientation).extract(whole(pixels))
    regions = affine.ellipses(found.frames, found.shapes)
    for number, center in enumerate(CENTERS):
        row = row_near(found, center)
        scale = ELLIPSES[number][0]
        assert found.frames[row, :2] == pytest.approx(center, abs=0.1 * scale)
        assert found.frames[row, 2] == pytest.approx(scale, rel=0.06)
        # Pixels and their blur are round, so that narrow regions come out a little rounder.
        assert distance(regions[row], blob(number)) < 0.04 + 0.05 * (ELLIPSES[number][1] - 1)


def test_positions_scales_and_shapes_are_of_the_original_after_resizing_and_cropping():
    centers = 3 * CENTERS + 1
    pixels = affine.blobs((900, 1200), centers, [blob(i, 3.0) for i in range(5)])
    small = resize(whole(pixels), longest=500)
    for image in (small, crop(small, Box(150, 450, 300, 450))):
        found = HessianAffine(orientation="upright").extract(image)
        regions = affine.ellipses(found.frames, found.shapes)
        assert found.size == (1200, 900)
        row = row_near(found, centers[3])
        assert found.frames[row, :2] == pytest.approx(centers[3], abs=2.5)
        assert distance(regions[row], blob(3, 3.0)) < 0.2


def test_scale_is_the_mean_of_both_factors_when_they_differ():
    pixels = affine.blobs((300, 400), CENTERS, [blob(i) for i in range(5)])
    plain = HessianAffine().extract(whole(pixels))
    wide = HessianAffine().extract(Image(pixels, (1600, 300), scale=(0.25, 1.0)))
    np.testing.assert_allclose(wide.frames[:, 2], 2 * plain.frames[:, 2], rtol=1e-6)


def domes(shape, centers, covariances):
    """Ellipses of light of these second moments, brighter in the middle, their borders soft."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    light = np.full(shape, 40.0)
    for center, spread in zip(centers, covariances, strict=True):
        away = np.stack([x - center[0], y - center[1]], axis=-1)
        radius = np.sqrt(np.sum(away @ np.linalg.inv(spread) * away, axis=-1))
        light[radius < 2] = 200 - 20 * radius[radius < 2]
    return gray(cv2.GaussianBlur(light, (0, 0), 1.0))


def test_a_stable_region_has_the_moments_of_its_pixels():
    pixels = domes((300, 400), CENTERS, [blob(i) for i in range(5)])
    found = Mser(orientation="upright").extract(whole(pixels))
    regions = affine.ellipses(found.frames, found.shapes)
    for number, center in enumerate(CENTERS):
        row = row_near(found, center)
        assert found.frames[row, :2] == pytest.approx(center, abs=0.1)
        assert distance(regions[row], 2 * blob(number)) < 0.1
        assert found.responses[row] == pytest.approx(120 / 255, abs=0.05)


def test_harris_affine_finds_corners_not_edges():
    light = np.full((200, 240, 3), 60, np.uint8)
    light[60:140, 70:170] = 190
    corners = np.array([(69.5, 59.5), (169.5, 59.5), (69.5, 139.5), (169.5, 139.5)])
    found = HarrisAffine(orientation="upright").extract(whole(light))
    away = np.linalg.norm(found.frames[:, None, :2] - corners, axis=2)
    assert away.min(axis=0).max() < 3
    assert np.all(away.min(axis=1) < 2.5 * found.frames[:, 2] + 2)


@pytest.mark.parametrize("extractor", [HessianAffine, HarrisAffine, Mser])
def test_no_region_is_longer_than_six_times_its_width(extractor):
    stretched = np.repeat(texture((200, 60)), 5, axis=1)
    found = extractor().extract(whole(stretched))
    values = np.linalg.eigvalsh(affine.ellipses(found.frames, found.shapes))
    ratios = np.sqrt(values[:, 1] / values[:, 0])
    assert 4 < ratios.max() < 6.01
