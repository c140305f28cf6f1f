"""Regional descriptors: one vector for each window of a grid, for exhaustive cross matching."""

from __future__ import annotations

import torch
from torch import Tensor

from relook.networks.pooling.base import Pooling, check_count
from relook.networks.pooling.mac import mac
from relook.networks.pooling.numerics import l2

__all__ = ["Regional", "regional"]


def regional(maps: Tensor, *, levels: int = 3) -> Tensor:
    """The maximum in each window, l2-normalized: ``(B, C, h, w)`` → ``(B, R, C)``.

    Level l has l × l windows, 2 / (l + 1) of the height and width of the map each, so that
    neighbors overlap by half. They are rounded outward to whole cells. R is 1 + 4 + … + levels²
    for maps of every size; the first window is the whole map.

    Source: Razavian et al. 2014, section 3.2 (spatial search), on the feature map as in Razavian
    et al. 2016 rather than on the pixels.
    """
    height, width = maps.shape[-2:]
    windows = [
        maps[..., slice(*_span(height, row, level)), slice(*_span(width, column, level))]
        for level in range(1, levels + 1)
        for row in range(level)
        for column in range(level)
    ]
    return l2(torch.stack([mac(window) for window in windows], dim=1))


def _span(length: int, place: int, level: int) -> tuple[int, int]:
    """First cell, and the one after the last, of a window along one side; never empty."""
    return length * place // (level + 1), (length * (place + 2) + level) // (level + 1)


class Regional(Pooling):
    """:func:`regional` as a module.

    Args:
        channels: C.
        levels: windows of 1², 2², … levels² to the map.
    """

    is_regional = True

    def __init__(self, *, channels: int, levels: int = 3) -> None:
        super().__init__(channels)
        self.levels = check_count("levels", levels, least=1)

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, R, C)``."""
        return regional(maps, levels=self.levels)
