"""The hot loop of offline diffusion: one truncated column of (1 - α)(I - α𝒲)^-1 per node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.numba_cache import compiled
from relook.reranking.linear import conjugate_gradient
from relook.reranking.sparse import Csr, extract_into

__all__ = ["Parts", "Task", "join", "largest", "neighborhood", "solve_columns"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


class Task(NamedTuple):
    """How far and how exactly.

    Attributes:
        truncate: nodes of a neighborhood.
        keep: entries of a column that are kept, the largest.
        alpha: 0 ≤ α < 1.
        iterations: of conjugate gradient, at most.
        tolerance: residual at which it stops.
    """

    truncate: int = 1000
    keep: int = 500
    alpha: float = 0.99
    iterations: int = 20
    tolerance: float = 1e-6


class Parts(NamedTuple):
    """Columns one after another, as :class:`OfflineDiffusion` keeps them."""

    offsets: Int64
    rows: Int32
    values: Float32


def join(parts: Sequence[Parts]) -> Parts:
    """Columns of several blocks."""
    counts = [np.zeros(1, np.int64), *(np.diff(part.offsets) for part in parts)]
    return Parts(
        np.cumsum(np.concatenate(counts)),
        np.concatenate([np.zeros(0, np.int32), *(part.rows for part in parts)]),
        np.concatenate([np.zeros(0, np.float32), *(part.values for part in parts)]),
    )


@compiled()
def solve_columns(matrix: Csr, first: int, last: int, task: Task) -> Parts:
    """Columns of the nodes from ``first`` to before ``last``."""
    places = np.full(len(matrix.offsets) - 1, -1, np.int32)
    most = min(task.keep, task.truncate)
    offsets = np.zeros(last - first + 1, np.int64)
    rows, values = np.empty(most * (last - first), np.int32), np.empty(most * (last - first))
    for node in range(first, last):
        nodes = neighborhood(matrix, node, task.truncate, places)
        for i in range(len(nodes)):
            places[nodes[i]] = i
        edges = 0
        for i in range(len(nodes)):
            edges += matrix.offsets[nodes[i] + 1] - matrix.offsets[nodes[i]]
        part = Csr(np.zeros(len(nodes) + 1, np.int64), np.empty(edges, np.int32), np.empty(edges))
        extract_into(matrix, nodes, places, part)
        y = np.zeros(len(nodes))
        y[places[node]] = 1 - task.alpha
        f = conjugate_gradient(part, y, task.alpha, task.tolerance, task.iterations)
        for i in range(len(nodes)):
            places[nodes[i]] = -1
        at = offsets[node - first]
        for i in largest(f, most):
            if f[i] > 0:
                rows[at], values[at] = nodes[i], f[i]
                at += 1
        offsets[node - first + 1] = at
    count = offsets[-1]
    return Parts(offsets, rows[:count].copy(), values[:count].astype(np.float32))


@compiled()
def neighborhood(matrix: Csr, start: int, most: int, places: Int32) -> Int64:
    """The nodes that few edges join with ``start``; of the farthest those with the most weight.

    ``places`` is ``(N,)``, -1 everywhere, and is so again afterwards.
    """
    nodes, weights = [np.int64(start)], [1.0]
    places[start] = 0
    begin, end = 0, 1
    while begin < end < most:
        for i in range(begin, end):
            for at in range(matrix.offsets[nodes[i]], matrix.offsets[nodes[i] + 1]):
                other = np.int64(matrix.columns[at])
                if places[other] < 0:
                    places[other] = len(nodes)
                    nodes.append(other)
                    weights.append(0.0)
                if places[other] >= end:
                    weights[places[other]] += matrix.weights[at] * weights[i]
        begin, end = end, len(nodes)
    found, far = np.array(nodes), np.array(weights)
    for node in found:
        places[node] = -1
    if len(found) > most:
        chosen = largest(far[begin:], most - begin)
        for i in range(len(chosen)):
            found[begin + i] = found[begin + chosen[i]]
    return found[:most]


@compiled()
def largest(values: Float64, count: int) -> Int64:
    """Positions of the ``count`` largest values, increasing; of equal ones the first."""
    if len(values) <= count:
        return np.arange(len(values))
    least = _kth_smallest(values.copy(), len(values) - count)
    free = count
    for i in range(len(values)):
        free -= values[i] > least
    chosen = np.empty(count, np.int64)
    found = 0
    for i in range(len(values)):
        if values[i] > least or (values[i] == least and free > 0):
            free -= values[i] == least
            chosen[found] = i
            found += 1
    return chosen


@compiled()
def _kth_smallest(values: Float64, k: int) -> float:
    """What stands at ``k`` when sorted, by Hoare; numba takes 10 s to compile np.partition."""
    low, high = 0, len(values) - 1
    while low < high:
        pivot = values[(low + high) // 2]
        left, right = low, high
        while left <= right:
            while values[left] < pivot:
                left += 1
            while values[right] > pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if k <= right:
            high = right
        elif k >= left:
            low = left
        else:
            break
    return float(values[k])
