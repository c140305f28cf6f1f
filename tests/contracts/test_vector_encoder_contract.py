"""What every encoder of features into one vector does. A new one joins with a line in FITS."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import numpy as np
import pytest

from oracles import encoding
from relook.core.errors import FormatError, RelookError, ShapeError, UsageError
from relook.core.records import LocalFeatures
from relook.core.storage import load_arrays, save_arrays
from relook.encodings.fisher import FisherVector
from relook.encodings.joint import JointReduction
from relook.encodings.temb import TriangulationEmbedding
from relook.encodings.vector_encoders import (
    VECTOR_ENCODERS,
    load_vector_encoder,
    make_vector_encoder_class,
)
from relook.encodings.vlad import Vlad
from relook.encodings.vocabularies import root_sifts

WIDTH, IMAGES = 32, 24
FITS = {
    "vlad": partial(Vlad.fit, words=6),
    "vlad intra": partial(Vlad.fit, words=6, intra=True, power=1.0, unit_residuals=True),
    "vlad reduced": partial(Vlad.fit, words=6, local_dimensions=20, dimensions=12, t=0.5, bits=4),
    "fisher": partial(FisherVector.fit, words=4),
    "fisher reduced": partial(
        FisherVector.fit, words=4, local_dimensions=16, dimensions=12, t=1.0, weight_gradients=True
    ),
    "temb": partial(TriangulationEmbedding.fit, words=4),
    "temb summed": partial(
        TriangulationEmbedding.fit, words=4, local_dimensions=16, democratic=False, dimensions=12
    ),
    "joint": partial(JointReduction.fit, vocabularies=root_sifts((16, 8)), dimensions=12),
    "joint residuals": partial(
        JointReduction.fit, vocabularies=root_sifts(6), residuals=True, dimensions=12
    ),
}
"""``fit(images, *, seed, fitted)`` with options that suit 24 images of WIDTH-D descriptors."""


def pictures(count=IMAGES, *, first=0):
    return [
        encoding.descriptors(30 + number % 5, dimension=WIDTH, seed=first + number)
        for number in range(count)
    ]


def features(count, *, seed=500):
    return encoding.features(count, dimension=WIDTH, seed=seed)


def of(rows):
    made = encoding.features(len(rows), dimension=WIDTH)
    return LocalFeatures(made.frames, rows, made.responses, made.size)


@cache
def fitted(name):
    return FITS[name](pictures(), seed=0, fitted={"on": ["made-up rows"]})


@pytest.fixture(params=FITS, ids=str)
def name(request):
    return request.param


@pytest.fixture
def encoder(name):
    return fitted(name)


def test_a_vector_is_one_float32_row_of_length_one(encoder):
    for count in (1, 2, 60):
        vector = encoder.encode(features(count))
        assert vector.shape == (encoder.dimensions,)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_an_image_without_features_is_zero(encoder):
    vector = encoder.encode(features(0))
    assert vector.shape == (encoder.dimensions,)
    assert vector.dtype == np.float32
    assert not vector.any()


def test_it_says_which_descriptors_it_takes(encoder):
    assert encoder.descriptor_dimensions == WIDTH


def test_the_order_of_features_does_not_matter(encoder):
    rows = features(60).descriptors
    turned = rows[np.random.default_rng(0).permutation(60)]
    np.testing.assert_allclose(encoder.encode(of(turned)), encoder.encode(of(rows)), atol=2e-5)


def test_seeing_every_feature_twice_changes_nothing(encoder):
    rows = features(40).descriptors
    twice = encoder.encode(of(np.concatenate([rows, rows])))
    np.testing.assert_allclose(twice, encoder.encode(of(rows)), atol=2e-5)


def test_the_same_object_is_nearer_than_another(encoder):
    rows = features(60, seed=1).descriptors
    same, other = (encoder.encode(of(part)) for part in (rows[:45], features(60).descriptors))
    assert encoder.encode(of(rows)) @ same > encoder.encode(of(rows)) @ other + 0.1


def test_encoding_is_deterministic_and_leaves_its_argument_alone(encoder):
    made = features(60)
    for array in (made.frames, made.descriptors, made.responses):
        array.flags.writeable = False
    np.testing.assert_array_equal(encoder.encode(made), encoder.encode(made))


def test_fitting_again_gives_the_same_and_changes_no_argument(name):
    images = pictures()
    for rows in images:
        rows.flags.writeable = False
    again = FITS[name](images, seed=0, fitted=None)
    assert again.sha256 == fitted(name).sha256


def test_another_seed_or_other_images_give_another_hash(name):
    hashes = {
        fitted(name).sha256,
        FITS[name](pictures(), seed=1).sha256,
        FITS[name](pictures(first=100), seed=0).sha256,
    }
    assert len(hashes) == 3


def test_it_says_what_it_was_fitted_on(encoder):
    assert encoder.fitted["on"] == ["made-up rows"]
    assert encoder.fitted["images"] == IMAGES
    assert json.loads(json.dumps(dict(encoder.fitted))) == encoder.fitted


def test_a_saved_encoder_comes_back_exactly(encoder, tmp_path):
    path = tmp_path / "e.safetensors"
    encoder.save(path)
    back = type(encoder).load(path)
    assert back.sha256 == encoder.sha256
    assert back.fitted == encoder.fitted
    for count in (0, 1, 60):
        np.testing.assert_array_equal(back.encode(features(count)), encoder.encode(features(count)))


def test_a_file_is_read_by_its_path_without_knowing_its_kind(encoder, tmp_path):
    path = tmp_path / "e.safetensors"
    encoder.save(path)
    back = load_vector_encoder(str(path))
    assert type(back) is type(encoder)
    assert back.sha256 == encoder.sha256


def test_the_kind_of_its_files_is_registered(encoder, tmp_path):
    kind = next(kind for kind, own in VECTOR_ENCODERS.items() if own is type(encoder))
    assert make_vector_encoder_class(kind) is type(encoder)
    assert make_vector_encoder_class(kind.removeprefix("relook.")) is type(encoder)
    encoder.save(tmp_path / "e.safetensors")
    load_arrays(tmp_path / "e.safetensors", kind=kind, version=1)


def test_a_damaged_file_raises_a_format_error_of_one_line(encoder, tmp_path):
    whole, broken = tmp_path / "e.safetensors", tmp_path / "broken.safetensors"
    encoder.save(whole)
    content = whole.read_bytes()
    for damaged in (b"", content[:100], content[:-10], b"x" * 500):
        broken.write_bytes(damaged)
        for reader in (type(encoder).load, lambda path: load_vector_encoder(str(path))):
            with pytest.raises(FormatError) as raised:
                reader(broken)
            assert "\n" not in str(raised.value)


def test_a_file_that_lacks_a_part_raises_a_format_error(encoder, tmp_path):
    whole, broken = tmp_path / "e.safetensors", tmp_path / "broken.safetensors"
    encoder.save(whole)
    kind = next(kind for kind, own in VECTOR_ENCODERS.items() if own is type(encoder))
    stored = load_arrays(whole, kind=kind, version=1)
    for arrays, header in (
        ({}, stored.header),
        (stored.arrays, {}),
        ({name: array[:0] for name, array in stored.arrays.items()}, stored.header),
        ({name: array[..., :1] for name, array in stored.arrays.items()}, {"options": 3}),
    ):
        save_arrays(broken, arrays, kind=kind, version=1, header=header)
        with pytest.raises(FormatError):
            type(encoder).load(broken)
    save_arrays(broken, stored.arrays, kind="something", version=1, header=stored.header)
    with pytest.raises(FormatError, match="something"):
        type(encoder).load(broken)


def test_threads_may_share_it(encoder):
    made = [features(20 + count, seed=count) for count in range(16)]
    alone = [encoder.encode(one) for one in made]
    with ThreadPoolExecutor(4) as pool:
        np.testing.assert_array_equal(list(pool.map(encoder.encode, made)), alone)


def test_it_travels_to_other_processes(encoder):
    there = pickle.loads(pickle.dumps(encoder))
    assert there.sha256 == encoder.sha256
    np.testing.assert_array_equal(there.encode(features(30)), encoder.encode(features(30)))


def test_descriptors_of_another_length_are_refused(encoder):
    with pytest.raises(ShapeError, match=rf"7.*{WIDTH}") as raised:
        encoder.encode(encoding.features(5, dimension=7))
    assert "\n" not in str(raised.value)


def test_values_that_are_not_finite_are_refused(encoder):
    for bad in (np.nan, np.inf, -np.inf):
        made = features(5)
        made.descriptors[1, 2] = bad
        with pytest.raises(ShapeError, match="not finite"):
            encoder.encode(made)


def test_fitting_refuses_what_nothing_can_be_learned_from(name):
    fit = FITS[name]
    same = [np.full((40, WIDTH), 0.5, np.float32)] * IMAGES
    nan = pictures()
    nan[3][1, 1] = np.nan
    for images, error in (
        ([], RelookError),
        ([rows[:0] for rows in pictures()], UsageError),
        ([pictures()[0][:3]], UsageError),
        (same, UsageError),
        (nan, ShapeError),
        ([*pictures(), np.zeros((3, 7), np.float32)], ShapeError),
    ):
        with pytest.raises(error) as raised:
            fit(images)
        assert "\n" not in str(raised.value)


def test_images_without_features_do_not_disturb_fitting(name):
    images = [np.zeros((0, WIDTH), np.float32), *pictures()]
    made = FITS[name](images, seed=0)
    assert np.linalg.norm(made.encode(features(30))) == pytest.approx(1, abs=1e-5)
