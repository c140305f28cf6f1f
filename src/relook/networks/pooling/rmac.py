"""R-MAC: the sum of regional maxima."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from relook.networks.pooling.base import Pooling, check_count
from relook.networks.pooling.mac import mac
from relook.networks.pooling.numerics import affine, l2
from relook.networks.pooling.regions import Region, rmac_regions

__all__ = ["Rmac", "regional_maxima", "rmac"]


def regional_maxima(maps: Tensor, regions: Sequence[Region]) -> Tensor:
    """The maximum of each channel in each region: ``(B, C, h, w)`` → ``(B, R, C)``."""
    return torch.stack(
        [mac(maps[..., row : row + side, column : column + side]) for row, column, side in regions],
        dim=1,
    )


def rmac(
    maps: Tensor,
    *,
    levels: int = 3,
    whole: bool = False,
    whiten: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Regional maxima, each l2-normalized (whitened and normalized again), and summed.

    Args:
        maps: ``(B, C, h, w)``.
        levels: scales of the regions of :func:`~relook.networks.pooling.regions.rmac_regions`.
        whole: the whole map is one more region, as in the code of Radenović et al.; the paper
            has it only where the map is square.
        whiten: applied to the ``(B, R, C)`` regional vectors.

    Returns:
        ``(B, D)``, not normalized; D is C, or what ``whiten`` makes of it.

    Source: Tolias, Sicre and Jégou 2016, section 3; whitening within the network by Gordo et al.
    2016.
    """
    vectors = regional_maxima(maps, rmac_regions(*_size(maps), levels=levels))
    if whole:
        vectors = torch.cat([mac(maps)[:, None], vectors], dim=1)
    vectors = l2(vectors)
    if whiten is not None:
        vectors = l2(whiten(vectors))
    return vectors.sum(1)


def _size(maps: Tensor) -> tuple[int, int]:
    with warnings.catch_warnings():
        # A trace keeps these numbers as constants; ``is_dynamic`` tells those who export.
        warnings.simplefilter("ignore")
        return int(maps.shape[-2]), int(maps.shape[-1])


class Rmac(Pooling):
    """:func:`rmac` as a module; its state has ``whiten.weight`` and ``whiten.bias`` if asked.

    Args:
        channels: C.
        levels: scales of the regions.
        whole: the whole map is one more region.
        whitening: outputs of a linear layer that is applied to every regional vector; 0: none.
    """

    is_dynamic = False  # the number of regions follows the shape of the map

    def __init__(
        self, *, channels: int, levels: int = 3, whole: bool = False, whitening: int = 0
    ) -> None:
        super().__init__(check_count("whitening", whitening, least=0) or channels)
        self.levels = check_count("levels", levels, least=1)
        self.whole = whole
        self.whiten = nn.Linear(channels, whitening) if whitening else None

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, D)``."""
        whiten = None if self.whiten is None else partial(affine, layer=self.whiten)
        return rmac(maps, levels=self.levels, whole=self.whole, whiten=whiten)
