"""A pooling that depends on the size of the picture: the map by one runtime, the rest by torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import torch

from relook.networks.runtime.base import Pixels, Runtime, Vectors, check_vectors

if TYPE_CHECKING:
    from relook.networks.retrieval import RetrievalNetwork

__all__ = ["MappedRuntime"]


class MappedRuntime:
    """Regions cannot be drawn into a graph for every size; all before them can, and takes longest.

    Args:
        maps: gives the ``(B, C, h, w)`` feature map.
        network: the same network, which pools it.
    """

    def __init__(self, maps: Runtime, network: RetrievalNetwork) -> None:
        self._maps, self._network = maps, network

    @property
    def backend(self) -> str:
        """Of the map."""
        return self._maps.backend

    @property
    def precision(self) -> str:
        """Of the map; pooling is in f32."""
        return self._maps.precision

    @property
    def device(self) -> str:
        """Of the map."""
        return self._maps.device

    def describe(self, pixels: Pixels) -> Vectors:
        """See :class:`Runtime`."""
        return self._pool(self._maps.describe(pixels))

    def describe_all(self, batches: Iterable[Pixels]) -> Iterator[Vectors]:
        """See :class:`Runtime`."""
        return map(self._pool, self._maps.describe_all(batches))

    def _pool(self, maps: Vectors) -> Vectors:
        with torch.inference_mode():
            vectors = self._network.pooled(torch.from_numpy(maps))
        return check_vectors(vectors.numpy(), precision=self.precision)
