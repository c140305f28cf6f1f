"""Several vocabularies, reduced together: against the definition, and where it could go wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracles import encoding
from oracles import joint as oracle
from relook.core.errors import ShapeError, UsageError
from relook.core.records import LocalFeatures
from relook.encodings import JointReduction
from relook.encodings.aggregating import unit
from relook.encodings.compact_projection import CompactProjection
from relook.encodings.vector_encoders import ASSETS, load_vector_encoder
from relook.encodings.vocabularies import (
    POWERS,
    Vocabulary,
    bundle,
    measurement_regions,
    pca_sifts,
    root_sifts,
    seeds,
    sift_power,
)
from relook.features import root_sift
from relook.vectors import Pca, PcaWhitening, Projection

WIDTH = 32


def sifts(count, *, seed=0, width=WIDTH):
    return root_sift(encoding.descriptors(count, dimension=width, seed=seed))


def pictures(count=30):
    return [sifts(40, seed=number) for number in range(count)]


@pytest.fixture(scope="module")
def whole():
    return JointReduction.fit(pictures(), vocabularies=root_sifts((24, 12)), dimensions=None)


def vocabularies(joint):
    stops = np.cumsum(joint.sizes)
    centers = np.split(joint.words.matrix, stops[:-1])
    return list(zip(centers, joint.powers, strict=True))


def test_joined_histograms_are_as_defined(whole):
    rows = sifts(50, seed=77)
    expected = oracle.joined(rows, vocabularies(whole))
    np.testing.assert_allclose(whole.encode_descriptors(rows), expected, atol=1e-6)


def test_joined_residuals_are_as_defined():
    joint = JointReduction.fit(
        pictures(), vocabularies=root_sifts(6), residuals=True, dimensions=None
    )
    rows = sifts(50, seed=77)
    expected = oracle.joined(rows, vocabularies(joint), count=oracle.residuals)
    np.testing.assert_allclose(joint.encode_descriptors(rows), expected, atol=1e-5)


def test_the_whole_chain_is_as_defined(whole):
    joint = whole.reduced(pictures(), dimensions=10, t=1.0)
    known = vocabularies(whole)
    trained = np.array([oracle.joined(rows, known) for rows in pictures()])
    mean, axes = oracle.pca_whitening(trained, 10)
    for seed in (77, 78):
        rows = sifts(50, seed=seed)
        expected = oracle.unit(axes @ (oracle.joined(rows, known) - mean))
        got = joint.encode_descriptors(rows)
        signs = np.sign((joint.reduction.matrix * axes).sum(axis=1))
        np.testing.assert_allclose(got * signs, expected, atol=0.03)  # rounded to bytes
        assert got @ (expected * signs) > 0.999


def test_the_dual_gram_matrix_gives_the_eigenvectors_of_the_covariance(whole):
    vectors = whole.encode_images(pictures())
    assert len(vectors) < vectors.shape[1]
    dual = PcaWhitening(10, solver="gram").fit(vectors)
    mean, axes = oracle.pca_whitening(vectors.astype(np.float64), 10)
    signs = np.sign((dual.projection_ * axes).sum(axis=1))[:, None]
    np.testing.assert_allclose(dual.mean_, mean, atol=1e-6)
    np.testing.assert_allclose(dual.projection_ * signs, axes, rtol=1e-3, atol=1e-3)


def test_arnoldi_finds_what_the_dense_solver_finds(whole):
    vectors = whole.encode_images(pictures())
    dense, iterated = (
        PcaWhitening(6, solver="gram", iterative=one).fit(vectors) for one in (False, True)
    )
    np.testing.assert_allclose(iterated.projection_, dense.projection_, atol=1e-3)


def test_vocabularies_weigh_by_the_logarithm_of_their_size(whole):
    vector = whole.encode_descriptors(sifts(50, seed=77))
    parts = np.split(vector, np.cumsum(whole.sizes)[:-1])
    lengths = np.array([np.linalg.norm(part) for part in parts])
    np.testing.assert_allclose(lengths / lengths[0], np.log(whole.sizes) / np.log(24), atol=1e-5)


def test_counts_are_damped_by_the_square_root():
    words = CompactProjection.of(np.zeros(2), np.eye(2))
    joint = JointReduction(words=words, sizes=(2,), powers=(0.5,), regions=(0,))
    rows = np.array([[1, 0]] * 9 + [[0, 1]] * 4, np.float32)
    np.testing.assert_allclose(joint.encode_descriptors(rows), [3, 2] / np.sqrt(13), atol=1e-6)


def test_descriptors_of_zeros_count_for_nothing(whole):
    rows = sifts(20, seed=5)
    blank = np.zeros((7, WIDTH), np.float32)
    np.testing.assert_array_equal(
        whole.encode_descriptors(np.concatenate([blank, rows])), whole.encode_descriptors(rows)
    )
    assert not whole.encode_descriptors(blank).any()


def test_constant_descriptors_have_one_word_per_vocabulary(whole):
    rows = np.repeat(sifts(1, seed=3), 30, axis=0)
    vector = whole.encode_descriptors(rows)
    assert np.count_nonzero(vector) == len(whole.sizes)
    np.testing.assert_array_equal(vector, whole.encode_descriptors(rows[:1]))


def test_powers_of_sift_are_those_of_the_extractor():
    raw = encoding.descriptors(20)
    for power in POWERS:
        np.testing.assert_allclose(
            sift_power(root_sift(raw), power), root_sift(raw, beta=power), atol=1e-5
        )


def test_each_measurement_region_has_its_own_vocabulary():
    images = [np.concatenate([sifts(30, seed=n), sifts(30, seed=900 + n)], 1) for n in range(20)]
    joint = JointReduction.fit(
        images, vocabularies=measurement_regions(12, regions=2), blocks=2, dimensions=None
    )
    assert joint.descriptor_dimensions == 2 * WIDTH
    both = joint.encode_descriptors(images[0])
    changed = images[0].copy()
    changed[:, WIDTH:] = sifts(30, seed=1234)
    other = joint.encode_descriptors(changed)
    np.testing.assert_array_equal(both[:12], other[:12])
    assert not np.array_equal(both[12:], other[12:])


def test_words_of_pca_sift_are_nearest_along_its_axes_only():
    rows = np.concatenate(pictures())
    pca = Pca(8, normalize=False).fit(rows).as_projection()
    plan = Vocabulary(words=20, projection=pca)
    carried = plan.learn(rows, seed=0)
    short = (rows - pca.mean) @ pca.matrix.T
    centers = (carried - pca.mean) @ pca.matrix.T
    np.testing.assert_array_equal(
        encoding.nearest_words(rows, carried), encoding.nearest_words(short, centers)
    )


def test_pairs_make_what_they_share_count():
    images = pictures(40)
    rng = np.random.default_rng(0)
    seen = [rows[rng.permutation(40)[:30]] for rows in images]
    pairs = np.stack([np.arange(40), 40 + np.arange(40)], 1)
    options = {"vocabularies": root_sifts((24, 12)), "dimensions": 12}
    learned = JointReduction.fit([*images, *seen], pairs=pairs, **options)
    plain = JointReduction.fit([*images, *seen], **options)

    def margin(joint):
        vectors = joint.encode_images([*images, *seen])
        similar = vectors[:40] @ vectors[40:].T
        return np.diag(similar).mean() - similar.mean()

    assert learned.fitted["pairs"] == 40
    assert margin(learned) > margin(plain)


def test_bundles_halve_and_builders_name_what_differs():
    assert bundle(2048) == (2048, 1024, 512, 256, 128)
    assert [(one.words, one.power) for one in root_sifts((4, 2), powers=(1.0, 0.5))] == [
        (4, 1.0), (2, 1.0), (4, 0.5), (2, 0.5),
    ]  # fmt: skip
    assert [one.words for one in seeds((4, 2), count=2)] == [4, 2, 4, 2]
    pca = Projection(np.zeros(4), np.eye(4)[:2])
    assert [one.projection for one in pca_sifts(3, [pca])] == [None, pca]


def test_other_vocabularies_of_the_same_size_differ_by_their_seeds():
    joint = JointReduction.fit(pictures(), vocabularies=seeds(12, count=2), dimensions=None)
    first, second = np.split(joint.words.matrix, 2)
    assert not np.allclose(first, second)


def test_wrong_use_is_said():
    for wrong in ({"words": 1}, {"words": 4, "power": 0.0}, {"words": 4, "region": -1}):
        with pytest.raises(UsageError):
            Vocabulary(**wrong)
    with pytest.raises(UsageError, match="without whitening"):
        Vocabulary(words=4, projection=Projection(np.zeros(4), 3 * np.eye(4)))
    with pytest.raises(UsageError):
        bundle(64)
    with pytest.raises(UsageError, match="regions"):
        JointReduction.fit(pictures(), vocabularies=measurement_regions(4, regions=2))
    with pytest.raises(UsageError, match="vocabulary"):
        JointReduction.fit(pictures(), vocabularies=[])
    with pytest.raises(ShapeError, match="3 regions"):
        JointReduction.fit(pictures(), vocabularies=seeds(4), blocks=3)
    with pytest.raises(UsageError, match="support"):
        JointReduction.fit(pictures(), vocabularies=seeds(4), dimensions=100)


def test_parts_that_do_not_fit_are_refused(whole):
    words = whole.words
    for wrong in (
        {"sizes": (3,), "powers": (0.5,), "regions": (0,)},
        {"sizes": (words.dimensions,), "powers": (0.5, 1.0), "regions": (0,)},
        {"sizes": (words.dimensions,), "powers": (0.5,), "regions": (1,)},
    ):
        with pytest.raises(ShapeError):
            JointReduction(words=words, **wrong)


def placed(rows, points, *, scale=5.0):
    frames = np.zeros((len(rows), 4), np.float32)
    frames[:, :2], frames[:, 2] = points, scale
    return LocalFeatures(frames, rows, np.ones(len(rows), np.float32), (640, 480))


def test_focus_weighs_features_by_a_gaussian_around_the_middle(whole):
    rows = sifts(3)
    joint = replace(whole, focus=0.5)
    middle, edge, corner = joint.weights(
        placed(rows, [(319.5, 239.5), (639.5, 239.5), (639.5, 479.5)])
    )
    assert middle == pytest.approx(1)
    assert edge == pytest.approx(np.exp(-2))
    assert corner == pytest.approx(np.exp(-4))


def test_coarseness_weighs_features_by_a_power_of_their_scale(whole):
    joint = replace(whole, coarseness=0.25)
    fine, coarse = (
        joint.weights(placed(sifts(1), [(0, 0)], scale=scale))[0] for scale in (1.0, 16.0)
    )
    assert coarse / fine == pytest.approx(2)


def test_weights_count_as_so_many_features(whole):
    rows = sifts(12, seed=9)
    weights = np.tile(np.array([1, 2, 3], np.float32), 4)
    repeated = np.repeat(rows, weights.astype(int), axis=0)
    for joint in (whole, replace_residuals(whole)):
        np.testing.assert_allclose(
            unit(joint.aggregate(rows, weights)), joint.encode_descriptors(repeated), atol=1e-5
        )


def replace_residuals(joint):
    return replace(joint, residuals=True)


def test_without_focus_and_coarseness_features_are_worth_their_descriptors(whole):
    rows = sifts(12, seed=9)
    there = placed(rows, np.random.default_rng(0).random((12, 2)) * 400)
    np.testing.assert_array_equal(whole.encode(there), whole.encode_descriptors(rows))


def test_weights_go_with_their_descriptors_where_some_are_zeros(whole):
    rows = sifts(6, seed=9)
    points = np.random.default_rng(0).random((6, 2)) * 400
    joint = replace(whole, focus=0.5)
    expected = joint.encode(placed(rows, points))
    padded = np.concatenate([np.zeros((2, WIDTH), np.float32), rows])
    with_zeros = placed(padded, np.concatenate([[(1, 1), (2, 2)], points]))
    np.testing.assert_allclose(joint.encode(with_zeros), expected, atol=1e-6)


def test_focus_and_coarseness_out_of_range_are_refused(whole):
    for wrong in ({"focus": -1.0}, {"focus": np.nan}, {"coarseness": 3.0}):
        with pytest.raises(UsageError, match="focus"):
            replace(whole, **wrong)


def test_what_is_kept_is_told_of_the_file(whole, tmp_path):
    joint = replace(replace_residuals(whole), focus=0.5, coarseness=0.25)
    joint.save(tmp_path / "j.safetensors")
    back = JointReduction.load(tmp_path / "j.safetensors")
    assert (back.focus, back.coarseness, back.residuals) == (0.5, 0.25, True)
    assert back.sizes == whole.sizes
    assert back.sha256 == joint.sha256 != whole.sha256


def test_the_shipped_reduction_makes_512_bytes_of_any_picture():
    joint = load_vector_encoder("mrootsift-128")
    assert isinstance(joint, JointReduction)
    assert set(joint.powers) == set(POWERS)
    vector = joint.encode(encoding.features(300))
    assert vector.nbytes == 512
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    assert "minibench" not in str(joint.fitted)
    assert (ASSETS / "mrootsift-128.safetensors").stat().st_size < 4_500_000
