"""Vectors and labels → tuples to learn from. Without torch, save for :mod:`.online`."""

from __future__ import annotations

from relook.training.mining.manifold import ManifoldMiner
from relook.training.mining.miners import (
    MINERS,
    CombinationMiner,
    Miner,
    TupleMiner,
    make_miner,
)

__all__ = ["MINERS", "CombinationMiner", "ManifoldMiner", "Miner", "TupleMiner", "make_miner"]
