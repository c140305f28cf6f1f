"""Projected descriptors: what they are, what they are learned on, how they are kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles.pictures import texture
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.core.records import Image
from relook.features import PcaSift, Sift, make_features
from relook.vectors import Pca


def whole(pixels):
    return Image(pixels, (pixels.shape[1], pixels.shape[0]))


@pytest.fixture(scope="module")
def images():
    sift = make_features("sift", features=400)
    return [sift.extract(whole(texture((240, 240), seed=s))).descriptors for s in range(3)]


@pytest.fixture(scope="module")
def picture():
    return whole(texture((200, 260), seed=7))


@pytest.mark.parametrize("dimensions", [80, 64, 48, 32])
def test_descriptors_are_centered_projected_on_eigenvectors_and_normalized(
    images, picture, dimensions
):
    made = PcaSift.fit(images, dimensions=dimensions, fitted="textures")
    rows = np.concatenate(images).astype(float)
    _, vectors = np.linalg.eigh(np.cov(rows.T, bias=True))
    plain = Sift().extract(picture)
    expected = (plain.descriptors - rows.mean(0)) @ vectors[:, ::-1][:, :dimensions]
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = made.extract(picture)
    assert found.descriptors.shape == (len(plain), dimensions)
    signs = np.sign(np.sum(found.descriptors * expected, axis=0))
    np.testing.assert_allclose(found.descriptors, expected * signs, atol=2e-3)
    np.testing.assert_array_equal(found.frames, plain.frames)
    np.testing.assert_array_equal(found.responses, plain.responses)


def test_it_is_the_pca_of_the_vectors_room(images):
    made = PcaSift.fit(images, dimensions=16, fitted="textures")
    assert made.sha256 == Pca(16).fit(np.concatenate(images)).sha256


def test_nearness_is_mostly_kept(images, picture):
    plain = Sift().extract(picture).descriptors
    short = PcaSift.fit(images, dimensions=64, fitted="textures").extract(picture).descriptors
    centered = plain - plain.mean(0)
    centered /= np.linalg.norm(centered, axis=1, keepdims=True)
    pairs = np.triu_indices(len(plain), 1)
    agreement = np.corrcoef((centered @ centered.T)[pairs], (short @ short.T)[pairs])[0, 1]
    assert agreement > 0.9


def test_a_saved_projection_comes_back_with_the_set_that_it_was_learned_on(
    images, picture, tmp_path
):
    path = tmp_path / "pca.safetensors"
    upright = make_features("sift", orientation="upright", features=200)
    made = PcaSift.fit(images, dimensions=32, fitted="three textures", extractor=upright)
    made.save(path)
    back = PcaSift.load(path, extractor=upright)
    assert back.sha256 == made.sha256
    assert back.fitted == "three textures"
    assert back.projection.method.startswith("Pca(dimensions=32")
    assert back.features == 200
    np.testing.assert_array_equal(
        back.extract(picture).descriptors, made.extract(picture).descriptors
    )
    made.save(path, half=True)
    rough = PcaSift.load(path, extractor=upright).extract(picture).descriptors
    np.testing.assert_allclose(rough, made.extract(picture).descriptors, atol=3e-3)


def test_any_extractor_can_be_wrapped(picture):
    orb = make_features("orb", features=300)
    rows = [orb.extract(whole(texture((240, 240), seed=1))).descriptors]
    made = PcaSift.fit(rows, dimensions=64, fitted="a texture", extractor=orb)
    assert made.extract(picture).descriptors.shape[1] == 64


def test_the_number_of_features_is_that_of_the_extractor_and_can_be_changed(images):
    made = PcaSift.fit(images, fitted="textures", extractor=Sift(features=50))
    assert made.features == 50
    more = replace(made, features=120)
    assert more.features == more.extractor.features == 120
    assert made.extractor.features == 50


def test_an_extractor_without_a_number_of_features_keeps_what_it_has(images, picture):
    class Fixed:
        def extract(self, image):
            return Sift(features=20).extract(image)

    made = PcaSift.fit(images, dimensions=8, fitted="textures", extractor=Fixed())
    assert made.features is None
    assert len(made.extract(picture)) == 20
    with pytest.raises(UsageError, match="Fixed has no number of features"):
        replace(made, features=10)


def test_what_cannot_be_learned_is_said(images):
    with pytest.raises(UsageError, match="what set"):
        PcaSift.fit(images, fitted=" ")
    with pytest.raises(UsageError, match="bring at least 2"):
        PcaSift.fit([], fitted="nothing")
    with pytest.raises(UsageError, match="support"):
        PcaSift.fit([images[0][:20]], dimensions=80, fitted="too few")
    with pytest.raises(UsageError, match="all vectors are equal"):
        PcaSift.fit([np.ones((200, 128), np.float32)], dimensions=8, fitted="constant")
    broken = images[0].copy()
    broken[0, 0] = np.nan
    with pytest.raises(ShapeError, match="not finite"):
        PcaSift.fit([broken], fitted="broken")
    with pytest.raises(ShapeError):
        PcaSift.fit([images[0], np.zeros((3, 64), np.float32)], fitted="mixed")


def test_descriptors_of_another_length_are_refused(images, picture):
    made = PcaSift.fit(images, dimensions=8, fitted="textures")
    with pytest.raises(ShapeError, match="have 256 dimensions"):
        replace(made, extractor=make_features("orb"), features=None).extract(picture)


def test_another_file_is_no_projection(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(FormatError):
        PcaSift.load(tmp_path / "x.safetensors")
