from __future__ import annotations

import numpy as np
import pytest

from oracles import minhash as oracle
from relook.core.errors import ShapeError, UsageError
from relook.encodings.minhash import MinHash, collisions


def words_of(count, *, seed=0, most=500):
    return np.random.default_rng(seed).integers(0, most, count).astype(np.int32)


def signatures_of(count, parts=2, *, seed=0):
    return np.random.default_rng(seed).integers(0, 1 << 64, (count, parts), np.uint64)


def jaccard(one, other, weight=lambda word: 1.0):
    first, second = set(one.tolist()), set(other.tolist())
    return sum(map(weight, first & second)) / sum(map(weight, first | second))


@pytest.mark.parametrize("bits", [0, 5, 128])
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_sketches_are_those_of_the_definition(bits, size, weighted):
    words, signatures = words_of(40), signatures_of(40)
    weights = (0.5 + (words % 7)).astype(np.float32) if weighted else None
    hashing = MinHash(sketches=9, size=size, bits=bits, seed=3)
    expected = oracle.sketches(
        words, signatures, count=9, size=size, bits=bits, seed=3, weights=weights
    )
    assert hashing.encode(words, signatures, weights=weights).tolist() == expected


@pytest.mark.parametrize("size", [1, 2])
def test_sketches_are_shared_as_often_as_the_sets_are_alike(size):
    one, other = np.arange(300, dtype=np.int32), np.arange(100, 400, dtype=np.int32)
    hashing = MinHash(sketches=4000, size=size, seed=1)
    shared = float((hashing.encode(one) == hashing.encode(other)).mean())
    expected = jaccard(one, other) ** size
    assert abs(shared - expected) < 4 * np.sqrt(expected * (1 - expected) / 4000)


def test_weights_count_in_intersection_and_union():
    one, other = np.arange(200, dtype=np.int32), np.arange(150, 300, dtype=np.int32)

    def weights(words):
        return np.where(words >= 150, 3.0, 0.5).astype(np.float32)

    hashing = MinHash(sketches=4000, size=1)
    shared = np.mean(
        hashing.encode(one, weights=weights(one)) == hashing.encode(other, weights=weights(other))
    )
    expected = jaccard(one, other, lambda word: 3.0 if word >= 150 else 0.5)
    assert abs(shared - expected) < 4 * np.sqrt(expected * (1 - expected) / 4000)


def test_order_and_repeats_do_not_matter():
    words = words_of(60)
    hashing = MinHash(sketches=32)
    mixed = np.concatenate([words[::-1], words[:20]])
    assert np.array_equal(hashing.encode(words), hashing.encode(mixed))


def test_another_seed_gives_other_sketches():
    words = words_of(60)
    assert not np.any(MinHash(seed=1).encode(words) == MinHash(seed=2).encode(words))


def test_bits_tell_features_of_one_word_apart():
    words = words_of(60)
    hashing = MinHash(sketches=64, size=1, bits=16)
    same = hashing.encode(words, signatures_of(60))
    assert np.array_equal(same, hashing.encode(words, signatures_of(60)))
    assert not np.any(same == hashing.encode(words, signatures_of(60, seed=1)))


def test_a_flipped_bit_hides_a_feature_from_some_functions_only():
    words, signatures = np.zeros(1, np.int32), signatures_of(1)
    hashing = MinHash(sketches=4000, size=1, bits=32)
    shared = hashing.encode(words, signatures) == hashing.encode(words, signatures ^ np.uint64(1))
    assert abs(float(shared.mean()) - (96 / 128) ** 2) < 0.04  # one bit in each of two parts


def test_the_probability_of_retrieval_is_that_of_one_shared_sketch():
    assert MinHash(sketches=512, size=3).retrieval_probability(0.1) == pytest.approx(
        1 - (1 - 0.001) ** 512
    )


@pytest.mark.parametrize("dtype", [np.uint32, np.uint64])
def test_an_empty_set_collides_with_nothing(dtype):
    empty = MinHash(sketches=8).encode(np.zeros(0, np.int32))
    pairs, counts = collisions(np.stack([empty, empty]).astype(dtype))
    assert pairs.shape == (0, 2)
    assert not len(counts)


def test_collisions_are_all_pairs_that_share_a_sketch():
    table = np.random.default_rng(0).integers(0, 6, (12, 40), np.uint64)
    met = {
        (i, j): int(((table[i] == table[j]) & (table[i] != 0)).sum())
        for i in range(12)
        for j in range(i + 1, 12)
    }
    pairs, counts = collisions(table, reach=12)
    found = dict(zip(map(tuple, pairs.tolist()), counts.tolist(), strict=True))
    assert found == {pair: count for pair, count in met.items() if count}


def test_a_crowd_that_shares_a_sketch_does_not_cost_its_square():
    pairs, counts = collisions(np.ones((5000, 1), np.uint64), reach=4)
    assert len(pairs) == 4 * 5000 - (1 + 2 + 3 + 4)
    assert counts.max() == 1


@pytest.mark.parametrize("rows", [0, 1])
def test_few_sketches_have_no_collisions(rows):
    assert collisions(np.ones((rows, 4), np.uint64))[0].shape == (0, 2)


def test_wrong_use_is_named():
    words = words_of(5)
    with pytest.raises(UsageError, match="1 or more"):
        MinHash(sketches=0)
    with pytest.raises(UsageError, match="bits"):
        MinHash(bits=-1)
    with pytest.raises(UsageError, match="have no 16"):
        MinHash(bits=16).encode(words)
    with pytest.raises(UsageError, match="above 0"):
        MinHash().encode(words, weights=np.zeros(5, np.float32))
    with pytest.raises(ShapeError, match="int32"):
        MinHash().encode(words.astype(np.int64))
    with pytest.raises(UsageError, match="reach"):
        collisions(np.zeros((2, 2), np.uint64), reach=0)
