"""The bytes of an encoded picture: nothing is lost that is not said, and damage is noticed."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracles import encoding
from oracles.pictures import texture
from relook.core.errors import FormatError, UsageError
from relook.core.records import Aggregate, Image, LocalCodes
from relook.encodings import AsmkEncoder, load_codebook
from relook.encodings.packing import HEADER, VERSIONS, pack_codes, unpack_codes
from relook.features import Sift

BOOK = encoding.codebook()
KERNELS = {
    "asmk*": (True, True),
    "smk*": (False, True),
    "asmk": (True, False),
    "smk": (False, False),
}


def encoder(kernel):
    aggregated, binary = KERNELS[kernel]
    return AsmkEncoder(BOOK, aggregated=aggregated, binary=binary, assignments=3)


def check_same(codes, back):
    np.testing.assert_array_equal(back.words, codes.words)
    np.testing.assert_array_equal(back.signatures, codes.signatures)
    np.testing.assert_array_equal(back.aggregate.words, codes.aggregate.words)
    assert back.aggregate.vectors.dtype == codes.aggregate.vectors.dtype
    if codes.aggregate.vectors.dtype == np.uint64:
        np.testing.assert_array_equal(back.aggregate.vectors, codes.aggregate.vectors)
    else:
        np.testing.assert_allclose(
            back.aggregate.vectors, codes.aggregate.vectors, rtol=2**-10, atol=1e-7
        )
    assert back.size == codes.size
    want, have = codes.frames[codes.features].astype(float), back.frames[back.features]
    width, height = codes.size
    assert np.all(np.abs(have[:, :2] - want[:, :2]) <= np.array([width, height]) / 131070 + 1e-3)
    assert np.all(np.abs(np.log2(have[:, 2] / want[:, 2])) <= 12.5 / 510 + 1e-5)
    off = (have[:, 3] - want[:, 3] + np.pi) % (2 * np.pi) - np.pi
    assert np.all(np.abs(off) <= np.pi / 256 + 1e-5)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("count", [0, 1, 2, 90, 900])
def test_words_and_signatures_come_back_exactly_and_frames_as_finely_as_said(kernel, count):
    codes = encoder(kernel).encode(encoding.features(count, seed=count, size=(4000, 3000)))
    back = encoder(kernel).unpack(encoder(kernel).pack(codes))
    assert len(back) == count
    check_same(codes, back)
    assert pack_codes(back) == pack_codes(codes)  # rounding happens once


@st.composite
def any_codes(draw):
    """Codes of every kind: any gaps between words, any frames of a feature."""
    count, parts = draw(st.integers(0, 12)), draw(st.sampled_from([1, 2, 3]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    top = draw(st.sampled_from([3, 254, 255, 256, 511, 65535, 65536, 3_000_000]))
    words = np.sort(rng.integers(0, top + 1, count)).astype(np.int32)
    signatures = rng.integers(0, 1 << 63, (count, parts), dtype=np.uint64)
    size = draw(st.tuples(st.integers(1, 70_000), st.integers(1, 70_000)))
    frames = np.c_[
        rng.random((count, 2)) * size - 0.5,
        2.0 ** rng.uniform(-2, 10.5, count),
        rng.uniform(-7, 7, count),
    ].astype(np.float32)
    starts = np.unique(words, return_index=True)[1]
    kind = draw(st.sampled_from(["asmk*", "smk*", "asmk"]))
    if kind == "smk*":
        aggregate = Aggregate(words, signatures)
    elif kind == "asmk*":
        vectors = signatures[starts].copy()
        several = np.diff(np.r_[starts, count]) > 1
        vectors[several] = ~vectors[several]
        aggregate = Aggregate(words[starts], vectors)
    else:
        rows = rng.standard_normal((len(starts), 64 * parts)).astype(np.float16)
        aggregate = Aggregate(words[starts], rows.astype(np.float32))
    features = rng.permutation(count).astype(np.int32)
    return LocalCodes(words, signatures, features, frames, aggregate, size)


@given(any_codes())
def test_any_codes_come_back(codes):
    check_same(codes, unpack_codes(pack_codes(codes)))


def test_scales_beyond_the_range_and_points_beyond_the_picture_are_clipped():
    codes = encoder("smk*").encode(encoding.features(2, size=(100, 50)))
    codes.frames[:] = [(-3, 70, 1e-4, 0.0), (120, -9, 1e6, 2 * np.pi)]
    back = unpack_codes(pack_codes(codes)).frames[np.argsort(codes.features)]
    np.testing.assert_allclose(back[0], (-0.5, 49.5, 0.25, 0), atol=1e-4)
    np.testing.assert_allclose(back[1], (99.5, -0.5, 2**10.5, 0), rtol=1e-4, atol=1e-4)


def test_a_query_with_several_words_per_feature_is_never_stored():
    with pytest.raises(UsageError, match="one word per feature"):
        pack_codes(encoder("asmk*").encode_query(encoding.features(4)))


def test_more_features_than_can_be_counted_are_refused():
    count = 65536
    codes = LocalCodes(
        np.zeros(count, np.int32),
        np.zeros((count, 2), np.uint64),
        np.arange(count, dtype=np.int32),
        np.ones((count, 4), np.float32),
        Aggregate(np.zeros(1, np.int32), np.zeros((1, 2), np.uint64)),
        (10, 10),
    )
    with pytest.raises(UsageError, match="65535"):
        pack_codes(codes)


def test_a_real_picture_takes_about_25_bytes_per_feature():
    pixels = texture((600, 800))
    features = Sift(features=1000).extract(Image(pixels, (800, 600)))
    codes = AsmkEncoder(load_codebook("sift-16k")).encode(features)
    assert len(codes) == 1000
    assert len(pack_codes(codes)) / len(codes) <= 27


@pytest.mark.parametrize("kernel", KERNELS)
def test_bytes_that_are_cut_off_or_too_many_are_noticed(kernel):
    blob = pack_codes(encoder(kernel).encode(encoding.features(12)))
    for length in range(len(blob)):
        with pytest.raises(FormatError):
            unpack_codes(blob[:length])
    with pytest.raises(FormatError, match="damaged"):
        unpack_codes(blob + b"\0")


def test_a_newer_version_says_so():
    blob = bytearray(pack_codes(encoder("asmk*").encode(encoding.features(3))))
    blob[2] = VERSIONS[-1] + 1
    with pytest.raises(FormatError, match="newer relook"):
        unpack_codes(bytes(blob))


def test_other_bytes_say_that_they_are_damaged():
    for blob in (b"", b"PNG" * 30, bytes(200), b"\xff" * 200):
        with pytest.raises(FormatError, match="damaged"):
            unpack_codes(blob)


def usable(codes):
    """What the rooms above rely on."""
    assert np.all(np.diff(codes.words) >= 0)
    assert codes.words.min(initial=0) >= 0
    assert np.all(np.isfinite(codes.frames))
    assert len(codes) == len(codes.words) == len(codes.signatures)
    assert np.all(np.diff(codes.aggregate.words) >= 0)


@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_a_format_error(blob):
    with pytest.raises(FormatError):
        unpack_codes(blob)


@given(st.binary(max_size=300), st.integers(0, 2), st.integers(0, 5), st.integers(0, 3))
def test_random_bytes_behind_a_good_beginning_raise_nothing_but_a_format_error(
    rest, kind, count, parts
):
    head = HEADER.pack(b"lc", 1, kind, count, parts, 640, 480, count, count)
    with suppress(FormatError):
        usable(unpack_codes(head + rest))


@given(
    st.sampled_from(sorted(KERNELS)),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_damaged_bytes_give_usable_codes_or_a_format_error(kernel, damage):
    blob = bytearray(pack_codes(encoder(kernel).encode(encoding.features(9))))
    for place, value in damage:
        blob[place % len(blob)] = value
    with suppress(FormatError):
        usable(unpack_codes(bytes(blob)))
