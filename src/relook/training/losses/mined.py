"""Losses of the hard pairs of a batch: what is mined changes with every step."""

from __future__ import annotations

from typing import Literal, TypeAlias

from torch import Tensor

from relook.core.errors import UsageError
from relook.training.losses.base import Loss, check_option, check_vectors, in_full_precision
from relook.training.losses.contrastive import repulsion
from relook.training.losses.pairs import distance, squared_distance
from relook.training.mining.online import batch_hard, semi_hard

__all__ = [
    "MINED",
    "BatchContrastive",
    "BatchTriplet",
    "Mined",
    "batch_contrastive",
    "batch_triplet",
]

Mined: TypeAlias = Literal["hard", "semi_hard"]

MINED = ("hard", "semi_hard")
"""``hard``: each row with its farthest positive and nearest negative. ``semi_hard``: each matching
pair with the nearest negative that is farther, which a network without training can bear."""


def _mined(vectors: Tensor, labels: Tensor, mining: str) -> tuple[Tensor, Tensor, Tensor]:
    """Anchors, positives and negatives, ``(T, D)`` each."""
    check_vectors(vectors, labels)
    if mining not in MINED:
        raise UsageError(f"no mining is called {mining!r}; choose from {', '.join(MINED)}")
    rows = batch_hard(vectors, labels) if mining == "hard" else semi_hard(vectors, labels)
    return vectors[rows.anchors], vectors[rows.positives], vectors[rows.negatives]


def _mean(costs: Tensor, vectors: Tensor) -> Tensor:
    """0 of no triplets; NaN of vectors that are, although nothing can be mined from them."""
    return costs.sum() / max(len(costs), 1) + 0 * vectors.sum()


@in_full_precision
def batch_triplet(
    vectors: Tensor,
    labels: Tensor,
    *,
    margin: float = 0.1,
    squared: bool = True,
    mining: Mined = "hard",
) -> Tensor:
    """The mean over mined triplets of max(0, d²(q, p) - d²(q, n) + τ).

    Args:
        vectors: ``(B, D)``, l2-normalized.
        labels: ``(B,)``; equal where two show the same.
        margin: τ.
        squared: of d², or of d as in the source of ``hard``.
        mining: one of :data:`MINED`.

    Returns:
        a scalar; 0 where the batch has no such triplet.

    Source: Hermans, Beyer and Leibe 2017 (hard); Schroff et al. 2015 (semi-hard).
    """
    query, positive, negative = _mined(vectors, labels, mining)
    apart = squared_distance if squared else distance
    costs = (apart(query, positive) - apart(query, negative) + margin).clamp(min=0)
    return _mean(costs, vectors)


@in_full_precision
def batch_contrastive(
    vectors: Tensor, labels: Tensor, *, margin: float = 0.7, mining: Mined = "hard"
) -> Tensor:
    """The mean over mined triplets of ½ d²(q, p) + ½ max(0, τ - d(q, n))².

    Args:
        vectors: ``(B, D)``, l2-normalized.
        labels: ``(B,)``; equal where two show the same.
        margin: τ.
        mining: one of :data:`MINED`.

    Returns:
        a scalar; 0 where the batch has no such triplet.
    """
    query, positive, negative = _mined(vectors, labels, mining)
    costs = squared_distance(query, positive) / 2
    costs = costs + repulsion(distance(query, negative), margin=margin)
    return _mean(costs, vectors)


class _MinedLoss(Loss):
    kind = "batch"

    def __init__(self, *, margin: float, most: float, mining: Mined) -> None:
        super().__init__()
        if mining not in MINED:
            raise UsageError(f"no mining is called {mining!r}; choose from {', '.join(MINED)}")
        self.margin = check_option("margin", margin, least=0, most=most)
        self.mining: Mined = mining


class BatchTriplet(_MinedLoss):
    """:func:`batch_triplet` as a module."""

    def __init__(
        self, *, margin: float = 0.1, squared: bool = True, mining: Mined = "hard"
    ) -> None:
        super().__init__(margin=margin, most=4 if squared else 2, mining=mining)
        self.squared = squared

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """``(B, D)`` and ``(B,)`` → a scalar."""
        return batch_triplet(
            vectors, labels, margin=self.margin, squared=self.squared, mining=self.mining
        )


class BatchContrastive(_MinedLoss):
    """:func:`batch_contrastive` as a module."""

    def __init__(self, *, margin: float = 0.7, mining: Mined = "hard") -> None:
        super().__init__(margin=margin, most=2, mining=mining)

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """``(B, D)`` and ``(B,)`` → a scalar."""
        return batch_contrastive(vectors, labels, margin=self.margin, mining=self.mining)
