"""How much each location of a picture contributes to its similarity with another one.

A picture x becomes a vector in steps::

    map of each scale s ─pool─► g_s ─l2─► f_s ─W f + b, l2─► u_s ─scales, l2─► z ─P (z − m), l2─► t

and its similarity with a vector t' is t · t'. All steps but the poolings and the norms are linear.
With the norms as they came out for this picture, as plain numbers,

    t · t' = c · (z − m),   c = Pᵀ t' / ‖P (z − m)‖
    c · z  = Σ_s c_s · u_s, c_s = c / ‖Σ u_s‖                       (mean and sum over scales)
                            c_s = c z u_s^(q-1) / Σ_s u_s^q         (GeM over scales with q)
    c_s · u_s = e · f_s + c_s · b / ‖W f_s + b‖,  e = Wᵀ c_s / ‖W f_s + b‖
    e · f_s = (e / ‖g_s‖) · g_s

and the last one is a sum over locations, see :mod:`relook.descriptors.locations`. So the similarity
is, exactly, a sum over all locations of all scales, less what the means are worth: −c · m and the
terms of b. These are the same wherever one looks, and are spread evenly over the picture: a
location that contributes less than this says that the pictures are different.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ShapeError
from relook.descriptors.locations import Affine, Located
from relook.descriptors.multiscale import MultiScale
from relook.vectors import Projection

__all__ = ["Contributions", "Tail", "regrid"]

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """A similarity by location.

    Attributes:
        values: ``(h, w)`` float64 of the finest map; they sum to the similarity.
        constant: what was spread evenly among them.
    """

    values: Float64
    constant: float


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """All that follows the feature maps of a picture.

    Attributes:
        pooling: of a map.
        whiten: the layer after it, if the network has one.
        multiscale: how scales, and mirror images, become one; not ``keep``.
        projection: the whitening of the index, if it has one.
    """

    pooling: Located
    whiten: Affine | None = None
    multiscale: MultiScale = MultiScale()
    projection: Projection | None = None

    def view(self, maps: NDArray[np.floating]) -> Float64:
        """What the network makes of one ``(C, h, w)`` map: ``(D,)``, l2-normalized."""
        return _view(self, np.asarray(maps, np.float64)).vector

    def vector(self, maps: Sequence[NDArray[np.floating]]) -> Float64:
        """The vector of a picture, as the index has it.

        Args:
            maps: ``(C, h, w)`` of each scale, then of each scale mirrored where that is asked for.
        """
        return self._forward(maps).vector

    def contributions(
        self, maps: Sequence[NDArray[np.floating]], other: NDArray[np.floating]
    ) -> Contributions:
        """The inner product with another picture's vector, by location of this one.

        Args:
            maps: as for :meth:`vector`.
            other: ``(d,)`` vector of the other picture.

        Raises:
            ShapeError: the vector is of another dimension, or there are maps too few or too many.
        """
        forward = self._forward(maps)
        if forward.vector.shape != np.shape(other):
            raise ShapeError(
                f"a vector of {np.size(other)} dimensions is not of this network, whose have "
                f"{len(forward.vector)}"
            )
        weights, constant = np.asarray(other, np.float64), 0.0
        if self.projection is not None:
            weights = weights @ self.projection.matrix / forward.whitened
            constant -= float(weights @ self.projection.mean) * forward.described
        scales = len(self.multiscale.scales)
        grids = []
        for number, view in enumerate(forward.views):
            part = weights * forward.shares[number % scales]
            grid, rest = view.spread(self, part)
            grids.append(grid[:, ::-1] if number >= scales else grid)
            constant += rest
        shape = max((grid.shape for grid in grids), key=np.prod)
        values = np.sum([regrid(grid, shape) for grid in grids], axis=0)
        return Contributions(values + constant / values.size, constant)

    def _forward(self, maps: Sequence[NDArray[np.floating]]) -> _Forward:
        scales = len(self.multiscale.scales)
        if len(maps) != scales * (2 if self.multiscale.flip else 1):
            raise ShapeError(f"{scales} scales have other than {len(maps)} maps")
        views = tuple(_view(self, np.asarray(one, np.float64)) for one in maps)
        pooled, shares = _combined([view.vector for view in views], self.multiscale)
        vector, length = pooled, 1.0
        if self.projection is not None:
            described = bool(pooled.any())
            raw = (pooled - self.projection.mean) @ self.projection.matrix.T.astype(np.float64)
            length = _length(raw) if self.projection.normalize else 1.0
            vector = raw / length * described
        return _Forward(views, shares, vector, length, bool(pooled.any()))


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """One map on its way to a vector, with the lengths that were divided by."""

    maps: Float64
    vector: Float64
    length: float
    stretched: float

    def spread(self, tail: Tail, weights: Float64) -> tuple[Float64, float]:
        """``weights`` · ``vector`` by location, and what belongs to none."""
        weights, constant = weights / self.stretched, 0.0
        if tail.whiten is not None:
            weights, constant = tail.whiten.pull(weights)
        grid, rest = tail.pooling.spread(self.maps, weights / self.length)
        return grid, constant + rest


@dataclass(frozen=True, slots=True, eq=False)
class _Forward:
    """A picture on its way to a vector.

    Attributes:
        views: of each scale, then mirrored.
        shares: of each scale, ``(D,)`` factors: the pooled vector is Σ shares · vectors.
        vector: at the end.
        whitened: the length of it before the last l2.
        described: whether there was anything to whiten.
    """

    views: tuple[_View, ...]
    shares: list[Float64]
    vector: Float64
    whitened: float
    described: bool


def regrid(grid: Float64, shape: tuple[int, ...]) -> Float64:
    """Lay ``(h, w)`` cells over the same area in another number of cells; the sum stays."""
    if grid.shape == shape:
        return grid
    rows, columns = (_overlaps(*pair) for pair in zip(grid.shape, shape, strict=True))
    return np.asarray(rows @ grid @ columns.T)


def _overlaps(before: int, after: int) -> Float64:
    """``(after, before)``: the share of each old cell that lies in each new one."""
    old, new = np.arange(before) / before, np.arange(after)[:, None] / after
    overlap = np.minimum(old + 1 / before, new + 1 / after) - np.maximum(old, new)
    return np.asarray(np.maximum(overlap, 0.0) * before)


def _view(tail: Tail, maps: Float64) -> _View:
    pooled = tail.pooling.pooled(maps)
    length, stretched = _length(pooled), 1.0
    vector = pooled / length
    if tail.whiten is not None:
        vector = tail.whiten.apply(vector)
        stretched = _length(vector)
        vector = vector / stretched
    return _View(maps, vector, length, stretched)


def _combined(vectors: Sequence[Float64], multiscale: MultiScale) -> tuple[Float64, list[Float64]]:
    """One vector of all scales, and how it is a weighted sum of them, mirrored ones included."""
    scales = len(multiscale.scales)
    plain, lengths = list(vectors[:scales]), [1.0] * scales
    for number, mirrored in enumerate(vectors[scales:]):
        both = plain[number] + mirrored
        lengths[number] = _length(both)
        plain[number] = both / lengths[number]
    stack, ones = np.stack(plain), np.ones_like(plain[0])
    if scales == 1:
        return plain[0], [ones / lengths[0]]
    if multiscale.pool != "gem":
        raw = stack.sum(0)
        factors = np.ones_like(stack)
    else:
        powers = stack**multiscale.p
        raw, total = powers.mean(0) ** (1 / multiscale.p), powers.sum(0)
        used = stack > 0
        factors = np.divide(raw * powers, total * stack, out=np.zeros_like(stack), where=used)
    length = _length(raw)
    return raw / length, [
        factor / (length * own) for factor, own in zip(factors, lengths, strict=True)
    ]


def _length(vector: Float64) -> float:
    """Euclidean; 1 for a zero vector, which stays zero."""
    return float(np.linalg.norm(vector)) or 1.0
