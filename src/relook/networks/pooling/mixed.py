"""Mixed max–average pooling: one blend for all pictures."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from relook.networks.pooling.base import Pooling, weights_of_channels
from relook.networks.pooling.mac import mac
from relook.networks.pooling.numerics import widen
from relook.networks.pooling.spoc import spoc

__all__ = ["Mixed", "mixed"]


def mixed(maps: Tensor, a: Tensor | float) -> Tensor:
    """A · max + (1 − a) · average over all locations: ``(B, C, h, w)`` → ``(B, C)``.

    ``a`` is one number or ``(1,)`` for all channels, or ``(C,)``, one each.

    Source: Lee, Gallagher and Tu 2016, equation 1, with the whole map as the region.
    """
    return torch.lerp(spoc(maps), mac(maps), _like(a, maps))


def _like(a: Tensor | float, maps: Tensor) -> Tensor:
    return widen(torch.as_tensor(a, dtype=widen(maps).dtype, device=maps.device))


class Mixed(Pooling):
    """:func:`mixed` as a module; its state has ``a``, ``(1,)`` or ``(C,)``, which is learned."""

    def __init__(
        self, *, channels: int, a: float | Sequence[float] = 0.5, per_channel: bool = False
    ) -> None:
        super().__init__(channels)
        self.a = nn.Parameter(
            weights_of_channels("a", a, channels=channels, per_channel=per_channel)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, C)``."""
        return mixed(maps, self.a)
