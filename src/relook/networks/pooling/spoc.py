"""SPoC: the average activation of each channel."""

from __future__ import annotations

from torch import Tensor

from relook.networks.pooling.base import Pooling
from relook.networks.pooling.numerics import widen

__all__ = ["Spoc", "spoc"]


def spoc(maps: Tensor) -> Tensor:
    """The average over all locations: ``(B, C, h, w)`` → ``(B, C)``.

    After l2 it is the sum of Babenko and Lempitsky 2015, without their center prior.
    """
    return widen(maps).mean((-2, -1))


class Spoc(Pooling):
    """:func:`spoc` as a module."""

    def __init__(self, *, channels: int) -> None:
        super().__init__(channels)

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, C)``."""
        return spoc(maps)
