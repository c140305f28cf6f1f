"""Mining within a batch: which rows of it make triplets, from vectors as they are right now."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from relook.core.errors import ShapeError

__all__ = [
    "Triplets",
    "batch_hard",
    "negative_mask",
    "positive_mask",
    "semi_hard",
    "similarities",
]


class Triplets(NamedTuple):
    """Rows of a batch, ``(T,)`` int64 each; T is 0 where the batch has no such triplet.

    A loss of no triplets is a zero that still has a gradient, such as ``0 * vectors.sum()``.
    """

    anchors: Tensor
    positives: Tensor
    negatives: Tensor


def positive_mask(labels: Tensor) -> Tensor:
    """``(B, B)`` bool: two different rows of one label."""
    same = labels[:, None] == labels[None, :]
    return same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)


def negative_mask(labels: Tensor) -> Tensor:
    """``(B, B)`` bool: two rows of different labels."""
    return labels[:, None] != labels[None, :]


def similarities(vectors: Tensor) -> Tensor:
    """``(B, B)`` float32 inner products without gradient, also where the rest is half precise."""
    rows = vectors.detach()
    with torch.autocast(rows.device.type, enabled=False):
        return rows.float() @ rows.float().T


@torch.no_grad()
def batch_hard(vectors: Tensor, labels: Tensor) -> Triplets:
    """For each row its farthest positive and its nearest negative.

    Args:
        vectors: ``(B, D)`` of length 1.
        labels: ``(B,)`` integers.

    Returns:
        One triplet for each row that has both; of equally near ones the first.

    Raises:
        ShapeError: there are not as many labels as vectors.

    Source: Hermans, Beyer, Leibe, "In defense of the triplet loss for person re-identification",
    2017, equation 5.
    """
    _check(vectors, labels)
    near, same, other = similarities(vectors), positive_mask(labels), negative_mask(labels)
    anchors = (same.any(dim=1) & other.any(dim=1)).nonzero().reshape(-1)
    if not len(anchors):
        return Triplets(anchors, anchors, anchors)
    positives = near.masked_fill(~same, torch.inf).argmin(dim=1)
    negatives = near.masked_fill(~other, -torch.inf).argmax(dim=1)
    return Triplets(anchors, positives[anchors], negatives[anchors])


@torch.no_grad()
def semi_hard(vectors: Tensor, labels: Tensor, *, margin: float | None = None) -> Triplets:
    """For each pair of one label the nearest negative that is farther than the positive.

    Negatives that are nearer than the positive can make a young network collapse; these cannot.

    Args:
        vectors: ``(B, D)`` of length 1.
        labels: ``(B,)`` integers.
        margin: only negatives whose squared distance exceeds that of the positive by less than
            this, so that the loss is not 0; None takes all.

    Returns:
        One triplet for each (anchor, positive) that has such a negative, by anchor, then positive.

    Raises:
        ShapeError: there are not as many labels as vectors.

    Source: Schroff, Kalenichenko, Philbin, "FaceNet: a unified embedding for face recognition and
    clustering", CVPR 2015, equation 4.
    """
    _check(vectors, labels)
    near = similarities(vectors)
    # Negatives of each row, the farthest first; what is none stands behind them all.
    ordered, rows = near.masked_fill(~negative_mask(labels), torch.inf).sort(dim=1, stable=True)
    place = torch.searchsorted(ordered, near) - 1
    found = positive_mask(labels) & (place >= 0)
    place = place.clamp(min=0)
    if margin is not None:
        # A squared distance between vectors of length 1 is 2 - 2 times their product.
        found &= 2 * (near - ordered.gather(1, place)) < margin
    anchors, positives = found.nonzero(as_tuple=True)
    return Triplets(anchors, positives, rows.gather(1, place)[anchors, positives])


def _check(vectors: Tensor, labels: Tensor) -> None:
    if vectors.ndim != 2 or labels.shape != vectors.shape[:1]:
        raise ShapeError(
            f"vectors (B, D) need labels (B,), not {tuple(vectors.shape)} and {tuple(labels.shape)}"
        )
