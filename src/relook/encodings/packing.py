"""The bytes of an encoded image in a collection: about 25 per feature.

Little-endian, features sorted by word, wide values first so that all are aligned in memory:

- a header of 24 bytes;
- the signatures (16 bytes each at 128 bits; none where there are words alone);
- what the aggregate holds beyond them: of ASMK* the signatures of words that occur several times,
  of SMK* and of counts nothing, of the float kernels their vectors as float16;
- x and y as shares of the picture (2 × uint16), log scale (uint8), angle (uint8);
- of affine features their shape (log a and b, 2 × uint8);
- each word as a difference to the one before (bytes, 255 meaning "and more").
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, UsageError
from relook.core.records import Aggregate, LocalCodes
from relook.encodings.decoding import (
    ANGLES,
    OCTAVES,
    SCALES,
    decode_frames,
    decode_words,
    merge_repeated,
)

__all__ = ["pack_codes", "unpack_codes"]

HEADER = struct.Struct("<2sBBHHIIII")
MAGIC = b"lc"
VERSIONS = (1, 2)
"""What can be read; circles with signatures are still written as 1, as ever."""
SHARED, REPEATED, FLOATS, COUNTS = 0, 1, 2, 3
AFFINE = 0x80
"""Added to the kind where features have shapes."""
MOST = 65535
STRETCH = 2.0
"""Shapes are kept for log2 a, and b, from -STRETCH to STRETCH in 255 steps."""
TABLES = np.stack([SCALES, ANGLES])


def pack_codes(codes: LocalCodes) -> bytes:
    """Write codes as bytes; positions, scales and angles are rounded as the module says.

    Raises:
        UsageError: a query with several words per feature, which is never stored, or more than
            65,535 features.
    """
    if len(codes.words) != len(codes.frames):
        raise UsageError("only codes with one word per feature are stored")
    if len(codes) > MOST:
        raise UsageError(f"an image can have at most {MOST} features; ask for fewer")
    frames = codes.frames[codes.features]
    kind, rest = _pack_aggregate(codes)
    gaps = _pack_words(codes.words)
    width, height = codes.size
    shapes = b"" if codes.shapes is None else _pack_shapes(codes.shapes[codes.features])
    plain = kind != COUNTS and codes.shapes is None and codes.signatures.shape[1]
    header = HEADER.pack(
        MAGIC, VERSIONS[not plain], kind | (AFFINE * (codes.shapes is not None)),
        len(codes.words), codes.signatures.shape[1],
        width, height, len(gaps), len(codes.aggregate),
    )  # fmt: skip
    extent = np.array([width, height], np.float64)
    shares = np.clip((frames[:, :2] + 0.5) / extent, 0, 1)
    low, high = OCTAVES
    octave = (np.log2(np.maximum(frames[:, 2], 1e-3)) - low) / (high - low)
    turn = frames[:, 3] / (2 * np.pi) % 1.0
    return b"".join(
        (
            header,
            codes.signatures.astype("<u8").tobytes(),
            rest,
            np.round(shares * 65535).astype("<u2").tobytes(),
            np.round(np.clip(octave, 0, 1) * 255).astype(np.uint8).tobytes(),
            (np.round(turn * 256).astype(np.int64) % 256).astype(np.uint8).tobytes(),
            shapes,
            gaps.tobytes(),
        )
    )


def unpack_codes(blob: bytes) -> LocalCodes:
    """Read what :func:`pack_codes` wrote.

    Raises:
        FormatError: the bytes are damaged, cut off or of a newer version.
    """
    try:
        return _unpack(blob)
    except (struct.error, ValueError, IndexError) as error:
        raise FormatError("a description is damaged; `relook check --repair` drops it") from error


def _unpack(blob: bytes) -> LocalCodes:
    magic, version, kind, count, parts, width, height, gaps, entries = HEADER.unpack_from(blob)
    if magic != MAGIC:
        raise ValueError("the bytes are no description")
    if version > VERSIONS[-1]:
        raise FormatError("a description was written by a newer relook; upgrade relook")
    affine, kind = bool(kind & AFFINE), kind & ~AFFINE
    each = 8 if affine else 6
    if gaps + (each + 8 * parts) * count > len(blob) - HEADER.size:
        raise ValueError("the bytes are cut off")
    words = decode_words(np.frombuffer(blob, np.uint8, gaps, len(blob) - gaps), count)
    if len(words) != count or not (parts or kind == COUNTS):
        raise ValueError("the parts do not fit together")
    take = _reader(blob, HEADER.size)
    signatures = take("<u8", count * parts).reshape(count, parts).astype(np.uint64, copy=False)
    rest = len(blob) - HEADER.size - signatures.nbytes - each * count - gaps
    aggregate = _unpack_aggregate(kind, entries, rest, words, signatures, take)
    shares, octaves, turns = take("<u2", 2 * count), take("u1", count), take("u1", count)
    shapes = _unpack_shapes(take("u1", 2 * count)) if affine else None
    if len(take("u1", -1)) != gaps:
        raise ValueError("the parts do not fit together")
    frames = decode_frames(shares, octaves, turns, (width, height), TABLES)
    return LocalCodes(
        words=words,
        signatures=signatures,
        features=np.arange(count, dtype=np.int32),
        frames=frames,
        aggregate=aggregate,
        size=(width, height),
        shapes=shapes,
    )


def _pack_shapes(shapes: NDArray[np.float32]) -> bytes:
    values = np.stack([np.log2(np.maximum(shapes[:, 0], 1e-3)), shapes[:, 1]], axis=1)
    shares = np.clip(values / (2 * STRETCH) + 0.5, 0, 1)
    return np.round(shares * 254).astype(np.uint8).tobytes()  # 127 is no stretch at all


def _unpack_shapes(content: NDArray[np.uint8]) -> NDArray[np.float32]:
    values = (content.reshape(-1, 2) / 254.0 - 0.5) * (2 * STRETCH)
    return np.stack([2.0 ** values[:, 0], values[:, 1]], axis=1).astype(np.float32)


def _reader(blob: bytes, start: int) -> Callable[[str, int], NDArray[Any]]:
    place = start

    def take(dtype: str, count: int) -> NDArray[Any]:
        """The next ``count`` values, or all that are left for -1."""
        nonlocal place
        if count == 0 or place == len(blob):
            return np.frombuffer(b"", dtype, max(count, 0))
        array = np.frombuffer(blob, dtype, count, place)
        place += array.nbytes
        return array

    return take


def _pack_words(words: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Differences as bytes: 255 adds 255 and goes on, anything less ends a word."""
    gaps = np.diff(words, prepend=np.int32(0))
    more, last = gaps // 255, gaps % 255
    content = np.full(int(more.sum()) + len(gaps), 255, np.uint8)
    content[np.cumsum(more + 1) - 1] = last
    return content


