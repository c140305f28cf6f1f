"""MAC: the maximum activation of each channel."""

from __future__ import annotations

from torch import Tensor

from relook.networks.pooling.base import Pooling
from relook.networks.pooling.numerics import widen

__all__ = ["Mac", "mac"]


def mac(maps: Tensor) -> Tensor:
    """The maximum over all locations: ``(B, C, h, w)`` → ``(B, C)``.

    Source: Razavian et al. 2014; Tolias, Sicre and Jégou 2016, section 3.
    """
    return widen(maps).amax((-2, -1))


class Mac(Pooling):
    """:func:`mac` as a module."""

    def __init__(self, *, channels: int) -> None:
        super().__init__(channels)

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, C)``."""
        return mac(maps)
