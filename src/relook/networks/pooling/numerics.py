"""What every pooling needs of arithmetic: enough precision, and lengths without NaN."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

__all__ = ["affine", "l2", "widen"]


def widen(values: Tensor) -> Tensor:
    """Half precision → float32; anything wider stays as it is.

    Sums over a map overflow float16, and ε = 1e-6 is hardly a number there.
    """
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def l2(values: Tensor, *, dim: int = -1) -> Tensor:
    """Divide by the Euclidean length along ``dim``; zero stays zero, with a finite gradient."""
    values = widen(values)
    length = torch.linalg.vector_norm(values, dim=dim, keepdim=True)
    return values / torch.where(length > 0, length, torch.ones_like(length))


def affine(values: Tensor, layer: nn.Linear) -> Tensor:
    """A linear layer applied along the last axis, in the precision of :func:`widen`."""
    return linear(widen(values), widen(layer.weight), widen(layer.bias))
