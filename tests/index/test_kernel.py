"""The inverted index scores as the float64 oracle does."""

from __future__ import annotations

import numpy as np
import pytest

from oracles import asmk, bow, hamming
from oracles.aggregates import aggregate, counts, none
from relook.core.errors import ShapeError, UsageError
from relook.core.records import Aggregate
from relook.index import InvertedIndex, Kernel

WORDS = 40
SETTINGS = {
    "asmk* 128": {"bits": 128},
    "asmk* 64": {"bits": 64},
    "asmk* 256, weights": {"bits": 256, "weights": True},
    "asmk* 128, threshold, weights": {"bits": 128, "threshold": 0.1875, "weights": True},
    "asmk* 128, negative threshold": {"bits": 128, "threshold": -0.5},
    "asmk* 128, alpha": {"bits": 128, "alpha": 1.7},
    "smk* 128": {"bits": 128, "repeat": True},
    "smk* 128, burst, weights": {"bits": 128, "repeat": True, "burst": True, "weights": True},
    "smk* 192, burst": {"bits": 192, "repeat": True, "burst": True, "threshold": 0.5},
    "asmk": {"bits": 20, "binary": False},
    "asmk, alpha, weights": {"bits": 7, "binary": False, "alpha": 2.5, "weights": True},
    "asmk, negative threshold": {"bits": 20, "binary": False, "threshold": -0.3},
    "smk": {"bits": 20, "binary": False, "repeat": True, "threshold": 0.2},
    "smk, burst": {"bits": 20, "binary": False, "repeat": True, "burst": True},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_scores_equal_the_oracle(name):
    setting = dict(SETTINGS[name])
    rng = np.random.default_rng(len(name))
    repeat = setting.pop("repeat", False)
    weights = None
    if setting.pop("weights", False):
        weights = rng.uniform(0, 3, WORDS).astype(np.float32)
        weights[::7] = 0
    kernel = Kernel(words=WORDS, **setting)
    shape = {"width": kernel.width, "binary": kernel.binary, "words": WORDS}
    images = [
        aggregate(rng, rows=int(rng.integers(1, 30)), repeat=repeat, **shape) for _ in "x" * 25
    ]
    images.append(none(width=kernel.width, binary=kernel.binary))
    index = InvertedIndex(kernel, weights)
    index.add(np.arange(10), images[:10])
    index.add(np.arange(10, 26), images[10:])
    rule = {key: setting[key] for key in ("alpha", "threshold", "burst") if key in setting}
    # A query with several words per feature has several rows of one word.
    for query_repeats in (False, True):
        query = aggregate(rng, rows=25, repeat=query_repeats, **shape)
        want = [asmk.score(query, image, weights=weights, **rule) for image in images]
        ids, have = index.scores(query)
        np.testing.assert_array_equal(ids, np.arange(26))
        assert have.dtype == np.float32
        np.testing.assert_allclose(have, want, atol=1e-5)
        assert np.ptp(want) > 0.01


@pytest.mark.parametrize("value", ["tf", "sqrt", "log", "one"])
def test_scores_of_counts_are_cosines_of_tf_idf_vectors(value):
    rng = np.random.default_rng(0)
    weights = rng.uniform(0, 9, WORDS).astype(np.float32)
    weights[::7] = 0
    images = [counts(rng, rows=int(rng.integers(1, 30))) for _ in "x" * 25]
    images.append(none(width=1, dtype=np.uint8))
    index = InvertedIndex(Kernel.bag_of_words(WORDS, value=value), weights)
    index.add(np.arange(10), images[:10])
    index.add(np.arange(10, 26), images[10:])
    words = np.sort(rng.choice(WORDS, 20, replace=False)).astype(np.int32)
    soft = Aggregate(words, rng.uniform(0, 3, (20, 1)).astype(np.float32))
    for query in (images[3], soft):
        want = [bow.score(query, image, weights=weights, value=value) for image in images]
        np.testing.assert_allclose(index.scores(query)[1], want, atol=1e-5)
        assert np.ptp(want) > 0.1


@pytest.mark.parametrize("burst", [False, True])
@pytest.mark.parametrize(("bits", "max_distance", "sigma"), [(64, 24, 16.0), (128, 50, 0.0)])
def test_scores_of_hamming_embedding_equal_the_oracle(bits, max_distance, sigma, burst):
    rng = np.random.default_rng(bits)
    weights = rng.uniform(0, 9, WORDS).astype(np.float32)
    weights[::7] = 0
    rule = {"max_distance": max_distance, "sigma": sigma, "burst": burst}
    images = [
        aggregate(rng, rows=int(rng.integers(1, 30)), repeat=True, width=bits // 64)
        for _ in "x" * 20
    ]
    index = InvertedIndex(Kernel.hamming(WORDS, bits=bits, **rule), weights)
    index.add(np.arange(20), images)
    query = aggregate(rng, rows=30, repeat=True, width=bits // 64)
    want = [hamming.score(query, image, weights=weights, **rule) for image in images]
    np.testing.assert_allclose(index.scores(query)[1], want, atol=1e-5)
    assert np.ptp(want) > 0.01


def test_scores_of_large_images_equal_the_oracle():
    rng = np.random.default_rng(0)
    shape = {"words": 1500, "rows": 1500}
    images = [aggregate(rng, **shape, repeat=repeat) for repeat in (False, True)]
    index = InvertedIndex(Kernel(words=1500, bits=128))
    index.add(np.arange(2), images)
    for query in images:
        want = [asmk.score(query, image) for image in images]
        np.testing.assert_allclose(index.scores(query)[1], want, atol=1e-5)


def signature(ones):
    bits = np.zeros(128, np.uint8)
    bits[:ones] = 1
    return np.packbits(bits).view(np.uint64)[None]


def test_hamming_threshold_of_52_bits_is_written_as_the_kernel_says():
    index = InvertedIndex(Kernel(words=1, bits=128, threshold=1 - (2 * 52 + 1) / 128))
    word = np.zeros(1, np.int32)
    index.add(np.arange(3), [Aggregate(word, signature(ones)) for ones in (51, 52, 53)])
    found = index.search(Aggregate(word, signature(0)), top=5)
    np.testing.assert_array_equal(found.ids, [0, 1])
    assert found.scores[1] == pytest.approx(0.1875**3)


def test_burst_counts_n_equal_matches_as_the_root_of_n():
    word = np.zeros(1, np.int32)
    once = Aggregate(word, signature(0))
    often = Aggregate(np.zeros(9, np.int32), signature(0).repeat(9, axis=0))
    index = InvertedIndex(Kernel(words=1, bits=128, burst=True))
    index.add(np.arange(1), [often])
    # K(once, often) = 9^½ and K(often, often) = 9 · 9^½ before normalization.
    assert index.scores(once)[1][0] == pytest.approx(3 / 27**0.5)


def test_asmk_norm_is_the_root_of_the_sum_of_weights():
    rng = np.random.default_rng(0)
    weights = rng.uniform(1, 2, WORDS).astype(np.float32)
    code = aggregate(rng, words=WORDS)
    index = InvertedIndex(Kernel(words=WORDS, bits=128), weights)
    one = Aggregate(code.words[:1], code.vectors[:1])
    index.add(np.arange(1), [code])
    want = (weights[one.words[0]] / weights[code.words].sum()) ** 0.5
    assert index.scores(one)[1][0] == pytest.approx(want, rel=1e-6)


def test_words_of_weight_zero_match_nothing():
    code = aggregate(np.random.default_rng(0), words=WORDS)
    index = InvertedIndex(Kernel(words=WORDS, bits=128), np.zeros(WORDS, np.float32))
    index.add(np.arange(1), [code])
    assert len(index.search(code, top=1)) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": 0}, {"bits": 100}, {"bits": 0}, {"alpha": -1.0}, {"alpha": float("nan")},
        {"threshold": 1.0}, {"threshold": -1.5}, {"threshold": -0.1, "burst": True},
        {"sigma": -1.0}, {"sigma": 5.0, "binary": False}, {"norm": "all"}, {"value": "tf"},
        {"value": "tfidf", "bits": 1, "binary": False, "alpha": 1.0},
    ],
)  # fmt: skip
def test_a_kernel_out_of_range_is_refused(wrong):
    with pytest.raises(UsageError):
        Kernel(**{"words": 5, "bits": 128, **wrong})


def test_a_hamming_distance_of_half_the_bits_is_refused():
    for distance in (-1, 32):
        with pytest.raises(UsageError, match="less than 32"):
            Kernel.hamming(5, max_distance=distance)


def test_counts_that_cannot_be_are_refused():
    index = InvertedIndex(Kernel.bag_of_words(5))
    one = np.array([[1], [2]], np.uint8)
    with pytest.raises(UsageError, match="names a word twice"):
        index.add(np.array([1]), [Aggregate(np.array([3, 3], np.int32), one)])
    words = np.array([2, 3], np.int32)
    with pytest.raises(ShapeError, match="must be uint8, not float32"):
        index.add(np.array([1]), [Aggregate(words, one.astype(np.float32))])
    with pytest.raises(UsageError, match="negative weights"):
        index.search(Aggregate(words, np.array([[1], [-1]], np.float32)), top=1)
    with pytest.raises(ShapeError, match="not finite"):
        index.search(Aggregate(words, np.array([[1], [np.nan]], np.float32)), top=1)


def test_a_search_needs_a_thread():
    with pytest.raises(UsageError, match="threads"):
        InvertedIndex(Kernel(words=3, bits=128), threads=0)


def test_weights_that_do_not_fit_are_refused():
    kernel = Kernel(words=3, bits=128)
    for weights in (np.ones(4, np.float32), np.ones(3), np.full(3, np.nan, np.float32)):
        with pytest.raises(ShapeError, match="weights"):
            InvertedIndex(kernel, weights)
    with pytest.raises(UsageError, match="negative"):
        InvertedIndex(kernel, np.array([1, -1, 1], np.float32))


def test_vectors_that_are_not_finite_are_refused():
    index = InvertedIndex(Kernel(words=3, bits=2, binary=False))
    code = Aggregate(np.array([1], np.int32), np.array([[np.nan, 1]], np.float32))
    with pytest.raises(ShapeError, match="not finite"):
        index.add(np.array([1]), [code])
    with pytest.raises(ShapeError, match="not finite"):
        index.search(code, top=1)
