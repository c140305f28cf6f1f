"""Regional diffusion: nodes are regions of images, and an image is worth what its regions are."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import UsageError
from relook.core.records import Ranking
from relook.reranking.affinity import Affinity
from relook.reranking.diffusion import Diffusion, reorder
from relook.reranking.seeds import Seeds

__all__ = ["POOLINGS", "RegionGraph", "pool_regions"]

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

GEM = 3.0


def _sum(values: Float64, starts: Int64) -> Float64:
    summed: Float64 = np.add.reduceat(values, starts)
    return summed


def _gem(values: Float64, starts: Int64) -> Float64:
    counts = np.diff(np.append(starts, len(values)))
    pooled: Float64 = (_sum(values**GEM, starts) / counts) ** (1 / GEM)
    return pooled


def _max(values: Float64, starts: Int64) -> Float64:
    largest: Float64 = np.maximum.reduceat(values, starts)
    return largest


POOLINGS: dict[str, Callable[[Float64, Int64], Float64]] = {"sum": _sum, "gem": _gem, "max": _max}
"""What the regions of an image make of it: their sum, generalized mean (p = 3) or maximum."""


def pool_regions(values: Float64, owners: Int64, *, pooling: str = "sum") -> tuple[Int64, Float64]:
    """Images and their values, from ``(R,)`` values of regions and the images that own them.

    Values below 0 count as 0.

    Returns:
        ``(n,)`` increasing ids and ``(n,)`` values.

    Raises:
        UsageError: another pooling.
    """
    if pooling not in POOLINGS:
        raise UsageError(f"pooling must be one of {', '.join(POOLINGS)}, not {pooling!r}")
    order = np.argsort(owners, kind="stable")
    ids, starts = np.unique(owners[order], return_index=True)
    if not len(ids):
        return ids, np.zeros(0)
    return ids, POOLINGS[pooling](np.maximum(values[order], 0), starts)


class RegionGraph:
    """The affinity of regions, and the image that owns each.

    Args:
        affinity: of ``(R,)`` regions; its ids name regions.
        owners: ``(R,)`` int64, the image of each, in the order of ``affinity.ids``.

    Source: Iscen, Tolias, Avrithis, Furon, Chum, "Efficient diffusion on region manifolds:
    recovering small objects with compact CNN representations", CVPR 2017.
    """

    def __init__(self, affinity: Affinity, owners: Int64) -> None:
        check_array("owners", owners, shape=(len(affinity),), dtype=np.int64)
        self.affinity = affinity
        self.owners = owners

    @cached_property
    def _by_owner(self) -> tuple[Int64, Int64]:
        order = np.argsort(self.owners, kind="stable")
        return order, self.owners[order]

    def regions(self, images: Int64) -> Int64:
        """Rows of the affinity that these images own, increasing."""
        order, owners = self._by_owner
        first = np.searchsorted(owners, images, side="left")
        counts = np.searchsorted(owners, images, side="right") - first
        steps = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.unique(order[np.repeat(first, counts) + steps])

    def rerank(
        self, diffusion: Diffusion, ranking: Ranking, seeds: Seeds, *, pooling: str = "sum"
    ) -> Ranking:
        """Reorder a ranking of images by diffusion among the regions of its best.

        Args:
            diffusion: ``truncate`` counts images.
            ranking: of images.
            seeds: regions, such as ``Seeds.nearest`` of the answers to each region of the query.
            pooling: one of :data:`POOLINGS`.

        Returns:
            As :meth:`Diffusion.rerank`.
        """
        rows = self.affinity.rows(seeds.ids)
        near = self.regions(ranking.ids[: diffusion.truncate])
        nodes = np.unique(np.concatenate([near, rows[rows >= 0]]))
        if diffusion.truncate is None:
            nodes = np.arange(len(self.affinity))
        values = diffusion.spread_on(self.affinity, seeds, nodes)
        return reorder(ranking, *pool_regions(values, self.owners[nodes], pooling=pooling))
