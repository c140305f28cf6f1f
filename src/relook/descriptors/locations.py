"""Which location of a feature map a pooled value comes from, in NumPy.

A pooling that can be taken apart says two things of a ``(C, h, w)`` map: the ``(C,)`` it pools it
to, and how w · pooled, for fixed weights w, is a sum over the h × w locations:

- *SPoC*, the average of N locations: a location gives Σ_d w_d a_d / N.
- *GeM*: g_d = (Σ a_d^p / N)^(1/p) belongs to the locations in shares a_d^p / Σ a_d^p.
- *MAC*: g_d belongs to the location of the maximum, the first one where there are several.
- *R-MAC*: each region's maxima, as for MAC, over the length of the region's vector.

Others are in :mod:`~relook.descriptors.blended_locations` and
:mod:`~relook.descriptors.weighted_locations`.

Source: Radenović, Tolias and Chum, "Fine-tuning CNN Image Retrieval with No Human Annotation",
TPAMI 2019, section 3.2: MAC matches patches implicitly, and GeM the powers of activations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Affine", "Gem", "Located", "Mac", "Rmac", "Spoc", "affine"]

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """W x + b.

    Attributes:
        weight: W, ``(D, C)``.
        bias: b, ``(D,)``.
    """

    weight: Float64
    bias: Float64

    def apply(self, vector: Float64) -> Float64:
        """``(C,)`` → ``(D,)``."""
        return np.asarray(self.weight @ vector + self.bias)

    def pull(self, weights: Float64) -> tuple[Float64, float]:
        """``(D,)`` weights of the result as ``(C,)`` weights of x, and what b adds."""
        return np.asarray(self.weight.T @ weights), float(self.bias @ weights)


class Located(Protocol):
    """A pooling that can be taken apart."""

    def pooled(self, maps: Float64) -> Float64:
        """``(C, h, w)`` → ``(D,)``, before any l2."""
        ...

    def spread(self, maps: Float64, weights: Float64) -> tuple[Float64, float]:
        """``weights`` · pooled by location, ``(h, w)``, and what belongs to no location."""
        ...


@dataclass(frozen=True, slots=True)
class Spoc:
    """The average."""

    def pooled(self, maps: Float64) -> Float64:
        """See :class:`Located`."""
        return np.asarray(maps.mean((1, 2)))

    def spread(self, maps: Float64, weights: Float64) -> tuple[Float64, float]:
        """See :class:`Located`."""
        return np.tensordot(weights, maps, 1) / maps[0].size, 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Gem:
    """The generalized mean.

    Attributes:
        p: ``(1,)`` for all channels, or ``(C,)``.
        eps: values below count as this.
    """

    p: Float64
    eps: float = 1e-6

    def pooled(self, maps: Float64) -> Float64:
        """See :class:`Located`."""
        largest, powers = self._powers(maps)
        return np.asarray(largest * powers.mean((1, 2)) ** (1 / self.p))

    def spread(self, maps: Float64, weights: Float64) -> tuple[Float64, float]:
        """See :class:`Located`."""
        largest, powers = self._powers(maps)
        pooled = largest * powers.mean((1, 2)) ** (1 / self.p)
        return np.tensordot(weights * pooled / powers.sum((1, 2)), powers, 1), 0.0

    def _powers(self, maps: Float64) -> tuple[Float64, Float64]:
        """The maximum of each channel, and (a / maximum)^p, which cannot overflow."""
        maps = np.maximum(maps, self.eps)
        largest = maps.max((1, 2))
        return largest, (maps / largest[:, None, None]) ** self.p[:, None, None]


@dataclass(frozen=True, slots=True)
class Mac:
    """The maximum."""

    def pooled(self, maps: Float64) -> Float64:
        """See :class:`Located`."""
        return np.asarray(maps.max((1, 2)))

    def spread(self, maps: Float64, weights: Float64) -> tuple[Float64, float]:
        """See :class:`Located`."""
        flat = maps.reshape(len(maps), -1)
        best = flat.argmax(1)
        given = np.zeros(flat.shape[1])
        np.add.at(given, best, weights * flat[np.arange(len(flat)), best])
        return given.reshape(maps.shape[1:]), 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Rmac:
    """The sum of regional maxima, each l2-normalized (whitened and normalized again).

    Attributes:
        levels: scales of the regions.
        whole: the whole map is one more region.
        whiten: applied to each regional vector; None: nothing is.
    """

    levels: int = 3
    whole: bool = False
    whiten: Affine | None = None

    def pooled(self, maps: Float64) -> Float64:
        """See :class:`Located`."""
        vectors = [self._of_region(maps[region])[0] for region in self._regions(maps)]
        return np.asarray(np.sum(vectors, axis=0))

    def spread(self, maps: Float64, weights: Float64) -> tuple[Float64, float]:
        """See :class:`Located`."""
        grid, constant = np.zeros(maps.shape[1:]), 0.0
        for region in self._regions(maps):
            part = maps[region]
            _, length, stretched = self._of_region(part)
            pulled, rest = weights / stretched, 0.0
            if self.whiten is not None:
                pulled, rest = self.whiten.pull(pulled)
            grid[region[1:]] += Mac().spread(part, pulled / length)[0]
            constant += rest
        return grid, constant

    def _of_region(self, part: Float64) -> tuple[Float64, float, float]:
        """Its vector, and the lengths that were divided by before and after whitening."""
        maxima = Mac().pooled(part)
        length = _length(maxima)
        vector = maxima / length
        if self.whiten is None:
            return vector, length, 1.0
        white = self.whiten.apply(vector)
        return white / _length(white), length, _length(white)

    def _regions(self, maps: Float64) -> list[tuple[slice, slice, slice]]:
        from relook.networks.pooling.regions import rmac_regions  # noqa: PLC0415 - brings torch

        height, width = maps.shape[1:]
        whole = slice(None)
        found = [
            (whole, slice(row, row + side), slice(column, column + side))
            for row, column, side in rmac_regions(height, width, levels=self.levels)
        ]
        return [(whole, whole, whole), *found] if self.whole else found


def affine(state: Mapping[str, NDArray[Any]], prefix: str) -> Affine:
    """The linear layer of this name."""
    weight, bias = (np.asarray(state[prefix + key], np.float64) for key in ("weight", "bias"))
    return Affine(weight, bias)


def _length(vector: Float64) -> float:
    """Euclidean; 1 for a zero vector, which stays zero."""
    return float(np.linalg.norm(vector)) or 1.0
