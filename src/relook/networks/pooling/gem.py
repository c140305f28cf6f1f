"""GeM: the generalized mean, between the average (p = 1) and the maximum (p → ∞)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor, nn

from relook.core.errors import UsageError
from relook.networks.pooling.base import Pooling, weights_of_channels
from relook.networks.pooling.numerics import widen

__all__ = ["Gem", "gem"]


def gem(maps: Tensor, p: Tensor | float, *, eps: float = 1e-6, whole: bool = False) -> Tensor:
    """(mean of x^p)^(1/p) over all locations: ``(B, C, h, w)`` → ``(B, C)``.

    Args:
        maps: ``(B, C, h, w)``; values below ``eps`` count as ``eps``.
        p: above 0; one number or ``(1,)`` for all channels, ``(C,)`` for one each.
        eps: keeps the gradient of a map without activations finite.
        whole: compute x^p as a power, which runtimes do faster where p is one whole number, and
            slower elsewhere, than as exp(p log x). The result is the same.

    Source: Radenović, Tolias and Chum 2018, equation 3.
    """
    maps = widen(maps).clamp(min=eps)
    p = widen(torch.as_tensor(p, dtype=maps.dtype, device=maps.device)).reshape(-1)
    # Relative to the maximum no power overflows. The result does not depend on what is divided
    # by, so its gradient is left out.
    largest = maps.amax((-2, -1)).detach()
    shares, exponent = maps / largest[..., None, None], p[:, None, None]
    powers = shares**exponent if whole else torch.exp(exponent * torch.log(shares))
    return largest * powers.mean((-2, -1)) ** (1 / p)


class Gem(Pooling):
    """:func:`gem` as a module; its state has ``p``, ``(1,)`` or ``(C,)``.

    Args:
        channels: C.
        p: where it starts; one number, or C of them with ``per_channel``.
        per_channel: one p for each channel.
        learned: p is a parameter that training changes.
        eps: values below count as ``eps``.

    Raises:
        UsageError: p or ``eps`` is not above 0.
    """

    def __init__(
        self,
        *,
        channels: int,
        p: float | Sequence[float] = 3.0,
        per_channel: bool = False,
        learned: bool = True,
        eps: float = 1e-6,
    ) -> None:
        super().__init__(channels)
        start = weights_of_channels("p", p, channels=channels, per_channel=per_channel)
        if float(start.min()) <= 0 or eps <= 0:
            raise UsageError(f"p and eps must be above 0, not {p!r} and {eps!r}")
        self.p = nn.Parameter(start, requires_grad=learned)
        self.eps = eps
        self._whole = False

    def train(self, mode: bool = True) -> Self:
        """As every module; evaluation takes the faster way for the p that it finds."""
        self._whole = not mode and len(self.p) == 1 and float(self.p.detach()).is_integer()
        return super().train(mode)

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, C)``."""
        return gem(maps, self.p, eps=self.eps, whole=self._whole)
