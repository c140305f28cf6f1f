"""VLAD against its definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles import encoding
from oracles import vlad as oracle
from relook.core.errors import FormatError, ShapeError, UsageError
from relook.encodings import Vlad
from relook.encodings.compact_projection import CompactProjection

WIDTH = 16


def pictures(count=20, *, first=0):
    return [encoding.descriptors(40, dimension=WIDTH, seed=first + one) for one in range(count)]


def centers(words=5):
    return encoding.descriptors(words, dimension=WIDTH, seed=77)


@pytest.mark.parametrize("power", [1.0, 0.5, 0.2])
@pytest.mark.parametrize("intra", [False, True])
@pytest.mark.parametrize("unit_residuals", [False, True])
def test_it_is_the_normalized_sum_of_residuals_by_word(power, intra, unit_residuals):
    options = {"power": power, "intra": intra, "unit_residuals": unit_residuals}
    encoder = Vlad(centers(), **options)
    for rows in pictures(4):
        wanted = oracle.vlad(rows, centers(), **options)
        np.testing.assert_allclose(encoder.encode_descriptors(rows), wanted, atol=1e-5)


def test_the_words_are_those_of_k_means_on_the_reduced_descriptors():
    images = pictures()
    encoder = Vlad.fit(images, words=5, local_dimensions=8)
    assert encoder.centers.shape == (5, 8)
    rows = np.concatenate(images)
    local = encoder.local
    inner = (rows - local.mean) @ (local.codes * local.steps[:, None]).T
    own = encoding.nearest_words(inner, encoder.centers)[:, 0]
    for word in range(5):  # k-means has settled: each word is the mean of what is nearest to it
        near = inner[own == word].mean(0)
        np.testing.assert_allclose(encoder.centers[word], near, atol=0.03)


def test_reduction_projects_the_whole_vector_to_principal_components():
    images = pictures(30)
    encoder = Vlad.fit(images, words=4, dimensions=6)
    whole = replace(encoder, reduction=None)
    for rows in images[:3]:
        wanted = oracle.reduce(oracle.vlad(rows, encoder.centers), encoder.reduction)
        np.testing.assert_allclose(encoder.encode_descriptors(rows), wanted, atol=1e-5)
    vectors = whole.encode_images(images).astype(np.float64)
    values = np.linalg.eigvalsh(np.cov(vectors.T, bias=True))[::-1][:6]
    exact = encoder.reduction.apply(vectors.astype(np.float32))
    np.testing.assert_allclose(exact.var(axis=0), values, rtol=0.02)


def test_whitening_evens_out_the_components():
    images = pictures(60)
    plain, white = (Vlad.fit(images, words=4, dimensions=5, t=t).reduction for t in (0.0, 1.0))
    vectors = Vlad.fit(images, words=4).encode_images(images)
    spreads = plain.apply(vectors).std(axis=0)
    assert spreads[0] > 1.2 * spreads[-1]
    np.testing.assert_allclose(white.apply(vectors).std(axis=0), 1, rtol=0.02)


def test_more_dimensions_than_images_are_refused():
    with pytest.raises(UsageError, match="support 9 dimensions, not 20"):
        Vlad.fit(pictures(10), words=4, dimensions=20)


def test_rounding_the_reduction_to_bytes_hardly_turns_a_vector():
    images = pictures(60)
    encoder = Vlad.fit(images, words=4, dimensions=20)
    assert encoder.reduction.codes.dtype == np.int8
    assert np.abs(encoder.reduction.codes).max(axis=1).tolist() == [127] * 20
    orthonormal = encoder.reduction.matrix @ encoder.reduction.matrix.T
    np.testing.assert_allclose(orthonormal, np.eye(20), atol=0.02)


@pytest.mark.parametrize("width", [9, 10])
@pytest.mark.parametrize(("bits", "error"), [(4, 0.1), (8, 0.006), (16, 3e-5)])
def test_a_projection_is_rounded_once_and_comes_back_from_its_arrays(bits, error, width):
    random = np.random.default_rng(bits)
    matrix = random.uniform(-1, 1, (6, width)) * np.geomspace(0.01, 100, 6)[:, None]
    made = CompactProjection.of(random.normal(size=width), matrix, bits=bits)
    apart = np.abs(made.matrix - matrix).max(axis=1)
    assert np.all(apart <= error * np.abs(matrix).max(axis=1))
    assert made.arrays[("nibbles" if bits == 4 else "codes")].nbytes == 6 * -(-width * bits // 8)
    back = CompactProjection.of_arrays(made.arrays)
    assert back.bits == bits
    np.testing.assert_array_equal(back.codes, made.codes)
    np.testing.assert_array_equal(back.matrix, made.matrix)


def test_other_roundings_are_refused():
    with pytest.raises(UsageError, match="4, 8, 16, not 5"):
        Vlad.fit(pictures(), words=4, dimensions=5, bits=5)


def test_an_adapted_vocabulary_keeps_who_is_nearest_and_moves_what_is_subtracted():
    encoder = Vlad(centers(), power=1.0)
    others = [rows[:, ::-1].copy() for rows in pictures(10, first=300)]
    adapted = encoder.adapted(others)
    rows = np.concatenate(others)
    own = encoding.nearest_words(rows, centers())[:, 0]
    means = centers().astype(np.float64)
    for word in np.unique(own):
        means[word] = rows[own == word].astype(np.float64).mean(0)
    np.testing.assert_array_equal(adapted.centers, encoder.centers)
    np.testing.assert_allclose(adapted.origins, means, atol=1e-6)
    wanted = oracle.vlad(others[0], centers(), origins=means, power=1.0)
    np.testing.assert_allclose(adapted.encode_descriptors(others[0]), wanted, atol=1e-5)
    assert encoder.origins is None
    assert adapted.sha256 != encoder.sha256


def test_a_word_that_nothing_is_assigned_to_keeps_its_center():
    far = np.concatenate([centers(), np.full((1, WIDTH), 9, np.float32)])
    adapted = Vlad(far).adapted(pictures(2))
    np.testing.assert_array_equal(adapted.origins[-1], far[-1])
    part = adapted.encode_descriptors(pictures(1)[0])[-WIDTH:]
    assert not part.any()


def test_an_adapted_encoder_can_be_saved(tmp_path):
    adapted = Vlad.fit(pictures(), words=4).adapted(pictures(first=50))
    adapted.save(tmp_path / "v.safetensors")
    back = Vlad.load(tmp_path / "v.safetensors")
    assert back.sha256 == adapted.sha256
    assert back.fitted["adapted_to_images"] == 20


def test_every_option_changes_the_hash():
    base = Vlad(centers())
    changes = [{"power": 0.4}, {"intra": True}, {"unit_residuals": True}, {"origins": centers(5)}]
    hashes = {base.sha256, *(replace(base, **change).sha256 for change in changes)}
    assert len(hashes) == 5
    assert replace(base, fitted={"on": "other words"}).sha256 == base.sha256


def test_a_descriptor_of_zeros_counts_for_nothing():
    rows = pictures(1)[0]
    more = np.concatenate([rows[:3], np.zeros((5, WIDTH), np.float32), rows[3:]])
    encoder = Vlad.fit(pictures(), words=4, local_dimensions=8)
    np.testing.assert_array_equal(
        encoder.encode_descriptors(more), encoder.encode_descriptors(rows)
    )
    assert not encoder.encode_descriptors(np.zeros((4, WIDTH), np.float32)).any()


def test_half_precision_descriptors_can_be_fitted_on():
    halves = [rows.astype(np.float16) for rows in pictures()]
    same = [rows.astype(np.float32) for rows in halves]
    fits = [Vlad.fit(images, words=4, dimensions=6).sha256 for images in (halves, same)]
    assert fits[0] == fits[1]


def test_options_that_cannot_be_are_refused():
    for bad in (0.0, -1.0, 1.5, np.nan):
        with pytest.raises(UsageError, match="power"):
            Vlad(centers(), power=bad)
    with pytest.raises(UsageError, match="words"):
        Vlad.fit(pictures(), words=0)
    with pytest.raises(ShapeError, match="origins"):
        Vlad(centers(), origins=centers(4))
    with pytest.raises(ShapeError, match="at least one word"):
        Vlad(np.zeros((0, 4), np.float32))
    with pytest.raises(ShapeError, match="reduction is for"):
        Vlad(centers(), reduction=Vlad.fit(pictures(), words=4, dimensions=3).reduction)


def test_a_file_of_another_encoder_is_named(tmp_path):
    path = tmp_path / "w.safetensors"
    encoding.codebook(dimension=16).save(path)
    with pytest.raises(FormatError, match=r"holds codebook, not relook\.vlad"):
        Vlad.load(path)
