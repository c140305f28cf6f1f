"""Gated max–average pooling: each picture chooses its own blend."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from relook.networks.pooling.base import Pooling
from relook.networks.pooling.mac import mac
from relook.networks.pooling.numerics import widen
from relook.networks.pooling.spoc import spoc

__all__ = ["Gated", "gate", "gated"]


def gate(average: Tensor, weights: Tensor) -> Tensor:
    """σ(ω · average of the map), in (0, 1), for each channel.

    The paper's mask has a weight for every location of a small window. The whole map has any
    size, so here all locations of a channel share one weight.
    """
    return torch.sigmoid(widen(weights) * average)


def gated(maps: Tensor, weights: Tensor) -> Tensor:
    """G · max + (1 − g) · average, g from :func:`gate`: ``(B, C, h, w)``, ``(C,)`` → ``(B, C)``.

    Source: Lee, Gallagher and Tu 2016, equation 2, with the whole map as the region.
    """
    average = spoc(maps)
    return torch.lerp(average, mac(maps), gate(average, weights))


class Gated(Pooling):
    """:func:`gated` as a module; its state has ``weights``, ``(C,)``, learned, 0 at the start."""

    def __init__(self, *, channels: int) -> None:
        super().__init__(channels)
        self.weights = nn.Parameter(torch.zeros(channels))

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, C)``."""
        return gated(maps, self.weights)
