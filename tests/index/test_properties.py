"""What is true of scores of words and of short signatures, whatever the images are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles import bow, hamming
from oracles.aggregates import aggregate, counts
from relook.core.records import Aggregate
from relook.index import InvertedIndex, Kernel, segment

WORDS = 12
WEIGHTS = np.array([0, 4, 1, 1, 0.5, 9, 2, 3, 0, 1, 1, 0.1], np.float32)
seeds = st.integers(0, 2**32 - 1)


def some(seed, *, made=counts, images=5, **options):
    rng = np.random.default_rng(seed)
    return [made(rng, words=WORDS, rows=int(rng.integers(1, 20)), **options) for _ in range(images)]


def scores(kernel, query, images, **options):
    index = InvertedIndex(kernel, WEIGHTS, **options)
    index.add(np.arange(len(images)), images)
    return index.scores(query)[1]


@given(seeds, st.sampled_from(["tf", "sqrt", "log", "one"]))
def test_a_cosine_of_counts_is_symmetric_from_0_to_1_and_1_of_an_image_to_itself(seed, value):
    kernel, images = Kernel.bag_of_words(WORDS, value=value), some(seed)
    table = np.array([scores(kernel, image, images) for image in images])
    np.testing.assert_allclose(table, table.T, atol=1e-6)
    assert table.min() >= 0
    assert table.max() <= 1 + 1e-6
    shown = [WEIGHTS[image.words].any() for image in images]
    np.testing.assert_allclose(np.diag(table), shown, atol=1e-6)
    want = [bow.score(images[0], image, weights=WEIGHTS, value=value) for image in images]
    np.testing.assert_allclose(table[0], want, atol=1e-5)


@given(seeds, st.floats(0.25, 8), st.sampled_from(["tf", "sqrt"]))
def test_a_query_that_is_weighted_more_throughout_is_worth_the_same(seed, factor, value):
    kernel, (query, *images) = Kernel.bag_of_words(WORDS, value=value), some(seed)
    more = Aggregate(query.words, query.vectors.astype(np.float32) * np.float32(factor))
    first, second = scores(kernel, query, images), scores(kernel, more, images)
    np.testing.assert_allclose(first, second, atol=1e-5)


@given(seeds, st.integers(0, 31), st.sampled_from([0.0, 4.0, 16.0]), st.booleans())
def test_hamming_embedding_is_what_its_definition_says(seed, max_distance, sigma, burst):
    rule = {"max_distance": max_distance, "sigma": sigma, "burst": burst}
    query, *images = some(seed, made=aggregate, width=1, repeat=True)
    have = scores(Kernel.hamming(WORDS, **rule), query, images)
    want = [hamming.score(query, image, weights=WEIGHTS, **rule) for image in images]
    np.testing.assert_allclose(have, want, atol=1e-5)


@given(seeds)
def test_a_match_counts_less_the_farther_it_is_and_at_most_as_much_as_without_a_gaussian(seed):
    query, *images = some(seed, made=aggregate, width=1, repeat=True)
    narrow, wide, flat = (
        scores(Kernel.hamming(WORDS, sigma=sigma), query, images) for sigma in (8.0, 16.0, 0.0)
    )
    assert np.all(narrow <= wide + 1e-6)
    assert np.all(wide <= flat + 1e-6)


KERNELS = {
    "bow": (Kernel.bag_of_words(WORDS, value="sqrt"), {"made": counts}),
    "he": (Kernel.hamming(WORDS), {"made": aggregate, "width": 1, "repeat": True}),
    "asmk*": (Kernel(words=WORDS, bits=128), {"made": aggregate}),
}


@pytest.mark.parametrize("name", KERNELS)
def test_threads_change_no_bit_of_a_score(name, monkeypatch):
    monkeypatch.setattr("relook.index.inverted.LIMIT", 7)
    kernel, options = KERNELS[name]
    query, *images = some(3, images=41, **options)
    want = scores(kernel, query, images)
    assert np.ptp(want) > 0
    for threads in (2, 5, 50):
        np.testing.assert_array_equal(scores(kernel, query, images, threads=threads), want)


@given(seeds)
def test_a_segment_lists_rows_by_word_then_by_image_then_in_their_order(seed):
    images = some(seed, made=aggregate, width=1, repeat=True)
    part = segment.build(np.arange(5), images, np.ones(5, np.float32))
    rows = sorted(
        (int(word), number, place)
        for number, image in enumerate(images)
        for place, word in enumerate(image.words)
    )
    assert part.images.tolist() == [number for _, number, _ in rows]
    assert part.vectors.tolist() == [images[n].vectors[place].tolist() for _, n, place in rows]
    assert np.repeat(part.words, np.diff(part.offsets)).tolist() == [word for word, _, _ in rows]
