"""The head that tells from two vectors how their patches lay to each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from relook.core.errors import ShapeError, UsageError
from relook.training.sources.context import OFFSETS

__all__ = ["CONTEXT", "ContextHead", "make_context_head"]

CONTEXT = "context"
"""The name of the loss in a configuration."""


class ContextHead(nn.Module):
    """Classify the position of the second patch by both vectors, laid side by side.

    Both patches go through one network with shared weights; this is what follows (Doersch, Gupta
    and Efros 2015, figure 3). It is a loss that holds the weights of its classifier.

    Args:
        dims: D, the length of a vector.
        hidden: outputs of the layer in between.

    Raises:
        UsageError: fewer outputs than one.
    """

    def __init__(self, *, dims: int, hidden: int = 256) -> None:
        super().__init__()
        if hidden < 1:
            raise UsageError(f"hidden of the loss context must be 1 or more, not {hidden}")
        # A unit vector's numbers shrink as 1 / √D; the layers were initialized for numbers near 1.
        self.gain = dims**0.5
        self.layers = nn.Sequential(
            nn.Linear(2 * dims, hidden), nn.ReLU(), nn.Linear(hidden, len(OFFSETS))
        )

    def scores(self, vectors: Tensor) -> Tensor:
        """``(2 P, D)``, rows 2i and 2i + 1 being one pair → ``(P, 8)`` logits.

        Raises:
            ShapeError: an odd number of rows.
        """
        if vectors.ndim != 2 or len(vectors) % 2:
            raise ShapeError(f"vectors must be (2 P, D), two per pair, not {tuple(vectors.shape)}")
        pairs = vectors.reshape(len(vectors) // 2, -1)
        out: Tensor = self.layers(pairs * self.gain)
        return out

    def forward(self, vectors: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy of ``(2 P, D)`` vectors; ``labels`` ``(2 P,)`` name each pair twice."""
        return functional.cross_entropy(self.scores(vectors), labels[::2])

    @torch.no_grad()
    def accuracy(self, vectors: Tensor, labels: Tensor) -> float:
        """The share of pairs whose position is told right; 1/8 is chance."""
        right = self.scores(vectors).argmax(dim=1) == labels[::2]
        return float(right.double().mean())


def make_context_head(options: Mapping[str, Any], *, dims: int) -> ContextHead:
    """The head with the options of a ``[[loss]]``.

    Raises:
        UsageError: one that there is not, or that cannot be.
    """
    for key in options:
        if key != "hidden":
            raise UsageError(f"the loss {CONTEXT} has no option {key}; choose hidden")
        if not isinstance(options[key], int):
            raise UsageError(f"hidden of the loss {CONTEXT} must be a whole number")
    return ContextHead(dims=dims, **options)
