"""What moves the points of a t-SNE: neighbors pull, everyone pushes; openTSNE takes the steps.

Faster than openTSNE's own: the push of all is one convolution on a grid whose kernels are kept from
step to step, in single precision, and the pull is shared among threads. What comes out does not
depend on their number.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from relook.core.numba_cache import compiled

__all__ = ["Forces", "forces_among"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Complex64 = NDArray[np.complex64]

_SPACING = 0.4
"""Of the grid: the push is then as close to the sums as that of openTSNE's grid."""
_FEWEST, _MOST = 96, 2048
"""Nodes along a side: a small map has a finer grid, one with points that shot off a coarser one."""
_ROUND = 16
"""Sides grow by so many nodes, so that kernels are not made anew at every step."""
_ROWS = 4096
"""Points whose pull one thread finds at a time."""
_FEW = 4096
"""Up to so many points all pairs are summed, which is faster than a grid."""
_BLOCK = 256
"""Of those whose push one thread finds at a time."""
_FAST = frozenset({"reassoc", "contract"})


class _Grid(NamedTuple):
    low: Float64
    spacing: float
    nodes: int


class _Kernels(NamedTuple):
    """Transforms of 1 / (1 + d²), and the sines of d_x and d_y / (1 + d²)²: all of them real."""

    size: int
    near: Float32
    across: Float32
    down: Float32


class Forces:
    """The gradient of a t-SNE in the plane, for ``negative_gradient_method`` of openTSNE.

    Args:
        pool: that the work is shared in.
        threads: of it.
        each: called at every step; what it raises ends the work.

    Source: van der Maaten, Hinton, JMLR 2008, eq. 5; the grid: Linderman et al., Nature Methods
    2019, here with cubic interpolation, and with kernels of the force itself.
    """

    def __init__(self, pool: ThreadPoolExecutor, *, threads: int, each: Callable[[], None]) -> None:
        self._pool, self._threads, self._each = pool, threads, each
        self._kernels: dict[tuple[float, int], _Kernels] = {}

    def __call__(self, embedding: Any, P: Any, **_: Any) -> tuple[float, Float64]:  # noqa: N803
        """The error, which nobody asks for and is not found, and the gradient ``(N, 2)`` / 4."""
        self._each()
        places = np.ascontiguousarray(embedding, np.float64)
        gradient = self._pull(places, P)
        push, total = (self._push_all if len(places) <= _FEW else self._push)(places)
        gradient -= push / total
        return 0.0, gradient

    def _pull(self, places: Float64, P: Any) -> Float64:  # noqa: N803
        found = np.empty_like(places)

        def some(first: int) -> None:
            rows = (first, min(first + _ROWS, len(places)))
            _attract(P.indptr, P.indices, P.data, (places, places), found, rows)

        list(self._pool.map(some, range(0, len(places), _ROWS)))
        return found

    def _push_all(self, places: Float64) -> tuple[Float64, float]:
        """The same as :meth:`_push`, pair by pair."""
        push, near = np.empty_like(places), np.empty(len(places))
        x, y = np.ascontiguousarray(places.T)

        def some(first: int) -> None:
            rows = (first, min(first + _BLOCK, len(places)))
            _repel(places, (x, y), push, near, rows)

        list(self._pool.map(some, range(0, len(places), _BLOCK)))
        return push, max(float(near.sum()) - len(places), 1e-12)

    def _push(self, places: Float64) -> tuple[Float64, float]:
        """``(N, 2)`` sums of (y_i - y_j) / (1 + d²)², and that of 1 / (1 + d²) over all pairs."""
        grid = _grid(places)
        kernels = self._kernels_of(grid)
        count = np.zeros((grid.nodes, grid.nodes), np.float32)
        _spread(places, grid.low, grid.spacing, count)
        workers, size = self._threads, kernels.size
        rows = scipy.fft.rfft(count, n=size, axis=1, workers=workers)
        spectrum = scipy.fft.fft(rows, n=size, axis=0, workers=workers)

        def field(product: Complex64) -> Float32:
            """Only of the rows and columns where there are points."""
            some = scipy.fft.ifft(product, axis=0, workers=workers, overwrite_x=True)[: grid.nodes]
            return np.asarray(scipy.fft.irfft(some, n=size, axis=1, workers=workers), np.float32)

        near = field(spectrum * kernels.near)
        spectrum *= np.complex64(-1j)
        across, down = field(spectrum * kernels.across), field(spectrum * kernels.down)
        push = np.empty_like(places)
        total = _gather(places, grid.low, grid.spacing, (near, across, down), push)
        return push, max(total - len(places), 1e-12)

    def _kernels_of(self, grid: _Grid) -> _Kernels:
        key = (grid.spacing, grid.nodes)
        if key not in self._kernels:
            self._kernels = {key: _make_kernels(grid, workers=self._threads)}
        return self._kernels[key]


