"""Vectors → candidates by inner product: exact, or approximate where there are very many."""

from __future__ import annotations

from relook.index.vectors.flat import FlatIndex

__all__ = ["FlatIndex"]
