"""Quadruplet loss: the positive is also closer than two negatives are to each other."""

from __future__ import annotations

import torch
from torch import Tensor

from relook.training.losses.base import Loss, check_option, check_tuple, in_full_precision
from relook.training.losses.pairs import squared_distance
from relook.training.losses.triplet import triplet

__all__ = ["Quadruplet", "quadruplet"]


@in_full_precision
def quadruplet(
    query: Tensor,
    positive: Tensor,
    negatives: Tensor,
    *,
    margin: float = 0.1,
    between: float = 0.05,
) -> Tensor:
    """The triplet loss + Σ over pairs of negatives of max(0, d²(q, p) - d²(n, n') + τ').

    Args:
        query: ``(D,)``, l2-normalized as all of them.
        positive: ``(D,)``.
        negatives: ``(N, D)``, which should differ in what they show, as those do that are mined
            with one per class (N2); a single one leaves the triplet loss.
        margin: τ of the triplets, between squared distances.
        between: τ' of the pairs of negatives, smaller because they say less of this query.

    Source: Chen et al. 2017; the margins are the triplet's and half of it.
    """
    check_tuple(query, positive, negatives)
    one, other = torch.triu_indices(len(negatives), len(negatives), 1, device=negatives.device)
    apart = squared_distance(negatives[one], negatives[other])
    pairs = (squared_distance(query, positive) - apart + between).clamp(min=0)
    return triplet(query, positive, negatives, margin=margin) + pairs.sum()


class Quadruplet(Loss):
    """:func:`quadruplet` of a tuple, as a module."""

    kind = "tuple"

    def __init__(self, *, margin: float = 0.1, between: float = 0.05) -> None:
        super().__init__()
        self.margin = check_option("margin", margin, least=0, most=4)
        self.between = check_option("between", between, least=0, most=4)

    def forward(self, query: Tensor, positive: Tensor, negatives: Tensor) -> Tensor:
        """``(D,)``, ``(D,)`` and ``(N, D)`` → a scalar."""
        return quadruplet(query, positive, negatives, margin=self.margin, between=self.between)