def _pack_aggregate(codes: LocalCodes) -> tuple[int, bytes]:
    aggregate = codes.aggregate
    if aggregate.vectors.dtype == np.uint8:
        return COUNTS, b""
    if aggregate.vectors.dtype == np.float32:
        return FLOATS, aggregate.vectors.astype("<f2").tobytes()
    if len(aggregate) == len(codes.words):
        return SHARED, b""
    _, counts = _runs(codes.words)
    return REPEATED, aggregate.vectors[counts > 1].astype("<u8").tobytes()


def _unpack_aggregate(
    kind: int,
    entries: int,
    rest: int,
    words: NDArray[np.int32],
    signatures: NDArray[np.uint64],
    take: Callable[[str, int], NDArray[Any]],
) -> Aggregate:
    if kind == SHARED:
        return Aggregate(words, signatures)
    if kind == COUNTS:
        starts, counts = _runs(words)
        many = np.minimum(counts, 255).astype(np.uint8)[:, None]
        return _checked(Aggregate(words[starts], many), entries)
    if kind == REPEATED:
        sums = take("<u8", rest // 8).reshape(-1, signatures.shape[1])
        own, vectors, used = merge_repeated(words, signatures, sums.astype(np.uint64, copy=False))
        if used != len(sums):
            raise ValueError("the aggregate has other words")
        return _checked(Aggregate(own, vectors), entries)
    if kind != FLOATS:
        raise ValueError("an unknown kind of aggregate")
    own = words if entries == len(words) else words[_runs(words)[0]]
    dimension = 64 * signatures.shape[1]
    rows = take("<f2", entries * dimension).reshape(entries, dimension)
    if not np.isfinite(rows).all():
        raise ValueError("a vector is not finite")
    return _checked(Aggregate(own, rows.astype(np.float32)), entries)


def _checked(aggregate: Aggregate, entries: int) -> Aggregate:
    if len(aggregate) != entries:
        raise ValueError("the aggregate has other words")
    return aggregate


def _runs(words: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First row and length of each run of equal words."""
    ends = np.empty(len(words), np.bool_)
    ends[-1:] = True
    np.not_equal(words[1:], words[:-1], out=ends[:-1])
    after = np.flatnonzero(ends) + 1
    counts = after.copy()
    counts[1:] -= after[:-1]
    return after - counts, counts
