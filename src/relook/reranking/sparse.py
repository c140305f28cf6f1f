"""Sparse symmetric matrices in compressed rows, and the few things that diffusion does to them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled

__all__ = ["Csr", "combine", "extract", "extract_into", "multiply"]

Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


class Csr(NamedTuple):
    """An ``(N, N)`` matrix; row i has the entries ``offsets[i]`` to before ``offsets[i + 1]``.

    ``offsets`` is ``(N + 1,)`` int64; ``columns`` int32, increasing in each row, and ``weights``
    float64 are ``(M,)``.
    """

    offsets: Int64
    columns: Int32
    weights: Float64

    @property
    def rows(self) -> int:
        """N."""
        return len(self.offsets) - 1

    def dense(self) -> Float64:
        """The ``(N, N)`` matrix with its zeros."""
        full = np.zeros((self.rows, self.rows))
        full[np.repeat(np.arange(self.rows), np.diff(self.offsets)), self.columns] = self.weights
        return full


@compiled()
def multiply(matrix: Csr, values: Float64, product: Float64) -> None:
    """Write the matrix times ``(N,)`` values into ``product``."""
    offsets, columns, weights = matrix.offsets, matrix.columns, matrix.weights
    for row in range(len(product)):
        total = 0.0
        for at in range(offsets[row], offsets[row + 1]):
            total += weights[at] * values[columns[at]]
        product[row] = total


def extract(matrix: Csr, nodes: Int64) -> Csr:
    """Rows and columns ``nodes`` (increasing, each once) of the matrix."""
    places = np.full(matrix.rows, -1, np.int32)
    places[nodes] = np.arange(len(nodes), dtype=np.int32)
    most = int((matrix.offsets[nodes + 1] - matrix.offsets[nodes]).sum())
    part = Csr(np.zeros(len(nodes) + 1, np.int64), np.empty(most, np.int32), np.empty(most))
    count = extract_into(matrix, nodes, places, part)
    return Csr(part.offsets, part.columns[:count], part.weights[:count])


@compiled()
def extract_into(matrix: Csr, nodes: Int64, places: Int32, part: Csr) -> int:
    """The loop of :func:`extract`; ``places`` are the numbers of nodes in the part, else -1."""
    count = 0
    for row in range(len(nodes)):
        for at in range(matrix.offsets[nodes[row]], matrix.offsets[nodes[row] + 1]):
            column = places[matrix.columns[at]]
            if column >= 0:
                part.columns[count] = column
                part.weights[count] = matrix.weights[at]
                count += 1
        part.offsets[row + 1] = count
    return count


def combine(first: Csr, second: Csr, *, product: bool) -> Csr:
    """Sum, or product entry by entry, of two matrices of equal size."""
    most = len(first.columns) + len(second.columns)
    result = Csr(np.zeros(first.rows + 1, np.int64), np.empty(most, np.int32), np.empty(most))
    count = _combine(first, second, product, result)
    return Csr(result.offsets, result.columns[:count].copy(), result.weights[:count].copy())


@compiled()
def _combine(first: Csr, second: Csr, product: bool, result: Csr) -> int:
    count = 0
    for row in range(len(result.offsets) - 1):
        left, right = first.offsets[row], second.offsets[row]
        while left < first.offsets[row + 1] or right < second.offsets[row + 1]:
            column = (
                second.columns[right] if right < second.offsets[row + 1] else np.int32(2**31 - 1)
            )
            mine = left < first.offsets[row + 1] and first.columns[left] <= column
            theirs = right < second.offsets[row + 1] and (not mine or first.columns[left] == column)
            if mine:
                column = first.columns[left]
            if not product or (mine and theirs):
                one = first.weights[left] if mine else 0.0
                other = second.weights[right] if theirs else 0.0
                result.columns[count] = column
                result.weights[count] = one * other if product else one + other
                count += 1
            left += mine
            right += theirs
        result.offsets[row + 1] = count
    return count
