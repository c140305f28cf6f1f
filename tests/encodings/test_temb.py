"""Triangulation embedding and democratic aggregation against their definitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles import encoding
from oracles import temb as oracle
from relook.core.errors import ShapeError, UsageError
from relook.encodings import TriangulationEmbedding, democratic
from relook.encodings.democratic import democratic_weights
from relook.vectors import l2_normalize

WIDTH, WORDS = 8, 3
FULL = (WORDS - 1) * WIDTH


def pictures(count=20, *, first=0):
    return [encoding.descriptors(40, dimension=WIDTH, seed=first + one) for one in range(count)]


def fitted(**options):
    return TriangulationEmbedding.fit(pictures(), words=WORDS, **options)


def rows_of(count=30, *, width=12, seed=0):
    random = np.random.default_rng(seed)
    return l2_normalize(random.normal(size=(count, width)).astype(np.float32))


def parts(encoder):
    return encoder.centers, encoder.whitening.mean, encoder.whitening.matrix


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kept", [FULL, 5])
def test_it_is_the_weighted_sum_of_whitened_directions(weighted, kept):
    encoder = fitted(democratic=weighted, dimensions=kept)
    assert encoder.dimensions == kept
    for rows in pictures(3, first=50):
        wanted = oracle.temb(rows, *parts(encoder), kept=kept, weighted=weighted)
        np.testing.assert_allclose(encoder.encode_descriptors(rows), wanted, atol=5e-5)


def test_the_whitening_is_that_of_embedded_descriptors_without_the_strongest():
    few = pictures(14)  # so that all of them are looked at
    encoder = TriangulationEmbedding.fit(few, words=WORDS, rotate=False)
    rows = np.concatenate(few)
    mean, matrix = oracle.whitening(rows, encoder.centers, dropped=WIDTH)
    np.testing.assert_allclose(encoder.whitening.mean, mean, atol=1e-5)
    assert encoder.whitening.dimensions == FULL
    ours = encoder.whitening.matrix
    signs = np.sign((ours * matrix).sum(1))[:, None]
    apart = np.linalg.norm(ours * signs - matrix, axis=1)
    assert np.all(apart < 1e-3 * np.linalg.norm(matrix, axis=1))


def test_rotation_changes_no_similarity_before_the_power_law():
    images = [rows_of(40, width=WIDTH, seed=seed) for seed in range(30)]
    plain, turned = (
        TriangulationEmbedding.fit(images, words=WORDS, rotate=rotate, power=1.0)
        for rotate in (False, True)
    )
    vectors = [one.encode_images(images) for one in (plain, turned)]
    products = [rows @ rows.T for rows in vectors]
    np.testing.assert_allclose(products[0], products[1], atol=1e-3)
    assert np.abs(vectors[0] - vectors[1]).max() > 0.2


def test_rotated_vectors_are_uncorrelated_and_the_first_component_varies_most():
    encoder = fitted(power=1.0)
    spread = np.cov(encoder.encode_images(pictures()).T)
    variances = np.diag(spread)
    assert variances[0] == variances.max()
    assert variances[:4].mean() > 2 * variances[-4:].mean()
    off = spread - np.diag(variances)
    assert np.abs(off).max() < 0.05 * variances[0]


def test_keeping_fewer_dimensions_is_cutting_off_the_last():
    whole, part = fitted(), fitted(dimensions=5)
    for rows in pictures(3, first=50):
        cut = whole.encode_descriptors(rows)[:5]
        np.testing.assert_allclose(
            part.encode_descriptors(rows), cut / np.linalg.norm(cut), atol=1e-5
        )


def test_a_descriptor_that_is_a_word_has_no_direction_from_it():
    encoder = fitted()
    found = encoder.encode_descriptors(encoder.centers[:1])
    wanted = oracle.temb(encoder.centers[:1], *parts(encoder), kept=FULL)
    np.testing.assert_allclose(found, wanted, atol=1e-4)


def test_democratic_weights_are_those_of_the_algorithm():
    for iterations in (1, 3, 10):
        wanted = oracle.democratic(rows_of().astype(np.float64), iterations=iterations)
        found = democratic_weights(rows_of(), iterations=iterations)
        np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_every_descriptor_has_the_same_say():
    rows = rows_of(50)
    weights = democratic_weights(rows, iterations=40)
    says = weights * (np.maximum(rows @ rows.T, 0) @ weights)
    np.testing.assert_allclose(says, 1, atol=1e-3)
    assert weights.min() > 0


def test_a_burst_of_equal_descriptors_counts_as_the_root_of_their_number():
    rows = np.eye(10, dtype=np.float32)
    burst = np.concatenate([np.repeat(rows[:1], 49, axis=0), rows[1:]])
    np.testing.assert_allclose(democratic_weights(burst)[:49].sum(), 7, rtol=1e-5)
    np.testing.assert_allclose(democratic_weights(burst)[49:], 1, rtol=1e-5)


def test_many_descriptors_are_weighed_in_parts(monkeypatch):
    wanted = democratic_weights(rows_of(50))
    monkeypatch.setattr(democratic, "BLOCK", 7)
    np.testing.assert_allclose(democratic_weights(rows_of(50)), wanted, rtol=1e-5)
    monkeypatch.setattr(democratic, "KEPT", 20)
    np.testing.assert_allclose(democratic_weights(rows_of(50)), wanted, rtol=1e-5)


def test_zero_rows_and_no_rows_have_no_weight():
    rows = np.concatenate([rows_of(5), np.zeros((2, 12), np.float32)])
    weights = democratic_weights(rows)
    assert not weights[5:].any()
    assert np.isfinite(weights).all()
    assert democratic_weights(rows[:0]).shape == (0,)


def test_every_option_changes_the_hash():
    base = fitted()
    changed = [
        {"power": 0.4},
        {"democratic": False},
        {"kept": 4},
        {"whitening": fitted(rotate=False).whitening},
    ]
    assert len({base.sha256, *(replace(base, **change).sha256 for change in changed)}) == 5


def test_bad_options_are_refused():
    with pytest.raises(UsageError, match=f"1 to {FULL}"):
        fitted(dimensions=FULL + 1)
    with pytest.raises(UsageError, match="left out"):
        fitted(dropped=WORDS * WIDTH)
    with pytest.raises(UsageError, match="more words"):
        TriangulationEmbedding.fit(pictures(), words=1)
    with pytest.raises(UsageError, match="power"):
        fitted(power=0)
    with pytest.raises(ShapeError, match="whitening is for"):
        replace(fitted(), centers=np.zeros((2, WIDTH), np.float32))
