"""Softmax over cosines: vectors and class weights lie on a sphere, the right class has a margin."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from relook.networks.pooling.numerics import l2
from relook.training.losses.base import (
    check_labels,
    check_option,
    check_vectors,
    in_full_precision,
)
from relook.training.losses.classes import ClassLoss

__all__ = ["CosineSoftmax", "cosine_softmax"]


@in_full_precision
def cosine_softmax(
    vectors: Tensor,
    weights: Tensor,
    labels: Tensor,
    *,
    margin: float = 0.35,
    scale: float | Tensor = 30.0,
) -> Tensor:
    """The mean over rows of -log softmax of s (cos θ - m [the right class]).

    Args:
        vectors: ``(B, D)``; only their direction counts, here and in ``weights``.
        weights: ``(C, D)``.
        labels: ``(B,)``, 0 to C - 1.
        margin: m, 0 to 2; 0 is NormFace.
        scale: s; a number, or a scalar that is learned.

    Returns:
        a scalar; 0 for no rows.

    Source: Wang et al. 2018 (CosFace), equation 4; Wang et al. 2017 (NormFace) without margin.
    """
    check_vectors(vectors, labels)
    check_labels(labels, classes=len(weights))
    cosines = l2(vectors) @ l2(weights).T
    right = torch.zeros_like(cosines).scatter_(1, labels.long()[:, None], margin)
    total = functional.cross_entropy(scale * (cosines - right), labels.long(), reduction="sum")
    return total / max(len(vectors), 1)


class CosineSoftmax(ClassLoss):
    """:func:`cosine_softmax` with weights of its own.

    Args:
        dims: D, the length of a vector.
        classes: C.
        margin: m, 0 to 2.
        scale: s, above 0; where it starts if it is learned.
        learned_scale: the scale is a parameter, as in NormFace.

    Raises:
        UsageError: an option out of its bounds.
    """

    def __init__(
        self,
        *,
        dims: int,
        classes: int,
        margin: float = 0.35,
        scale: float = 30.0,
        learned_scale: bool = False,
    ) -> None:
        super().__init__(dims=dims, classes=classes, scale=scale, learned_scale=learned_scale)
        self.margin = check_option("margin", margin, least=0, most=2)

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """``(B, D)`` and ``(B,)`` → a scalar."""
        self.check(vectors, labels)
        return cosine_softmax(vectors, self.weights, labels, margin=self.margin, scale=self.scale())
