"""InfoNCE: pick the positive out of all negatives of the batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from relook.training.losses.base import Loss, check_option, check_vectors, in_full_precision
from relook.training.mining.online import negative_mask, positive_mask

__all__ = ["InfoNce", "info_nce"]


@in_full_precision
def info_nce(vectors: Tensor, labels: Tensor, *, temperature: float = 0.07) -> Tensor:
    """-log of exp(s_p / t) / (exp(s_p / t) + Σ over negatives of exp(s_n / t)), s = xᵀy.

    The mean over the positives of a row, then over the rows that have one. Other positives are not
    in the denominator: they are not pushed away.

    Args:
        vectors: ``(B, D)``, l2-normalized.
        labels: ``(B,)``; equal where two show the same.
        temperature: t, above 0.

    Returns:
        a scalar; 0 where no row has a positive, or none a negative.

    Source: van den Oord, Li and Vinyals 2018, equation 4; t of Wu et al. 2018.
    """
    check_vectors(vectors, labels)
    positive, negative = positive_mask(labels), negative_mask(labels)
    scores = vectors @ vectors.T / temperature
    # Lowest but finite: of nothing but -∞, logsumexp passes NaN back.
    lowest = torch.finfo(scores.dtype).min
    others = scores.masked_fill(~negative, lowest).logsumexp(1, keepdim=True)
    costs = functional.softplus(others - scores) * positive
    counts = positive.sum(1)
    rows = costs.sum(1) / counts.clamp(min=1)
    return rows.sum() / (counts > 0).sum().clamp(min=1)


class InfoNce(Loss):
    """:func:`info_nce` of a batch, as a module."""

    kind = "batch"

    def __init__(self, *, temperature: float = 0.07) -> None:
        super().__init__()
        self.temperature = check_option("temperature", temperature, above=0)

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """``(B, D)`` and ``(B,)`` → a scalar."""
        return info_nce(vectors, labels, temperature=self.temperature)
