"""NetVLAD: residuals to cluster centers, each location softly assigned to all of them."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import linear

from relook.core.checks import check_array, check_finite
from relook.networks.pooling.base import Pooling, check_count
from relook.networks.pooling.numerics import l2, widen
from relook.vectors import KMeans, l2_normalize

__all__ = ["NetVlad", "netvlad", "sharpness"]

RATIO = 100.0
"""Of the largest soft assignment to the second, on average, right after the initialization."""


def netvlad(maps: Tensor, centers: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Sum of residuals per center, normalized within the center and altogether.

    Args:
        maps: ``(B, C, h, w)``; the C values at each location are l2-normalized first.
        centers: ``(K, C)``.
        weight: ``(K, C)``, the 1 × 1 convolution of the soft assignment.
        bias: ``(K,)`` of it.

    Returns:
        ``(B, K · C)``, l2-normalized, the C values of the first center first.

    Source: Arandjelović et al. 2016, equation 4; intra-normalization by Arandjelović and
    Zisserman 2013.
    """
    rows = l2(maps.flatten(2).transpose(1, 2))
    shares = linear(rows, widen(weight), widen(bias)).softmax(2).transpose(1, 2)
    sums = shares @ rows
    residuals = sums - shares.sum(2, keepdim=True) * widen(centers)
    return l2(l2(residuals).flatten(1))


def sharpness(rows: NDArray[np.float32], centers: NDArray[np.float32]) -> float:
    """α for which the nearest of several centers gets 100 times the share of the second.

    That is exp(α (d₂² − d₁²)) = 100 with the mean difference over the rows; 1 where no row is
    nearer to one center than to another.
    """
    if len(centers) < 2:
        return 1.0
    products = rows.astype(np.float64) @ centers.T.astype(np.float64)
    away = np.square(centers, dtype=np.float64).sum(1) - 2 * products  # less ‖row‖², the same
    nearest = np.partition(away, 1, axis=1)
    gap = float((nearest[:, 1] - nearest[:, 0]).mean())
    return math.log(RATIO) / gap if gap > 0 else 1.0


class NetVlad(Pooling):
    """:func:`netvlad` as a module; its state has ``centers``, ``weight``, ``bias``.

    All of them are random, and learned, until :meth:`initialize` or a state puts them in place.

    Args:
        channels: C.
        clusters: K.
    """

    def __init__(self, *, channels: int, clusters: int = 64) -> None:
        super().__init__(channels * check_count("clusters", clusters, least=1))
        self.clusters = clusters
        self.centers = nn.Parameter(torch.randn(clusters, channels) / math.sqrt(channels))
        self.weight = nn.Parameter(torch.randn(clusters, channels) / math.sqrt(channels))
        self.bias = nn.Parameter(torch.zeros(clusters))

    def initialize(self, descriptors: NDArray[np.float32], *, seed: int = 0) -> None:
        """Take k-means centers of ``(N, C)`` local descriptors, and the assignment from them.

        The assignment is the softmax of −α d², α by :func:`sharpness`, as the paper begins.

        Raises:
            UsageError: fewer descriptors than clusters.
            ShapeError: they are no finite float32 ``(N, C)``.
        """
        channels = self.centers.shape[1]
        check_array("descriptors", descriptors, shape=(None, channels), dtype=np.float32)
        check_finite("descriptors", descriptors)
        rows = l2_normalize(descriptors)
        centers = KMeans(self.clusters, seed=seed).fit(rows).centers_
        alpha = sharpness(rows, centers)
        with torch.no_grad():
            self.centers.copy_(torch.from_numpy(centers))
            self.weight.copy_(2 * alpha * self.centers)
            self.bias.copy_(-alpha * self.centers.square().sum(1))

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, K · C)``."""
        return netvlad(maps, self.centers, self.weight, self.bias)
