"""Inner products of one query with many rows, as fast as memory delivers them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled

__all__ = ["dots", "dots_half", "dots_int8", "frozen", "nearest_values", "scan_codes"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

SUM = frozenset({"reassoc", "contract"})
"""Let sums use SIMD."""

REBIAS = np.float32(2.0**112)
"""The exponent bias of float32 over that of float16, as a factor."""


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A view of one type, mapped or in memory, so that numba compiles each loop only once."""
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


@compiled(fastmath=SUM)
def dots(query: Float64, rows: Float32, scores: Float32) -> None:
    """Inner products, summed in float64, so that they do not depend on what stands beside a row.

    Four rows at a time, because one stream does not fill the memory bus.
    """
    last = len(rows) - 1
    for row in range(0, len(rows), 4):
        second, third, fourth = min(row + 1, last), min(row + 2, last), min(row + 3, last)
        left, right, over, under = rows[row], rows[second], rows[third], rows[fourth]
        a = b = c = d = 0.0
        for column in range(len(query)):
            value = query[column]
            a += np.float64(left[column]) * value
            b += np.float64(right[column]) * value
            c += np.float64(over[column]) * value
            d += np.float64(under[column]) * value
        scores[fourth], scores[third], scores[second], scores[row] = d, c, b, a


@compiled(fastmath=SUM)
def dots_half(query: Float64, rows: NDArray[np.uint16], scores: Float32) -> None:
    """The same for float16 rows, given as their bits: numba has no float16."""
    for row in range(len(rows)):
        bits = rows[row]
        total = 0.0
        for column in range(len(query)):
            half = np.uint32(bits[column])
            wide = np.uint32((half & 0x7FFF) << 13 | (half & 0x8000) << 16)
            total += np.float64(wide.view(np.float32) * REBIAS) * query[column]
        scores[row] = total


@compiled()
def dots_int8(
    query: NDArray[np.int16], codes: NDArray[np.int8], scales: Float32, scores: Float32
) -> None:
    """Inner products of integers, exact in 32 bits, times the scale of each row."""
    for row in range(len(codes)):
        code = codes[row]
        total = np.int32(0)
        for column in range(len(query)):
            total = np.int32(total + np.int32(code[column]) * np.int32(query[column]))
        scores[row] = np.float32(total) * scales[row]


@compiled(fastmath=SUM)
def nearest_values(
    rows: Float32, books: Float32, halves: Float32, codes: NDArray[np.uint8]
) -> None:
    """Write the nearest of 256 values for every byte; FAISS takes several times as long.

    Args:
        rows: ``(N, M d)``.
        books: ``(M, d, 256)``.
        halves: ``(M, 256)``, half the squared length of each value.
        codes: ``(N, M)``, written in place.
    """
    width, values = books.shape[1], books.shape[2]
    near = np.empty(values, np.float32)
    for row in range(len(rows)):
        for byte in range(len(books)):
            near[:] = 0
            near -= halves[byte]
            for column in range(width):
                value, line = rows[row, byte * width + column], books[byte, column]
                for place in range(values):
                    near[place] += value * line[place]
            best = near[0]
            for place in range(values):
                best = max(best, near[place])
            for place in range(values):
                if near[place] == best:
                    codes[row, byte] = place
                    break


@compiled()
def scan_codes(
    table: Float32, codes: NDArray[np.uint8], spans: Int64, bases: Float32, scores: Float32
) -> None:
    """Add up what the bytes of coded rows are worth, four rows at a time.

    Args:
        table: ``(M, 256)``, the worth of each value of each byte.
        codes: ``(N, M)``.
        spans: ``(S, 3)`` first row, the one after the last, and where its score goes.
        bases: ``(S,)`` what all rows of a span are worth.
        scores: written in place.
    """
    for number in range(len(spans)):
        start, stop, out = spans[number, 0], spans[number, 1], spans[number, 2]
        base, last = bases[number], spans[number, 1] - 1
        for row in range(start, stop, 4):
            second, third, fourth = min(row + 1, last), min(row + 2, last), min(row + 3, last)
            left, right, over, under = codes[row], codes[second], codes[third], codes[fourth]
            a = b = c = d = base
            for byte in range(len(table)):
                worth = table[byte]
                a += worth[left[byte]]
                b += worth[right[byte]]
                c += worth[over[byte]]
                d += worth[under[byte]]
            at = out - start
            scores[at + fourth], scores[at + third] = d, c
            scores[at + second], scores[at + row] = b, a
