"""Vectors → candidates by inner product: exact, or approximate where there are very many."""

from __future__ import annotations

from relook.index.vectors.choose import load_vector_index, make_vector_index
from relook.index.vectors.flat import FlatIndex
from relook.index.vectors.hnsw import HnswIndex
from relook.index.vectors.ivf import IvfIndex
from relook.index.vectors.several import SeveralIndex

__all__ = [
    "FlatIndex",
    "HnswIndex",
    "IvfIndex",
    "SeveralIndex",
    "load_vector_index",
    "make_vector_index",
]
