"""One graph from two similarities of the same images, such as shape and appearance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.reranking.affinity import Affinity
from relook.reranking.sparse import Csr, combine, extract

__all__ = ["FUSIONS", "fuse_graphs"]

FUSIONS = ("sum", "product")


def fuse_graphs(
    first: Affinity, second: Affinity, *, how: str = "sum", weights: tuple[float, float] = (1, 1)
) -> Affinity:
    """The edges of two graphs in one.

    ``sum``: two images are joined where either graph joins them, by w_1 s_1 + w_2 s_2; images of
    either graph are nodes. ``product``: where both do, by s_1 s_2; images of both are nodes, and
    the weights mean nothing. Each graph brings its own k and γ.

    Raises:
        UsageError: another way, or weights that are not positive.

    Source: Radenović, Tolias, Chum, "Deep shape matching", ECCV 2018 (diffusion on the graph of
    edge-map and image similarity).
    """
    if how not in FUSIONS:
        raise UsageError(f"how must be one of {', '.join(FUSIONS)}, not {how!r}")
    if min(weights) <= 0:
        raise UsageError(f"weights must be positive, not {weights}")
    if how == "product":
        ids = np.intersect1d(first.ids, second.ids)
        parts = [extract(one.weights, np.searchsorted(one.ids, ids)) for one in (first, second)]
        return Affinity(ids, combine(*parts, product=True))
    ids = np.union1d(first.ids, second.ids)
    pairs = zip((first, second), weights, strict=True)
    parts = [_placed(one, ids, weight) for one, weight in pairs]
    return Affinity(ids, combine(*parts, product=False))


def _placed(affinity: Affinity, ids: NDArray[np.int64], weight: float) -> Csr:
    """The weights of a graph among the rows of more images."""
    places = np.searchsorted(ids, affinity.ids)
    matrix = affinity.weights
    counts = np.zeros(len(ids) + 1, np.int64)
    counts[places + 1] = np.diff(matrix.offsets)
    columns = places.astype(np.int32)[matrix.columns]
    return Csr(np.cumsum(counts), columns, weight * matrix.weights)
