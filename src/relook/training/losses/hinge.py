"""Hinge losses: what is on the right side already costs nothing, the rest what it lacks."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from relook.networks.pooling.numerics import widen
from relook.training.losses.base import (
    Loss,
    check_labels,
    check_option,
    check_tuple,
    check_vectors,
    in_full_precision,
)
from relook.training.losses.classes import ClassLoss

__all__ = ["ClassHinge", "Hinge", "class_hinge", "hinge"]


@in_full_precision
def hinge(query: Tensor, positive: Tensor, negatives: Tensor, *, margin: float = 0.755) -> Tensor:
    """max(0, 1 - qᵀp) + Σ over negatives of max(0, qᵀn - m).

    Args:
        query: ``(D,)``, l2-normalized as all of them.
        positive: ``(D,)``.
        negatives: ``(N, D)``, N from 0.
        margin: m, the similarity, -1 to 1, from which on a negative costs; .755 is a distance of
            .7, where the contrastive loss begins too. Here all that are closer are pushed alike.
    """
    check_tuple(query, positive, negatives)
    lacking = (1 - query @ positive).clamp(min=0)
    return lacking + (negatives @ query - margin).clamp(min=0).sum()


class Hinge(Loss):
    """:func:`hinge` of a tuple, as a module."""

    kind = "tuple"

    def __init__(self, *, margin: float = 0.755) -> None:
        super().__init__()
        self.margin = check_option("margin", margin, least=-1, most=1)

    def forward(self, query: Tensor, positive: Tensor, negatives: Tensor) -> Tensor:
        """``(D,)``, ``(D,)`` and ``(N, D)`` → a scalar."""
        return hinge(query, positive, negatives, margin=self.margin)


@in_full_precision
def class_hinge(shares: Tensor, labels: Tensor) -> Tensor:
    """The mean over rows of max(0, 1 - yᵀt): y a distribution over classes, t the right one.

    Bounded by 1 per row, so that a wrong label does less harm than with the cross-entropy.

    Args:
        shares: ``(B, C)``, such as a softmax of scores.
        labels: ``(B,)``, 0 to C - 1.
    """
    check_vectors(shares, labels)
    check_labels(labels, classes=shares.shape[1])
    right = shares.gather(1, labels.long()[:, None])
    return (1 - right).clamp(min=0).sum() / max(len(shares), 1)


class ClassHinge(ClassLoss):
    """:func:`class_hinge` of the softmax of a linear layer on the vectors.

    Args:
        dims: D, the length of a vector.
        classes: C.
        scale: what the products are multiplied by.
        learned_scale: the scale is a parameter.
    """

    def __init__(
        self, *, dims: int, classes: int, scale: float = 1.0, learned_scale: bool = False
    ) -> None:
        super().__init__(dims=dims, classes=classes, scale=scale, learned_scale=learned_scale)

    @in_full_precision
    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """``(B, D)`` and ``(B,)`` → a scalar."""
        self.check(vectors, labels)
        scores = self.scale() * functional.linear(vectors, widen(self.weights))
        return class_hinge(torch.softmax(scores, 1), labels)
