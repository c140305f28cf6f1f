"""The parts that copies are told by: fingerprints, alignments, pixels, mirrored codes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from oracles.pictures import texture
from relook.core.records import Image
from relook.encodings import AsmkEncoder, load_codebook
from relook.features import Sift
from relook.mapping.agreement import compare
from relook.mapping.alignment import Alignment, fit, overlap, sample, whole
from relook.mapping.fingerprints import fingerprint, mirror, similar_pairs
from relook.mapping.mirroring import Mirror
from relook.mapping.pictures import Picture


def gray_of(pixels):
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)


def picture_of(gray):
    return Picture(gray, (gray.shape[1], gray.shape[0]), Path("a.png"), 1, 0.0)


def test_the_fingerprint_of_a_mirror_image_is_the_mirrored_fingerprint():
    gray = gray_of(texture((96, 128), seed=1))
    flipped = fingerprint(np.ascontiguousarray(gray[:, ::-1]))
    assert np.allclose(mirror(fingerprint(gray)[None])[0], flipped, atol=1e-4)


def test_fingerprints_survive_scale_light_and_contrast():
    gray = gray_of(texture((96, 128), seed=2))
    other = 0.6 * cv2.resize(gray, (200, 150)) + 20
    assert float(fingerprint(gray) @ fingerprint(other)) > 0.99


def test_a_blank_picture_has_no_fingerprint():
    assert not fingerprint(np.full((50, 50), 7, np.float32)).any()


def test_similar_pairs_come_once_and_best_first():
    rows = np.array([[1, 0], [0.8, 0.6], [0.99, 0.141], [0, 0]], np.float32)
    assert list(similar_pairs(rows, rows, least=0.7, most=5)) == [(0, 2), (0, 1), (1, 2)]
    assert list(similar_pairs(rows, rows, least=0.7, most=1)) == [(0, 2), (1, 2)]


@pytest.mark.parametrize("scale_x", [0.5, -1.7])
def test_a_planted_alignment_is_found_among_wrong_matches(scale_x):
    rng = np.random.default_rng(0)
    points = rng.uniform(0, 500, (60, 2)).astype(np.float32)
    true = Alignment(scale_x, abs(scale_x) * 1.05, 30.0, -12.0)
    others = points * (true.scale_x, true.scale_y) + (true.shift_x, true.shift_y)
    others[:15] += rng.uniform(-200, 200, (15, 2))
    found = fit(points, others.astype(np.float32), longest=500)
    assert found is not None
    assert found.mirrored == (scale_x < 0)
    for name in ("scale_x", "scale_y", "shift_x", "shift_y"):
        assert getattr(found, name) == pytest.approx(getattr(true, name), abs=0.05)


def test_what_is_turned_has_no_alignment():
    points = np.random.default_rng(0).uniform(0, 500, (60, 2))
    turn = np.array([[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]])
    assert fit(points.astype(np.float32), (points @ turn.T).astype(np.float32), longest=500) is None


def test_the_whole_of_a_picture_covers_the_whole_of_another():
    for mirrored in (False, True):
        shared = overlap(whole((300, 200), (90, 70), mirrored=mirrored), (300, 200), (90, 70))
        assert shared is not None
        assert shared.share == pytest.approx(1)
        assert shared.other_share == pytest.approx(1)


def test_pictures_apart_do_not_overlap():
    assert overlap(Alignment(1, 1, 500, 0), (300, 200), (300, 200)) is None


def test_sampling_a_box_shows_its_pixels():
    gray = np.arange(48, dtype=np.float32).reshape(6, 8)
    part = sample(gray, (8, 6), (1.5, 0.5, 5.5, 3.5), (4, 3))
    assert np.allclose(part, gray[1:4, 2:6])
    back = sample(gray, (8, 6), (5.5, 0.5, 1.5, 3.5), (4, 3))
    assert np.allclose(back, gray[1:4, 5:1:-1])


def test_a_part_agrees_with_the_whole_and_another_picture_does_not():
    gray = gray_of(texture((200, 260), seed=4))
    part = picture_of(np.ascontiguousarray(gray[30:150, 40:200]))
    there = compare(part, picture_of(gray), Alignment(1, 1, 40, 30))
    assert there is not None
    assert there.share > 0.99
    assert there.overlap.share == pytest.approx(1)
    elsewhere = compare(part, picture_of(gray), Alignment(1, 1, 10, 5))
    assert elsewhere is not None
    assert elsewhere.share < 0.2


@pytest.mark.parametrize("orientation", ["dominant", "upright"])
def test_mirrored_codes_are_nearly_those_of_the_mirror_image(orientation):
    codebook = load_codebook("sift-16k")
    encoder, sift = AsmkEncoder(codebook), Sift(features=300, orientation=orientation)
    pixels = texture((240, 320), seed=5)

    def codes_of(shown):
        return encoder.encode(sift.extract(Image(np.ascontiguousarray(shown), (320, 240))))

    mirroring = Mirror(codebook, upright=orientation == "upright", aggregated=True, binary=True)
    made, true = mirroring.codes(codes_of(pixels)), codes_of(pixels[:, ::-1])
    places = {tuple(np.round(true.frames[f, :2] / 2).astype(int)): w
              for f, w in zip(true.features, true.words, strict=True)}  # fmt: skip
    same = [
        places[place] == word
        for feature, word in zip(made.features, made.words, strict=True)
        if (place := tuple(np.round(made.frames[feature, :2] / 2).astype(int))) in places
    ]
    assert len(same) > 100
    assert np.mean(same) > 0.2  # of 16,384 words
    assert np.all(np.diff(made.words) >= 0)
