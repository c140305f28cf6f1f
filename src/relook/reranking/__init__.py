"""Ranking → Ranking."""

from relook.reranking.affinity import Affinity
from relook.reranking.diffusion import Diffusion
from relook.reranking.expansion import AlphaQueryExpansion, expand
from relook.reranking.graph import NeighborGraph
from relook.reranking.linear import random_walk, solve
from relook.reranking.seeds import Seeds
from relook.reranking.spatial import SpatialReRanker

__all__ = [
    "Affinity",
    "AlphaQueryExpansion",
    "Diffusion",
    "NeighborGraph",
    "Seeds",
    "SpatialReRanker",
    "expand",
    "random_walk",
    "solve",
]
