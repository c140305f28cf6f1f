"""What every encoder does. A new encoder joins with one line in ENCODERS."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from oracles import encoding
from relook.core.errors import FormatError, RelookError, ShapeError
from relook.encodings import AsmkEncoder, BagOfWordsEncoder, HammingEncoder
from relook.encodings.hamming import HammingEmbedding

BOOK = encoding.codebook()
ENCODERS = {
    "asmk*": lambda: AsmkEncoder(BOOK, assignments=3),
    "smk*": lambda: AsmkEncoder(BOOK, aggregated=False, assignments=3),
    "asmk": lambda: AsmkEncoder(BOOK, binary=False, assignments=3),
    "smk": lambda: AsmkEncoder(BOOK, aggregated=False, binary=False, assignments=3),
    "he": lambda: HammingEncoder(BOOK, embedding(), assignments=3),
    "bow": lambda: BagOfWordsEncoder(BOOK),
    "bow, three words": lambda: BagOfWordsEncoder(BOOK, assignments=3),
    "bow, soft": lambda: BagOfWordsEncoder(BOOK, assignments=3, soft_sigma=0.3),
}


@cache
def embedding():
    """Once asked for: every worker that collects tests would fit it."""
    return HammingEmbedding.fit([encoding.descriptors(2000, seed=3)], BOOK)


@pytest.fixture(params=ENCODERS.values(), ids=ENCODERS)
def encoder(request):
    return request.param()


def both(encoder, features):
    return encoder.encode(features), encoder.encode_query(features)


def test_words_are_sorted_and_every_feature_has_some(encoder):
    for codes in both(encoder, encoding.features(50)):
        for words in (codes.words, codes.aggregate.words):
            assert words.dtype == np.int32
            assert np.all(np.diff(words) >= 0)
        assert set(codes.features.tolist()) == set(range(50))
        assert len(codes) == 50


def test_a_database_image_has_one_word_per_feature_a_query_at_least_one(encoder):
    stored, asked = both(encoder, encoding.features(50))
    assert len(stored.words) == 50 <= len(asked.words)


def test_frames_and_size_are_handed_on(encoder):
    features = encoding.features(9, size=(123, 45))
    for codes in both(encoder, features):
        np.testing.assert_array_equal(codes.frames, features.frames)
        assert codes.size == (123, 45)


def test_shapes_of_affine_features_are_handed_on_and_kept(encoder):
    round_ = encoding.features(9)
    shapes = np.random.default_rng(0).uniform(0.5, 1.5, (9, 2)).astype(np.float32)
    features = replace(round_, shapes=shapes)
    for codes in both(encoder, features):
        np.testing.assert_array_equal(codes.shapes, shapes)
    codes = encoder.encode(features)
    back = encoder.unpack(encoder.pack(codes))
    np.testing.assert_allclose(back.shapes, shapes[codes.features], atol=0.02)


def test_an_image_without_features_has_an_empty_code_that_can_be_packed(encoder):
    for codes in both(encoder, encoding.features(0)):
        assert len(codes) == len(codes.words) == len(codes.aggregate) == 0
        assert codes.aggregate.vectors.shape[1] > 0
    codes = encoder.encode(encoding.features(0))
    back = encoder.unpack(encoder.pack(codes))
    assert len(back) == 0
    assert back.aggregate.vectors.shape == codes.aggregate.vectors.shape
    assert back.aggregate.vectors.dtype == codes.aggregate.vectors.dtype


def test_unpacked_codes_are_worth_what_they_were(encoder):
    codes = encoder.encode(encoding.features(200))
    back = encoder.unpack(encoder.pack(codes))
    np.testing.assert_array_equal(back.words, codes.words)
    np.testing.assert_array_equal(back.signatures, codes.signatures)
    np.testing.assert_array_equal(back.aggregate.words, codes.aggregate.words)
    np.testing.assert_allclose(
        back.aggregate.vectors.astype(float), codes.aggregate.vectors.astype(float), atol=1e-3
    )
    assert encoder.pack(back) == encoder.pack(codes)


def test_bytes_of_something_else_raise_a_format_error_of_one_line(encoder):
    for blob in (b"", b"something else", bytes(1000)):
        with pytest.raises(FormatError) as raised:
            encoder.unpack(blob)
        assert "\n" not in str(raised.value)


def test_encoding_is_deterministic_and_leaves_its_argument_alone(encoder):
    features = encoding.features(60)
    for array in (features.frames, features.descriptors, features.responses):
        array.flags.writeable = False
    first, second = encoder.encode(features), encoder.encode(features)
    assert encoder.pack(first) == encoder.pack(second)


def test_the_order_of_features_does_not_matter_to_the_index(encoder):
    features = encoding.features(60)
    order = np.random.default_rng(0).permutation(60)
    turned = type(features)(
        features.frames[order],
        features.descriptors[order],
        features.responses[order],
        features.size,
    )
    first, second = (encoder.encode(one).aggregate for one in (features, turned))
    np.testing.assert_array_equal(first.words, second.words)
    rows = [sorted(map(tuple, one.vectors.round(5).tolist())) for one in (first, second)]
    np.testing.assert_allclose(np.array(rows[0], float), np.array(rows[1], float), rtol=1e-5)


def test_other_descriptors_are_refused(encoder):
    with pytest.raises(ShapeError, match="descriptors"):
        encoder.encode(encoding.features(5, dimension=64))
    broken = encoding.features(5)
    broken.descriptors[0, 0] = np.inf
    with pytest.raises(RelookError, match="not finite"):
        encoder.encode_query(broken)
