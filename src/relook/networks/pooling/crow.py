"""CroW: a sum whose locations and channels are weighted by what the map itself says."""

from __future__ import annotations

import torch
from torch import Tensor

from relook.core.errors import UsageError
from relook.networks.pooling.base import Pooling
from relook.networks.pooling.numerics import l2, widen

__all__ = ["Crow", "crow"]

VARIANTS = ("paper", "lecture")


def crow(maps: Tensor, *, variant: str = "paper", eps: float = 1e-6) -> Tensor:
    """The weighted sum over all locations: ``(B, C, h, w)`` → ``(B, C)``.

    With S the sum over the channels at a location, and Q_k the share of locations where channel k
    is not zero:

    - ``paper``: locations weigh (S / ‖S‖₂)^½, channels log(Σ_h (ε + Q_h) / (ε + Q_k));
    - ``lecture``: locations weigh S, channels −log(ε + number of locations above zero), as some
      courses teach it.

    Args:
        maps: ``(B, C, h, w)``, not negative; a location whose sum is negative weighs nothing.
        variant: one of the two.
        eps: ε.

    Source: Kalantidis, Mellina and Osindero 2016, section 3 (a = b = 2).
    """
    maps = widen(maps)
    places = maps.sum(1, keepdim=True).clamp(min=0)
    if variant == "paper":
        places = _root(l2(places.flatten(2)).reshape(places.shape))
        shares = eps + (maps != 0).to(maps.dtype).mean((-2, -1))
        channels = torch.log(shares.sum(1, keepdim=True) / shares)
    else:
        channels = -torch.log(eps + (maps > 0).to(maps.dtype).sum((-2, -1)))
    return (maps * places).sum((-2, -1)) * channels


def _root(values: Tensor) -> Tensor:
    """√x, with gradient 0 where x is 0."""
    positive = values > 0
    safe = torch.where(positive, values, torch.ones_like(values))
    return torch.where(positive, safe.sqrt(), torch.zeros_like(values))


class Crow(Pooling):
    """:func:`crow` as a module.

    Raises:
        UsageError: no such variant.
    """

    def __init__(self, *, channels: int, variant: str = "paper", eps: float = 1e-6) -> None:
        super().__init__(channels)
        if variant not in VARIANTS:
            raise UsageError(f"variant must be {' or '.join(VARIANTS)}, not {variant!r}")
        self.variant = variant
        self.eps = eps

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, C)``."""
        return crow(maps, variant=self.variant, eps=self.eps)
