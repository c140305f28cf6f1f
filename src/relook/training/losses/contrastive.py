"""Contrastive loss: matching pairs attract, others repel while they are closer than a margin."""

from __future__ import annotations

from torch import Tensor

from relook.training.losses.base import Loss, check_option, check_tuple, in_full_precision
from relook.training.losses.pairs import distance, squared_distance

__all__ = ["Contrastive", "contrastive", "repulsion"]


@in_full_precision
def contrastive(
    query: Tensor, positive: Tensor, negatives: Tensor, *, margin: float = 0.7
) -> Tensor:
    """½ d² of the positive + Σ ½ max(0, τ - d)² of the negatives, d Euclidean.

    Args:
        query: ``(D,)``, l2-normalized as all of them.
        positive: ``(D,)``.
        negatives: ``(N, D)``, N from 0.
        margin: τ, 0 to 2; .7 for AlexNet, .75 for VGG and .85 for ResNet were best.

    Returns:
        a scalar. A negative equal to the query costs ½ τ² and has no gradient: no direction is
        better than another.

    Source: Hadsell, Chopra and LeCun 2006; Radenović's thesis, equation 6.6. Without the ½,
    as it is also written, it is this one twice.
    """
    check_tuple(query, positive, negatives)
    apart = distance(query, negatives)
    return squared_distance(query, positive) / 2 + repulsion(apart, margin=margin).sum()


def repulsion(apart: Tensor, *, margin: float) -> Tensor:
    """½ max(0, τ - d)²: what a non-matching pair at distance d costs."""
    return (margin - apart).clamp(min=0).square() / 2


class Contrastive(Loss):
    """:func:`contrastive` of a tuple, as a module."""

    kind = "tuple"

    def __init__(self, *, margin: float = 0.7) -> None:
        super().__init__()
        self.margin = check_option("margin", margin, above=0, most=2)

    def forward(self, query: Tensor, positive: Tensor, negatives: Tensor) -> Tensor:
        """``(D,)``, ``(D,)`` and ``(N, D)`` → a scalar."""
        return contrastive(query, positive, negatives, margin=self.margin)
