"""Ranking → Ranking."""

from relook.reranking.affinity import Affinity
from relook.reranking.augmentation import augment
from relook.reranking.diffusion import Diffusion
from relook.reranking.expansion import AlphaQueryExpansion, expand
from relook.reranking.fused import fuse_graphs
from relook.reranking.graph import NeighborGraph
from relook.reranking.hamming_expansion import HammingExpansion
from relook.reranking.linear import random_walk, solve
from relook.reranking.offline import OfflineDiffusion
from relook.reranking.regional import RegionGraph, pool_regions
from relook.reranking.seeds import Seeds
from relook.reranking.spatial import SpatialReRanker

__all__ = [
    "Affinity",
    "AlphaQueryExpansion",
    "Diffusion",
    "HammingExpansion",
    "NeighborGraph",
    "OfflineDiffusion",
    "RegionGraph",
    "Seeds",
    "SpatialReRanker",
    "augment",
    "expand",
    "fuse_graphs",
    "pool_regions",
    "random_walk",
    "solve",
]
