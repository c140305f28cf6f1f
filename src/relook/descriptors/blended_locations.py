"""Blends of the maximum and the average, taken apart by location.

g = a · max + (1 − a) · average. Where the map chooses a, it is taken as it came out, as a plain
number for each channel: then both parts are sums over locations, as those of MAC and of SPoC.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from relook.descriptors.locations import Mac, Spoc

__all__ = ["Blend", "gated", "mixed", "tree"]

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blend:
    """A share of the maximum, the rest of the average.

    Attributes:
        share: ``(C,)`` averages → a, ``(C,)`` or ``(1,)``.
    """

    share: Callable[[Float64], Float64]

    def pooled(self, maps: Float64) -> Float64:
        """See :class:`~relook.descriptors.locations.Located`."""
        average = Spoc().pooled(maps)
        a = self.share(average)
        return np.asarray(a * Mac().pooled(maps) + (1 - a) * average)

    def spread(self, maps: Float64, weights: Float64) -> tuple[Float64, float]:
        """See :class:`~relook.descriptors.locations.Located`."""
        a = self.share(Spoc().pooled(maps))
        largest, _ = Mac().spread(maps, weights * a)
        average, _ = Spoc().spread(maps, weights * (1 - a))
        return largest + average, 0.0


def mixed(a: Float64) -> Blend:
    """The same blend for all pictures; see :func:`relook.networks.pooling.mixed`."""
    return Blend(lambda _: a)


def gated(weights: Float64) -> Blend:
    """Each picture chooses; see :func:`relook.networks.pooling.gated`."""
    return Blend(lambda average: expit(weights * average))


def tree(leaves: Float64, gates: Float64) -> Blend:
    """Gates choose among the blends of leaves; see :func:`relook.networks.pooling.tree`."""

    def share(average: Float64) -> Float64:
        nodes = np.repeat(leaves[:, None], len(average), axis=1)
        chances = expit(gates * average)
        while len(nodes) > 1:
            level = chances[len(nodes) // 2 - 1 : len(nodes) - 1]
            nodes = level * nodes[0::2] + (1 - level) * nodes[1::2]
        return np.asarray(nodes[0])

    return Blend(share)
