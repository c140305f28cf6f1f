"""Cross-entropy over classes: each instance, or each picture, is a class."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from relook.core.errors import UsageError
from relook.networks.pooling.numerics import widen
from relook.training.losses.base import (
    check_labels,
    check_option,
    check_vectors,
    in_full_precision,
)
from relook.training.losses.classes import ClassLoss

__all__ = ["FORMS", "CrossEntropy", "Form", "cross_entropy"]

Form: TypeAlias = Literal["softmax", "binary"]

FORMS = ("softmax", "binary")
"""``softmax``: -log p of the right class, classes compete. ``binary``: each class is a yes or no of
its own, -log p of the right one - Σ log(1 - p) of the others."""


@in_full_precision
def cross_entropy(
    scores: Tensor, labels: Tensor, *, smoothing: float = 0.0, form: Form = "softmax"
) -> Tensor:
    """The mean over rows of -Σ_c t_c log p_c, t the right class.

    Args:
        scores: ``(B, C)``, before softmax.
        labels: ``(B,)``, 0 to C - 1.
        smoothing: this share of t is spread evenly over all classes.
        form: of :data:`FORMS`; ``binary`` has the terms (1 - t) log(1 - p) too, p a sigmoid.

    Returns:
        a scalar; 0 for no rows.
    """
    check_vectors(scores, labels)
    check_labels(labels, classes=scores.shape[1])
    if form == "softmax":
        total = functional.cross_entropy(scores, labels, label_smoothing=smoothing, reduction="sum")
    else:
        right = functional.one_hot(labels.long(), scores.shape[1]).to(scores.dtype)
        right = right * (1 - smoothing) + smoothing / scores.shape[1]
        total = functional.binary_cross_entropy_with_logits(scores, right, reduction="sum")
    return total / max(len(scores), 1)


class CrossEntropy(ClassLoss):
    """:func:`cross_entropy` of a linear layer on the vectors.

    Vectors of length 1 give small scores: raise ``scale`` (or learn it) where classes are many.

    Args:
        dims: D, the length of a vector.
        classes: C.
        smoothing: from 0 to 1.
        form: one of :data:`FORMS`.
        bias: a number per class is added.
        scale: what the products are multiplied by.
        learned_scale: the scale is a parameter.
    """

    def __init__(
        self,
        *,
        dims: int,
        classes: int,
        smoothing: float = 0.0,
        form: Form = "softmax",
        bias: bool = True,
        scale: float = 1.0,
        learned_scale: bool = False,
    ) -> None:
        super().__init__(dims=dims, classes=classes, scale=scale, learned_scale=learned_scale)
        if form not in FORMS:
            raise UsageError(f"no form is called {form!r}; choose from {', '.join(FORMS)}")
        self.smoothing = check_option("smoothing", smoothing, least=0, most=1)
        self.form: Form = form
        self.bias = nn.Parameter(torch.zeros(classes)) if bias else None

    @in_full_precision
    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """``(B, D)`` and ``(B,)`` → a scalar."""
        self.check(vectors, labels)
        scores = self.scale() * functional.linear(vectors, widen(self.weights))
        scores = scores if self.bias is None else scores + widen(self.bias)
        return cross_entropy(scores, labels, smoothing=self.smoothing, form=self.form)