def forces_among(embedding: Any, P: Any, **options: Any) -> tuple[float, Float64]:  # noqa: N803
    """The same for ``(M, 2)`` new points, which old ones move, and which do not move each other.

    Source: Poličar, Stražar, Zupan, Machine Learning 2023.
    """
    points = np.ascontiguousarray(embedding, np.float64)
    places = np.ascontiguousarray(options["reference_embedding"], np.float64)
    x, y = np.ascontiguousarray(places.T)
    pull, push, near = np.empty_like(points), np.empty_like(points), np.empty(len(points))
    rows = (0, len(points))
    _attract(P.indptr, P.indices, P.data, (points, places), pull, rows)
    _repel(points, (x, y), push, near, rows)
    return 0.0, pull - push / near[:, None]


def _grid(places: Float64) -> _Grid:
    low, high = places.min(axis=0), places.max(axis=0)
    side = max(float((high - low).max()), 1e-12)
    finer = np.ceil(np.log2(max(1.0, _SPACING * _FEWEST / side)))
    spacing = max(_SPACING * 0.5**finer, side / _MOST)
    nodes = int(side / spacing) + 5  # each point has two nodes on all sides
    return _Grid(low - 1.5 * spacing, float(spacing), -(-nodes // _ROUND) * _ROUND)


def _make_kernels(grid: _Grid, *, workers: int) -> _Kernels:
    size = int(scipy.fft.next_fast_len(2 * grid.nodes, real=True))
    number = np.arange(size)
    away = (np.where(2 * number <= size, number, number - size) * grid.spacing).astype(np.float32)
    near = 1 / (1 + away[:, None] ** 2 + away**2)
    force = near * near * np.where(2 * number == size, 0, away)
    across = -scipy.fft.rfft2(force, workers=workers).imag
    down = -scipy.fft.rfft2(np.ascontiguousarray(force.T), workers=workers).imag
    near = scipy.fft.rfft2(near, workers=workers).real
    parts = [np.ascontiguousarray(part, np.float32) for part in (near, across, down)]
    return _Kernels(size, *parts)


@compiled(fastmath=_FAST)
def _attract(
    starts: NDArray[np.int32], others: NDArray[np.int32], weights: Float64,
    ends: tuple[Float64, Float64], found: Float64, rows: tuple[int, int],
) -> None:  # fmt: skip
    points, places = ends
    for i in range(rows[0], rows[1]):
        x, y = points[i, 0], points[i, 1]
        across, down = 0.0, 0.0
        for e in range(starts[i], starts[i + 1]):
            j = others[e]
            dx, dy = x - places[j, 0], y - places[j, 1]
            share = weights[e] / (1.0 + dx * dx + dy * dy)
            across += share * dx
            down += share * dy
        found[i, 0], found[i, 1] = across, down


@compiled(fastmath=_FAST)
def _repel(
    points: Float64, places: tuple[Float64, Float64], push: Float64, near: Float64,
    rows: tuple[int, int],
) -> None:  # fmt: skip
    x, y = places
    for i in range(rows[0], rows[1]):
        total, across, down = 0.0, 0.0, 0.0
        for j in range(len(x)):
            dx, dy = points[i, 0] - x[j], points[i, 1] - y[j]
            share = 1.0 / (1.0 + dx * dx + dy * dy)
            total += share
            across += share * share * dx
            down += share * share * dy
        near[i], push[i, 0], push[i, 1] = total, across, down


@compiled()
def _cubic(at: float, weights: Float64) -> int:
    """Lagrange's weights of the four nodes around, and the first of them."""
    node = int(at)
    t = at - node
    weights[0] = -t * (t - 1.0) * (t - 2.0) / 6.0
    weights[1] = (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0
    weights[2] = -(t + 1.0) * t * (t - 2.0) / 2.0
    weights[3] = (t + 1.0) * t * (t - 1.0) / 6.0
    return node - 1


@compiled()
def _spread(places: Float64, low: Float64, spacing: float, count: Float32) -> None:
    across, down = np.empty(4), np.empty(4)
    for i in range(len(places)):
        column = _cubic((places[i, 0] - low[0]) / spacing, across)
        row = _cubic((places[i, 1] - low[1]) / spacing, down)
        for a in range(4):
            for b in range(4):
                count[row + a, column + b] += np.float32(down[a] * across[b])


@compiled()
def _gather(
    places: Float64, low: Float64, spacing: float, fields: tuple[Float32, Float32, Float32],
    push: Float64,
) -> float:  # fmt: skip
    near, right, under = fields
    across, down = np.empty(4), np.empty(4)
    total = 0.0
    for i in range(len(places)):
        column = _cubic((places[i, 0] - low[0]) / spacing, across)
        row = _cubic((places[i, 1] - low[1]) / spacing, down)
        x, y = 0.0, 0.0
        for a in range(4):
            for b in range(4):
                share = down[a] * across[b]
                total += share * near[row + a, column + b]
                x += share * right[row + a, column + b]
                y += share * under[row + a, column + b]
        push[i, 0], push[i, 1] = x, y
    return total
