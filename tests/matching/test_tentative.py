"""Tentative matches against all pairs, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles import encoding
from relook.core.errors import ShapeError
from relook.core.records import Aggregate, LocalCodes
from relook.encodings import AsmkEncoder
from relook.matching import match_codes


def made_codes(rng, *, count, assignments=1, words=6, parts=2):
    """Random words, signatures near a common one of each word, so that many agree."""
    rows = [
        (word, feature)
        for feature in range(count)
        for word in rng.choice(words, size=assignments, replace=False)
    ]
    rows.sort()
    own = np.array([word for word, _ in rows], np.int32)
    common = np.random.default_rng(5).integers(0, 1 << 64, (words, parts), dtype=np.uint64)
    flips = rng.integers(0, 1 << 64, (4, len(rows), parts), dtype=np.uint64)
    signatures = common[own] ^ (flips[0] & flips[1] & (flips[2] | flips[3]))
    return LocalCodes(
        own,
        signatures,
        np.array([feature for _, feature in rows], np.int32),
        np.ones((count, 4), np.float32),
        Aggregate(own[:0], signatures[:0]),
        (640, 480),
    )


def oracle(query, other, *, max_distance):
    """Every pair of rows; similarity over the root of the product of the rivals; then sorted."""
    bits = 64 * query.signatures.shape[1]
    found = []
    for i in range(len(query.words)):
        for j in range(len(other.words)):
            parts = zip(query.signatures[i], other.signatures[j], strict=True)
            distance = sum((int(a) ^ int(b)).bit_count() for a, b in parts)
            if query.words[i] == other.words[j] and distance <= max_distance:
                found.append((int(query.features[i]), int(other.features[j]), distance))
    matches = []
    for a, b, distance in found:
        n = sum(pair[0] == a for pair in found)
        m = sum(pair[1] == b for pair in found)
        similarity = 1 - 2 * distance / bits if bits else 1.0
        matches.append((a, b, similarity / (n * m) ** 0.5))
    return matches


def check_equal(have, want):
    assert len(have) == len(want)
    scores = {(a, b): score for a, b, score in want}
    assert {tuple(pair) for pair in have.pairs.tolist()} == scores.keys()
    expected = [scores[tuple(pair)] for pair in have.pairs.tolist()]
    np.testing.assert_allclose(have.scores, expected, rtol=1e-6)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 15),
    st.integers(0, 15),
    st.integers(1, 4),
    st.integers(0, 63),
)
def test_matches_equal_all_pairs_one_by_one(seed, count, others, assignments, max_distance):
    rng = np.random.default_rng(seed)
    query = made_codes(rng, count=count, assignments=assignments)
    other = made_codes(rng, count=others)
    have = match_codes(query, other, max_distance=max_distance)
    check_equal(have, oracle(query, other, max_distance=max_distance))


def test_matches_come_best_first_and_equal_ones_by_feature():
    rng = np.random.default_rng(0)
    query, other = made_codes(rng, count=40, assignments=2), made_codes(rng, count=40)
    have = match_codes(query, other, max_distance=52)
    assert len(have) > 50
    keys = [(-score, *pair) for score, pair in zip(have.scores, have.pairs.tolist(), strict=True)]
    assert keys == sorted(keys)


def test_encoded_pictures_match_by_word_and_signature():
    book = encoding.codebook()
    encoder = AsmkEncoder(book, assignments=3)
    query = encoder.encode_query(encoding.features(60, seed=1))
    other = encoder.encode(encoding.features(70, seed=2))
    have = match_codes(query, other, max_distance=52)
    check_equal(have, oracle(query, other, max_distance=52))
    assert len(have) > 20


def test_a_picture_matches_itself_feature_by_feature():
    codes = AsmkEncoder(encoding.codebook()).encode(encoding.features(50, spread=0.5))
    have = match_codes(codes, codes, max_distance=0)
    assert set(range(50)) == {a for a, b in have.pairs.tolist() if a == b}


@pytest.mark.parametrize(("distance", "matches"), [(52, 1), (53, 0)])
def test_the_largest_distance_still_matches_and_the_next_does_not(distance, matches):
    bits = np.zeros((1, 128), np.uint8)
    bits[0, :distance] = 1
    one = made_codes(np.random.default_rng(0), count=1, words=1)
    plain = LocalCodes(
        one.words, np.zeros((1, 2), np.uint64), one.features, one.frames, one.aggregate, one.size
    )
    away = np.packbits(bits, bitorder="little").view(np.uint64)[None]
    other = LocalCodes(one.words, away, one.features, one.frames, one.aggregate, one.size)
    have = match_codes(plain, other, max_distance=52)
    assert len(have) == matches
    if matches:
        assert have.scores[0] == pytest.approx(1 - 104 / 128)


@pytest.mark.parametrize("parts", [0, 1])
def test_words_alone_and_short_signatures_match_as_pairs_one_by_one(parts):
    rng = np.random.default_rng(0)
    query = made_codes(rng, count=20, assignments=2, parts=parts)
    other = made_codes(rng, count=30, parts=parts)
    want = oracle(query, other, max_distance=20)
    assert want
    check_equal(match_codes(query, other, max_distance=20), want)


def test_signatures_of_different_lengths_are_refused():
    rng = np.random.default_rng(0)
    query, other = (made_codes(rng, count=5, parts=parts) for parts in (2, 1))
    with pytest.raises(ShapeError, match="signatures"):
        match_codes(query, other, max_distance=20)


def test_two_brick_walls_do_not_fill_the_memory():
    rng = np.random.default_rng(0)
    wall = made_codes(rng, count=400, words=1)
    same = LocalCodes(
        wall.words,
        np.zeros_like(wall.signatures),
        wall.features,
        wall.frames,
        wall.aggregate,
        wall.size,
    )
    have = match_codes(same, same, max_distance=52)
    assert 1 << 14 < len(have) < 400 * 400
    assert len({tuple(pair) for pair in have.pairs.tolist()}) == len(have)
