"""Tree pooling: gates decide, level by level, between learned blends at the leaves."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from relook.networks.pooling.base import Pooling, check_count
from relook.networks.pooling.gated import gate
from relook.networks.pooling.mac import mac
from relook.networks.pooling.numerics import widen
from relook.networks.pooling.spoc import spoc

__all__ = ["Tree", "tree"]


def tree(maps: Tensor, leaves: Tensor, gates: Tensor) -> Tensor:
    """Blend leaves pairwise up to the root: ``(B, C, h, w)`` → ``(B, C)``.

    A leaf is a · max + (1 − a) · average. A node is g · left + (1 − g) · right, g from
    :func:`~relook.networks.pooling.gated.gate`. The paper's leaves are linear filters of a small
    window, which a map of any size has not; this is its tree over its own mixed pooling.

    Args:
        maps: ``(B, C, h, w)``.
        leaves: ``(2^depth,)`` values a.
        gates: ``(2^depth − 1, C)`` weights, the root first, then each level from left to right.

    Source: Lee, Gallagher and Tu 2016, section 3.2; depth 1 is their "2 level" tree.
    """
    average, largest = spoc(maps)[:, None], mac(maps)[:, None]
    # Lists of tensors: their lengths are plain numbers also while a graph is traced.
    nodes = torch.lerp(average, largest, widen(leaves)[None, :, None]).unbind(1)
    chances = gate(average, gates).unbind(1)
    while len(nodes) > 1:
        left, right = nodes[0::2], nodes[1::2]
        level = chances[len(left) - 1 : 2 * len(left) - 1]
        nodes = tuple(map(torch.lerp, right, left, level))
    return nodes[0]


class Tree(Pooling):
    """:func:`tree` as a module; its state has ``leaves`` and ``gates``, both learned.

    At the start the leaves go evenly from max to average and all gates are 0: their mean.

    Args:
        channels: C.
        depth: levels of gates, at least 1; one leaf alone is mixed pooling.
    """

    def __init__(self, *, channels: int, depth: int = 2) -> None:
        super().__init__(channels)
        count = 2 ** check_count("depth", depth, least=1)
        self.leaves = nn.Parameter(torch.linspace(1, 0, count))
        self.gates = nn.Parameter(torch.zeros(count - 1, channels))

    def forward(self, maps: Tensor) -> Tensor:
        """``(B, C, h, w)`` → ``(B, C)``."""
        return tree(maps, self.leaves, self.gates)
