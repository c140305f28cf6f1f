from __future__ import annotations

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from relook.core.errors import FormatError, ShapeError
from relook.descriptors.packing import pack_vectors, unpack_vectors

shapes = arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)
finite = st.floats(-65504, 65504, width=32)


@given(arrays.arrays(np.float32, shapes, elements=finite))
def test_what_was_packed_comes_back_rounded_to_float16(vectors):
    found = unpack_vectors(pack_vectors(vectors))
    assert found.dtype == np.float32
    assert np.array_equal(found, vectors.astype(np.float16).astype(np.float32))


def test_packing_twice_gives_the_same_bytes():
    blob = pack_vectors(np.random.default_rng(0).random((2, 5)))
    assert pack_vectors(unpack_vectors(blob)) == blob


def test_one_vector_is_one_row():
    assert unpack_vectors(pack_vectors(np.ones(7, np.float32))).shape == (1, 7)


def test_two_bytes_per_value_and_a_short_header():
    assert len(pack_vectors(np.ones((3, 2048), np.float32))) == 12 + 2 * 3 * 2048


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 65505, -70000])
def test_values_that_float16_does_not_hold_are_refused(value):
    with pytest.raises(ShapeError):
        pack_vectors(np.array([0, value], np.float32))


@pytest.mark.parametrize("shape", [(0,), (0, 4), (4, 0), (2, 2, 2)])
def test_no_vectors_are_refused(shape):
    with pytest.raises(ShapeError):
        pack_vectors(np.zeros(shape, np.float32))


GOOD = pack_vectors(np.ones((2, 4), np.float32))


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        GOOD[:5],
        GOOD[:12],
        GOOD[:-1],
        GOOD + b"\0",
        b"xx" + GOOD[2:],
        b"vd\0" + GOOD[3:],
        b"vd\1\7" + GOOD[4:],
        struct.pack("<2sBBII", b"vd", 1, 1, 2**32 - 1, 2**32 - 1) + GOOD[12:],
        struct.pack("<2sBBII", b"vd", 1, 1, 0, 4),
        struct.pack("<2sBBII", b"vd", 1, 1, 4, 0),
        GOOD[:-2] + np.array(np.nan, "<f2").tobytes(),
        GOOD[:-2] + np.array(np.inf, "<f2").tobytes(),
    ],
)
def test_hostile_bytes_are_a_format_error(blob):
    with pytest.raises(FormatError, match="damaged"):
        unpack_vectors(blob)


@given(st.binary(max_size=64))
def test_any_bytes_are_vectors_or_a_format_error(blob):
    for content in (blob, GOOD[:4] + blob):
        with contextlib.suppress(FormatError):
            assert np.isfinite(unpack_vectors(content)).all()


def test_a_newer_version_says_so():
    with pytest.raises(FormatError, match="newer"):
        unpack_vectors(b"vd\x09" + GOOD[3:])
