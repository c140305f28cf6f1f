"""Smooth-AP: average precision, with a sigmoid in place of the step "ranks before"."""

from __future__ import annotations

import torch
from torch import Tensor

from relook.training.losses.base import Loss, check_option, check_vectors, in_full_precision
from relook.training.mining.online import negative_mask, positive_mask

__all__ = ["SmoothAp", "smooth_ap"]


@in_full_precision
def smooth_ap(vectors: Tensor, labels: Tensor, *, temperature: float = 0.01) -> Tensor:
    """1 - the mean over rows of smooth AP, each row a query to all others.

    AP is the mean over positives p of (1 + Σ over other positives of σ) / (1 + Σ over all others
    of σ), σ = sigmoid((s_other - s_p) / t).

    Args:
        vectors: ``(B, D)``, l2-normalized; needs memory for B³ numbers.
        labels: ``(B,)``; equal where two show the same.
        temperature: t, above 0; the smaller, the closer to AP and the fewer pairs have a gradient.

    Returns:
        a scalar from 0 to 1; rows without a positive do not count, 0 where there is no other.

    Source: Brown et al. 2020, who rank the query among its own results; here it is left out.
    """
    check_vectors(vectors, labels)
    positive, negative = positive_mask(labels), negative_mask(labels)
    scores = vectors @ vectors.T
    # (query, its positive, what may rank before that)
    before = torch.sigmoid((scores[:, None, :] - scores[:, :, None]) / temperature)
    other = ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    friends = (before * (positive[:, None, :] & other[None])).sum(2)
    foes = (before * negative[:, None, :]).sum(2)
    # 1 - AP as the foes' share: exactly 0, with no gradient, where there are none.
    lost = foes / (1 + friends + foes) * positive
    counts = positive.sum(1)
    rows = lost.sum(1) / counts.clamp(min=1)
    return rows.sum() / (counts > 0).sum().clamp(min=1)


class SmoothAp(Loss):
    """:func:`smooth_ap` of a batch, as a module."""

    kind = "batch"

    def __init__(self, *, temperature: float = 0.01) -> None:
        super().__init__()
        self.temperature = check_option("temperature", temperature, above=0)

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """``(B, D)`` and ``(B,)`` → a scalar."""
        return smooth_ap(vectors, labels, temperature=self.temperature)
