"""Multi-similarity loss: pairs are weighed by themselves and relative to the others of a row."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from relook.training.losses.base import Loss, check_option, check_vectors, in_full_precision
from relook.training.mining.online import negative_mask, positive_mask

__all__ = ["MultiSimilarity", "multi_similarity"]


@in_full_precision
def multi_similarity(
    vectors: Tensor,
    labels: Tensor,
    *,
    alpha: float = 2.0,
    beta: float = 50.0,
    base: float = 0.5,
    mining: float | None = 0.1,
) -> Tensor:
    """The mean over rows of log(1 + Σ e^(-α (s_p - λ))) / α + log(1 + Σ e^(β (s_n - λ))) / β.

    Args:
        vectors: ``(B, D)``, l2-normalized.
        labels: ``(B,)``; equal where two show the same.
        alpha: α, above 0; of the positives.
        beta: β, above 0; of the negatives.
        base: λ, the similarity that positives should exceed and negatives stay below.
        mining: ε. A negative counts if it is more similar than the least similar positive minus ε,
            a positive if it is less similar than the most similar negative plus ε. None: all do.

    Returns:
        a scalar. A row without a positive or without a negative costs nothing.

    Source: Wang et al. 2019, with λ of their code.
    """
    check_vectors(vectors, labels)
    scores = vectors @ vectors.T
    positive, negative = positive_mask(labels), negative_mask(labels)
    whole = positive.any(1, keepdim=True) & negative.any(1, keepdim=True)
    positive, negative = positive & whole, negative & whole
    if mining is not None:
        positive, negative = _mined(scores.detach(), positive, negative, epsilon=mining)
    pull = _soft_sum(-alpha * (scores - base), positive) / alpha
    push = _soft_sum(beta * (scores - base), negative) / beta
    return (pull + push).sum() / max(len(vectors), 1)


def _mined(
    scores: Tensor, positive: Tensor, negative: Tensor, *, epsilon: float
) -> tuple[Tensor, Tensor]:
    if not len(scores):
        return positive, negative
    least = scores.masked_fill(~positive, math.inf).amin(1, keepdim=True)
    most = scores.masked_fill(~negative, -math.inf).amax(1, keepdim=True)
    # Told by what is left out: NaN stays in, and is seen.
    return positive & ~(scores >= most + epsilon), negative & ~(scores <= least - epsilon)


def _soft_sum(exponents: Tensor, mask: Tensor) -> Tensor:
    """log(1 + Σ e^x) of each row; the 1 keeps an empty row at 0, with gradient 0."""
    kept = exponents.masked_fill(~mask, -math.inf)
    return torch.logsumexp(functional.pad(kept, (1, 0)), 1)


class MultiSimilarity(Loss):
    """:func:`multi_similarity` of a batch, as a module."""

    kind = "batch"

    def __init__(
        self,
        *,
        alpha: float = 2.0,
        beta: float = 50.0,
        base: float = 0.5,
        mining: float | None = 0.1,
    ) -> None:
        super().__init__()
        self.alpha = check_option("alpha", alpha, above=0)
        self.beta = check_option("beta", beta, above=0)
        self.base = check_option("base", base, least=-1, most=1)
        self.mining = None if mining is None else check_option("mining", mining, least=0)

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """``(B, D)`` and ``(B,)`` → a scalar."""
        options = {"alpha": self.alpha, "beta": self.beta, "base": self.base}
        return multi_similarity(vectors, labels, mining=self.mining, **options)
