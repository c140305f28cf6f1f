"""Triplet loss: the positive should be closer than each negative, by a margin."""

from __future__ import annotations

from torch import Tensor

from relook.training.losses.base import Loss, check_option, check_tuple, in_full_precision
from relook.training.losses.pairs import distance, squared_distance

__all__ = ["Triplet", "triplet"]


@in_full_precision
def triplet(
    query: Tensor,
    positive: Tensor,
    negatives: Tensor,
    *,
    margin: float = 0.1,
    squared: bool = True,
) -> Tensor:
    """Σ over negatives of max(0, d²(q, p) - d²(q, n) + τ).

    Args:
        query: ``(D,)``, l2-normalized as all of them.
        positive: ``(D,)``.
        negatives: ``(N, D)``; without any the loss is 0.
        margin: τ, between squared distances (0 to 4) unless ``squared`` is False (0 to 2).
        squared: of d², or of d as in Hermans et al. 2017.

    Source: Schroff et al. 2015; Radenović's thesis, equation 6.7, with τ = .1.
    """
    check_tuple(query, positive, negatives)
    apart = squared_distance if squared else distance
    return (apart(query, positive) - apart(query, negatives) + margin).clamp(min=0).sum()


class Triplet(Loss):
    """:func:`triplet` of a tuple, as a module."""

    kind = "tuple"

    def __init__(self, *, margin: float = 0.1, squared: bool = True) -> None:
        super().__init__()
        self.margin = check_option("margin", margin, least=0, most=4 if squared else 2)
        self.squared = squared

    def forward(self, query: Tensor, positive: Tensor, negatives: Tensor) -> Tensor:
        """``(D,)``, ``(D,)`` and ``(N, D)`` → a scalar."""
        return triplet(query, positive, negatives, margin=self.margin, squared=self.squared)
