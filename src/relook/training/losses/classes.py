"""What losses over classes have in common: a weight per class, and a scale."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from relook.core.errors import ShapeError
from relook.networks.pooling.base import check_count
from relook.networks.pooling.numerics import widen
from relook.training.losses.base import Loss, check_labels, check_option, check_vectors

__all__ = ["ClassLoss"]


class ClassLoss(Loss):
    """Holds ``weights``, ``(classes, dims)``, and the logarithm of a scale that may be learned.

    Args:
        dims: D, the length of a vector.
        classes: C.
        scale: what the scores are multiplied by, above 0; where it starts if it is learned.
        learned_scale: the scale is a parameter.

    Raises:
        UsageError: fewer than one dimension or class, or a scale that is not above 0.
    """

    kind = "classes"

    def __init__(self, *, dims: int, classes: int, scale: float, learned_scale: bool) -> None:
        super().__init__()
        self.dims = check_count("dims", dims, least=1)
        self.classes = check_count("classes", classes, least=1)
        # Rows of about length 1: weight decay and the step size mean the same for any D.
        self.weights = nn.Parameter(torch.randn(classes, dims) / math.sqrt(dims))
        start = torch.tensor(math.log(check_option("scale", scale, above=0)))
        self.log_scale = nn.Parameter(start, requires_grad=learned_scale)

    def scale(self) -> Tensor:
        """A scalar above 0, whatever the optimizer does."""
        return widen(self.log_scale).exp()

    def check(self, vectors: Tensor, labels: Tensor) -> None:
        """Raise :class:`ShapeError` unless these are ``(B, dims)`` and labels of our classes."""
        check_vectors(vectors, labels)
        if vectors.shape[1] != self.dims:
            raise ShapeError(
                f"the loss was made for vectors of {self.dims} numbers, not {vectors.shape[1]}"
            )
        check_labels(labels, classes=self.classes)
