"""The head that tells from two vectors how their patches lay to each other."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from relook.core.errors import ShapeError, UsageError
from relook.training.context import OFFSETS

__all__ = ["ContextHead"]


class ContextHead(nn.Module):
    """Classify the position of the second patch by both vectors, laid side by side.

    Both patches go through one network with shared weights; this is what follows (Doersch, Gupta
    and Efros 2015, figure 3). It is a loss of classes: it holds the weights of its classifier.

    Args:
        dims: D, the length of a vector.
        classes: the number of positions, which is 8.
        hidden: outputs of the layer in between.

    Raises:
        UsageError: another number of classes.
    """

    kind = "classes"

    def __init__(self, *, dims: int, classes: int = len(OFFSETS), hidden: int = 256) -> None:
        super().__init__()
        if classes != len(OFFSETS):
            raise UsageError(
                f"context prediction has {len(OFFSETS)} positions, not {classes} classes;"
                ' give [data] source = "context"'
            )
        # A unit vector's numbers shrink as 1 / √D; the layers were initialized for numbers near 1.
        self.gain = dims**0.5
        self.layers = nn.Sequential(
            nn.Linear(2 * dims, hidden), nn.ReLU(), nn.Linear(hidden, classes)
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
