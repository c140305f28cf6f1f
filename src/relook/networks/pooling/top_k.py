"""The k locations that a classifier is surest of, summed."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn.functional import pad

from relook.networks.pooling.base import Pooling, check_count
from relook.networks.pooling.numerics import affine, l2, widen

__all__ = ["Located", "TopK", "top_k", "top_locations"]


class Located(NamedTuple):
    """A descriptor and the locations that it was made of.

    Attributes:
        vectors: ``(B, D)``, not normalized.
        logits: ``(B, k, K)`` of the classes at each location.
        cells: ``(B, k)`` int64, row · w + column in the map, the most active first.
        there: ``(B, k)``, 1, or 0 where the map has fewer locations than k.
    """

    vectors: Tensor
    logits: Tensor
    cells: Tensor
    there: Tensor


def top_locations(activations: Tensor, *, k: int) -> tuple[Tensor, Tensor]:
    """``(B, n)`` activations → the ``(B, k)`` places of the largest, and 1 where there is one.

    Where n < k, the last ones are 0 in the second result, and point behind the n.
    """
    n = activations.shape[1]
    # So that k are found in every map: an exported graph cannot choose a smaller k.
    cells = pad(activations, (0, k), value=-65504.0).topk(k, dim=1).indices
    return cells, (cells < n).to(activations.dtype)


def top_k(
    maps: Tensor, *, classify: nn.Linear, k: int = 5, whiten: nn.Linear | None = None
) -> Located:
    """The k most active locations, each l2-normalized, shifted and multiplied; then their sum.

    How active a location is, is the largest of its class logits.

    Args:
        maps: ``(B, C, h, w)``.
        classify: C → K, the classification layer of a fully convolutional network.
        k: locations; all, where the map has fewer.
        whiten: C → D: a shift by −μ and a fully connected layer W are W x − W μ, a layer with bias.

    Source: the fully convolutional line of instance search in museums (after Gordo et al. 2016,
    who take proposed regions in place of locations).
    """
    rows = widen(maps.flatten(2).transpose(1, 2))
    logits = affine(rows, classify)
    cells, there = top_locations(logits.amax(2), k=k)
    vectors = l2(_at(rows, cells, k=k))
    if whiten is not None:
        vectors = affine(vectors, whiten)
    return Located((vectors * there[..., None]).sum(1), _at(logits, cells, k=k), cells, there)


def _at(rows: Tensor, cells: Tensor, *, k: int) -> Tensor:
    """``(B, n, C)`` at ``(B, k)``; zeros behind the n."""
    places = cells[..., None].expand(-1, -1, rows.shape[2])
    return pad(rows, (0, 0, 0, k)).gather(1, places)


class TopK(Pooling):
    """:func:`top_k` as a module; its state has ``classify`` and, if asked, ``whiten``.

    The descriptor does not depend on ``classify`` smoothly, so that a loss on vectors leaves it as
    it is: it is learned by a loss on the logits that :meth:`locate` gives.

    Args:
        channels: C.
        classes: K.
        k: locations.
        whitening: D, the outputs of the layer after l2; 0: none.
    """

    def __init__(
        self, *, channels: int, classes: int = 1000, k: int = 5, whitening: int = 0
    ) -> None:
        super().__init__(check_count("whitening", whitening, least=0) or channels)
        self.k = check_count("k", k, least=1)
        self.classify = nn.Linear(channels, check_count("classes", classes, least=1))
        self.whiten = nn.Linear(channels, whitening) if whitening else None

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, D)``."""
        return self.locate(maps).vectors

    def scores(self, maps: Tensor) -> Tensor:
        """The class map, ``(B, C, h, w)`` → ``(B, K, h, w)``."""
        return affine(maps.movedim(1, -1), self.classify).movedim(-1, 1)

    def locate(self, maps: Tensor) -> Located:
        """The vectors, the locations that they come from, and the logits there."""
        return top_k(maps, classify=self.classify, k=self.k, whiten=self.whiten)
