"""Poolings in which the map itself says how much its locations count, taken apart by location.

What the map says, such as CroW's weights, is taken as it came out, as plain numbers. What is left
is a sum over locations:

- *CroW*: a location gives its values, times its own weight and those of the channels.
- *top-k*: each of the k locations that a classifier is surest of gives its own vector, normalized
  and whitened; all others give nothing.
- *NetVLAD*: a location x gives a share s_k of itself to each center c_k, Σ_k s_k (x − c_k), each
  term over the two lengths that the residuals of the center were divided by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.descriptors.locations import Affine

__all__ = ["Crow", "NetVlad", "TopK"]

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Crow:
    """The sum with weights of locations and of channels.

    Attributes:
        variant: see :func:`relook.networks.pooling.crow`, which has the source.
        eps: ε there.
    """

    variant: str = "paper"
    eps: float = 1e-6

    def pooled(self, maps: Float64) -> Float64:
        """See :class:`~relook.descriptors.locations.Located`."""
        places, channels = self._weights(maps)
        return np.asarray((maps * places).sum((1, 2)) * channels)

    def spread(self, maps: Float64, weights: Float64) -> tuple[Float64, float]:
        """See :class:`~relook.descriptors.locations.Located`."""
        places, channels = self._weights(maps)
        return np.tensordot(weights * channels, maps, 1) * places, 0.0

    def _weights(self, maps: Float64) -> tuple[Float64, Float64]:
        """``(h, w)`` of the locations and ``(C,)`` of the channels."""
        places = np.maximum(maps.sum(0), 0.0)
        if self.variant == "paper":
            shares = self.eps + (maps != 0).mean((1, 2))
            return np.sqrt(places / _lengths(places.ravel())), np.log(shares.sum() / shares)
        return places, -np.log(self.eps + (maps > 0).sum((1, 2)))


@dataclass(frozen=True, slots=True, eq=False)
class TopK:
    """The sum of the vectors of a few locations; see :func:`relook.networks.pooling.top_k`.

    Attributes:
        classify: the classifier that chooses them.
        k: how many; all, where the map has fewer.
        whiten: applied to each vector; None: nothing is.
    """

    classify: Affine
    k: int = 5
    whiten: Affine | None = None

    def pooled(self, maps: Float64) -> Float64:
        """See :class:`~relook.descriptors.locations.Located`."""
        return np.asarray(self._vectors(maps)[1].sum(0))

    def spread(self, maps: Float64, weights: Float64) -> tuple[Float64, float]:
        """See :class:`~relook.descriptors.locations.Located`."""
        cells, vectors = self._vectors(maps)
        given = np.zeros(maps[0].size)
        given[cells] = vectors @ weights
        return given.reshape(maps.shape[1:]), 0.0

    def _vectors(self, maps: Float64) -> tuple[NDArray[np.int64], Float64]:
        """The chosen cells, and the ``(k, D)`` vectors there."""
        rows = maps.reshape(len(maps), -1).T
        logits = rows @ self.classify.weight.T + self.classify.bias
        cells = np.argsort(-logits.max(1), kind="stable")[: self.k]
        vectors = rows[cells] / _lengths(rows[cells])
        if self.whiten is not None:
            vectors = vectors @ self.whiten.weight.T + self.whiten.bias
        return cells, vectors


@dataclass(frozen=True, slots=True, eq=False)
class NetVlad:
    """Residuals to centers; see :func:`relook.networks.pooling.netvlad`, which has the source.

    Attributes:
        centers: ``(K, C)``.
        assign: what the shares of the centers are the softmax of, C → K.
    """

    centers: Float64
    assign: Affine

    def pooled(self, maps: Float64) -> Float64:
        """See :class:`~relook.descriptors.locations.Located`; l2-normalized already."""
        rows, shares = self._shares(maps)
        vector = (self._residuals(rows, shares) / self._divisors(rows, shares)).ravel()
        return np.asarray(vector)

    def spread(self, maps: Float64, weights: Float64) -> tuple[Float64, float]:
        """See :class:`~relook.descriptors.locations.Located`."""
        rows, shares = self._shares(maps)
        parts = weights.reshape(self.centers.shape) / self._divisors(rows, shares)
        given = shares * (rows @ parts.T - (parts * self.centers).sum(1))
        return given.sum(1).reshape(maps.shape[1:]), 0.0

    def _shares(self, maps: Float64) -> tuple[Float64, Float64]:
        """``(N, C)`` normalized locations, and ``(N, K)`` the shares that centers have of them."""
        rows = maps.reshape(len(maps), -1).T
        rows = rows / _lengths(rows)
        scores = rows @ self.assign.weight.T + self.assign.bias
        powers = np.exp(scores - scores.max(1, keepdims=True))
        return rows, powers / powers.sum(1, keepdims=True)

    def _residuals(self, rows: Float64, shares: Float64) -> Float64:
        return np.asarray(shares.T @ rows - shares.sum(0)[:, None] * self.centers)

    def _divisors(self, rows: Float64, shares: Float64) -> Float64:
        """``(K, 1)`` lengths within the centers, times the length of all together."""
        residuals = self._residuals(rows, shares)
        lengths = _lengths(residuals)
        return np.asarray(lengths * _lengths((residuals / lengths).ravel()))


def _lengths(rows: Float64) -> Float64:
    """Euclidean along the last axis, which stays; 1 for zero vectors, which stay zero."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.where(lengths > 0, lengths, 1.0)
