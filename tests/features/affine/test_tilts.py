"""Affine features still match where a surface is turned far away, and circles do not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from oracles.pictures import gray
from relook.core.records import Image
from relook.features import Sift
from relook.features.affine import HarrisAffine, HessianAffine, Mser

SIZE = (560, 420)


def clutter(seed=0):
    """Ellipses and boxes of all sizes upon each other: ``(H, W, 3)`` uint8."""
    rng = np.random.default_rng(seed)
    light = np.full((SIZE[1], SIZE[0]), 128, np.float32)
    for _ in range(700):
        center = tuple(int(v) for v in rng.random(2) * SIZE)
        axes = tuple(int(v) for v in rng.uniform(3, 25, 2))
        level = float(rng.uniform(20, 235))
        if rng.random() < 0.5:
            cv2.ellipse(light, center, axes, rng.uniform(0, 180), 0, 360, level, -1, cv2.LINE_AA)
        else:
            corners = cv2.boxPoints((center, (2 * axes[0], 2 * axes[1]), rng.uniform(0, 180)))
            cv2.fillPoly(light, [np.rint(corners).astype(np.int32)], level, cv2.LINE_AA)
    return gray(cv2.GaussianBlur(light, (0, 0), 0.7))


def tilt(pixels, degrees):
    """The picture squeezed along x as one sees it from the side, without aliasing."""
    factor = np.cos(np.deg2rad(degrees))
    sigma = 0.5 * np.sqrt(1 / factor**2 - 1)
    smooth = cv2.GaussianBlur(pixels, (0, 0), sigmaX=sigma, sigmaY=0.1)
    matrix = np.array([[factor, 0, 0], [0, 1, 0]])
    size = (int(SIZE[0] * factor), SIZE[1])
    return cv2.warpAffine(smooth, matrix, size, flags=cv2.INTER_LINEAR), matrix


def correct(extractor, pixels, degrees):
    """Mutually nearest descriptors that lie where the tilt put them."""
    tilted, matrix = tilt(pixels, degrees)
    first, second = (
        extractor.extract(Image(image, image.shape[1::-1])) for image in (pixels, tilted)
    )
    alike = first.descriptors @ second.descriptors.T
    best = alike.argmax(axis=1)
    mutual = alike.argmax(axis=0)[best] == np.arange(len(first))
    away = first.frames[:, :2] @ matrix[:, :2].T - second.frames[best, :2]
    return int(np.sum(mutual & (np.linalg.norm(away, axis=1) < 3)))


@pytest.mark.parametrize("extractor", [HessianAffine, HarrisAffine, Mser])
def test_more_matches_survive_a_strong_tilt_than_with_upright_circles(extractor):
    pixels = clutter()
    regions = extractor(features=600, orientation="upright")
    circles = Sift(features=600, orientation="upright")
    assert correct(regions, pixels, 70) > 1.5 * correct(circles, pixels, 70)


def test_more_matches_survive_a_strong_tilt_than_with_turned_circles():
    pixels = clutter(1)
    regions, circles = HessianAffine(features=600), Sift(features=600)
    assert correct(regions, pixels, 65) > 2 * correct(circles, pixels, 65)
