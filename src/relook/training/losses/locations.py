"""Losses over the locations of an FCN's score maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from relook.core.errors import ShapeError
from relook.networks.pooling.numerics import widen
from relook.training.losses.base import Loss, check_option, in_full_precision
from relook.training.losses.cross_entropy import cross_entropy
from relook.training.losses.triplet import triplet

__all__ = [
    "LocationCrossEntropy",
    "TripletLocations",
    "location_cross_entropy",
    "triplet_locations",
]


def location_cross_entropy(
    maps: Tensor | Sequence[Tensor], labels: Tensor, *, smoothing: float = 0.0
) -> Tensor:
    """The mean cross-entropy of all locations of all scales: each should name the picture's class.

    Args:
        maps: scores ``(B, C, h, w)``, of one scale or one for each of several; h and w may differ.
            A larger scale has more locations and so more weight.
        labels: ``(B,)``, 0 to C - 1.
        smoothing: this share of the target is spread evenly over all classes.

    Raises:
        ShapeError: no map, other shapes, or a label that is no class.

    Source: Kohl 2017, section 3.2.1.
    """
    scales = [maps] if isinstance(maps, Tensor) else list(maps)
    if not scales:
        raise ShapeError("there is no score map; give (B, C, h, w) of at least one scale")
    rows = torch.cat([_rows(one, labels) for one in scales])
    right = torch.cat([labels.repeat_interleave(one[0, 0].numel()) for one in scales])
    return cross_entropy(rows, right, smoothing=smoothing)


def _rows(one: Tensor, labels: Tensor) -> Tensor:
    """``(B, C, h, w)`` → ``(B h w, C)``."""
    if one.ndim != 4 or not one.numel() or len(one) != len(labels):
        raise ShapeError(
            f"score maps of {len(labels)} labels must have shape ({len(labels)}, C, h, w) "
            f"and a location, not {tuple(one.shape)}"
        )
    return widen(one).flatten(2).transpose(1, 2).flatten(0, 1)


class LocationCrossEntropy(Loss):
    """:func:`location_cross_entropy` as a module."""

    kind = "maps"

    def __init__(self, *, smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = check_option("smoothing", smoothing, least=0, most=1)

    def forward(self, maps: Tensor | Sequence[Tensor], labels: Tensor) -> Tensor:
        """``(B, C, h, w)``, or one for each scale, and ``(B,)`` → a scalar."""
        return location_cross_entropy(maps, labels, smoothing=self.smoothing)


@in_full_precision
def triplet_locations(
    query: Tensor,
    positive: Tensor,
    negatives: Tensor,
    scores: Tensor,
    label: Tensor,
    *,
    margin: float = 0.1,
    balance: float = 1.0,
) -> Tensor:
    """The triplet loss + the mean cross-entropy of the k locations that describe the query.

    Args:
        query: ``(D,)``, l2-normalized as all vectors.
        positive: ``(D,)``.
        negatives: ``(N, D)``.
        scores: ``(k, C)``, before softmax, at the k most active locations of the query.
        label: a scalar, the query's class.
        margin: of the triplet loss.
        balance: what the cross-entropy is multiplied by.

    Source: Kohl 2017, section 3.2.2.
    """
    if label.ndim != 0 or scores.ndim != 2:
        raise ShapeError(
            "scores of k locations and the query's label must have shapes (k, C) and (), "
            f"not {tuple(scores.shape)} and {tuple(label.shape)}"
        )
    named = cross_entropy(scores, label.expand(len(scores)))
    return triplet(query, positive, negatives, margin=margin) + balance * named


class TripletLocations(Loss):
    """:func:`triplet_locations` as a module."""

    kind = "locations"

    def __init__(self, *, margin: float = 0.1, balance: float = 1.0) -> None:
        super().__init__()
        self.margin = check_option("margin", margin, least=0, most=4)
        self.balance = check_option("balance", balance, least=0)

    def forward(
        self, query: Tensor, positive: Tensor, negatives: Tensor, scores: Tensor, label: Tensor
    ) -> Tensor:
        """``(D,)``, ``(D,)``, ``(N, D)``, ``(k, C)`` and ``()`` → a scalar."""
        options = {"margin": self.margin, "balance": self.balance}
        return triplet_locations(query, positive, negatives, scores, label, **options)
