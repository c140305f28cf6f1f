"""Distances of pairs with gradients that are finite everywhere."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["distance", "squared_distance"]


def squared_distance(one: Tensor, other: Tensor) -> Tensor:
    """Along the last axis, by differences: 2 - 2 xᵀy would lose what is left of close ones."""
    return (one - other).square().sum(-1)


def distance(one: Tensor, other: Tensor) -> Tensor:
    """Along the last axis; where it is 0, so is its gradient (that of a root would be infinite)."""
    squared = squared_distance(one, other)
    apart = squared != 0  # NaN stays NaN
    return torch.where(apart, torch.where(apart, squared, 1).sqrt(), 0)
