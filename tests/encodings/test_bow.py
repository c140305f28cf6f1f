"""Bags of words: encoding and index together give the cosine of tf-idf vectors."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import bow, encoding
from relook.core.errors import RelookError, UsageError
from relook.core.records import LocalFeatures
from relook.encodings import BagOfWordsEncoder
from relook.encodings.bow import tf_idf_weights
from relook.index import InvertedIndex, Kernel

BOOK = encoding.codebook(30)


def repeated(picture, *, often):
    """The same picture with its first descriptor ``often`` more times."""
    rows = np.r_[np.zeros(often, int), np.arange(len(picture))]
    return LocalFeatures(
        picture.frames[rows], picture.descriptors[rows], picture.responses[rows], picture.size
    )


@pytest.mark.parametrize("value", ["tf", "sqrt", "log", "one"])
@pytest.mark.parametrize("stop", [0.0, 0.2])
@pytest.mark.parametrize(
    "options", [{}, {"assignments": 3}, {"assignments": 4, "soft_sigma": 0.2}], ids=str
)
def test_scores_of_encoded_pictures_are_cosines_of_tf_idf_vectors(value, stop, options):
    encoder, weights = BagOfWordsEncoder(BOOK, **options), tf_idf_weights(BOOK.idf, stop=stop)
    pictures = [encoding.features(count, seed=count) for count in (90, 60, 33, 7, 1)]
    query = repeated(encoding.features(80, seed=500), often=9)
    index = InvertedIndex(Kernel.bag_of_words(30, value=value), weights)
    index.add(np.arange(5), [encoder.encode(picture).aggregate for picture in pictures])
    have = index.scores(encoder.encode_query(query).aggregate)[1]

    def definition(rows, count, sigma):
        return bow.shares(rows, BOOK.centers, count=count, sigma=sigma)

    asked = definition(query.descriptors, options.get("assignments", 1), options.get("soft_sigma"))
    left = bow.vector(asked, asked.values(), weights=weights, value=value)
    want = []
    for picture in pictures:
        own = definition(picture.descriptors, 1, None)
        right = bow.vector(own, own.values(), weights=weights, value=value)
        length = np.linalg.norm(left) * np.linalg.norm(right)
        want.append(float(left @ right) / length if length > 0 else 0.0)
    np.testing.assert_allclose(have, want, atol=1e-5)
    assert have[0] > 0.1


def test_a_word_that_occurs_300_times_counts_255():
    picture = repeated(encoding.features(1), often=299)
    assert BagOfWordsEncoder(BOOK).encode(picture).aggregate.vectors.tolist() == [[255]]


def test_words_alone_have_no_signatures_and_take_few_bytes():
    encoder, picture = BagOfWordsEncoder(BOOK), encoding.features(1000)
    codes = encoder.encode(picture)
    assert codes.signatures.shape == (1000, 0)
    assert len(encoder.pack(codes)) < 24 + 1000 * 8


def test_shares_of_a_feature_add_up_to_one_and_the_nearest_has_the_largest():
    picture = encoding.features(1, seed=4)
    nearest = encoding.nearest_words(picture.descriptors, BOOK.centers, count=3)[0]
    for sigma in (0.01, 0.3, 100.0):
        query = BagOfWordsEncoder(BOOK, assignments=3, soft_sigma=sigma).encode_query(picture)
        weights = dict(
            zip(query.aggregate.words.tolist(), query.aggregate.vectors[:, 0], strict=True)
        )
        assert sum(weights.values()) == pytest.approx(1)
        assert weights[nearest[0]] >= weights[nearest[1]] >= weights[nearest[2]]
    assert min(weights.values()) == pytest.approx(1 / 3, abs=1e-3)  # of the largest sigma


def test_a_constant_picture_is_one_word_and_is_found():
    picture = encoding.features(50)
    picture.descriptors[:] = 0.1
    encoder = BagOfWordsEncoder(BOOK)
    index = InvertedIndex(Kernel.bag_of_words(30), tf_idf_weights(BOOK.idf))
    index.add(np.array([4]), [encoder.encode(picture).aggregate])
    found = index.search(encoder.encode_query(picture).aggregate, top=1)
    assert found.scores.tolist() == [pytest.approx(1)]


def test_the_stop_list_is_the_most_frequent_words():
    idf = np.array([3.0, 0.5, 2.0, 0.25, 1.0], np.float32)
    assert tf_idf_weights(idf).tolist() == [9.0, 0.25, 4.0, 0.0625, 1.0]
    assert tf_idf_weights(idf, stop=0.4).tolist() == [9.0, 0.0, 4.0, 0.0, 1.0]
    for stop in (-0.1, 1.0):
        with pytest.raises(UsageError, match="stop"):
            tf_idf_weights(idf, stop=stop)


@pytest.mark.parametrize(
    "wrong", [{"assignments": 0}, {"assignments": 31}, {"soft_sigma": 0.0}, {"soft_sigma": np.inf}]
)
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(UsageError):
        BagOfWordsEncoder(BOOK, **wrong)


def test_descriptors_that_are_not_finite_are_refused():
    picture = encoding.features(5)
    picture.descriptors[1, 1] = np.nan
    for encode in (BagOfWordsEncoder(BOOK).encode, BagOfWordsEncoder(BOOK, 2).encode_query):
        with pytest.raises(RelookError, match="not finite"):
            encode(picture)
