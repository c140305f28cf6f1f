"""The neighbors of each query, put together by class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Groups", "group_by_class"]

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """One group for each query and each class among its neighbors.

    Attributes:
        entries: ``(V,)`` positions in the flattened ``(Q, k)`` neighbors, group after group, best
            first within each.
        starts: ``(G,)`` where each group begins in ``entries``.
        queries: ``(G,)`` its query.
        classes: ``(G,)`` its class.
        ranks: ``(G,)`` place from 0 of its best neighbor.
    """

    entries: Int64
    starts: Int64
    queries: Int64
    classes: Int64
    ranks: Int64

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def stops(self) -> Int64:
        """``(G,)`` where each group ends in ``entries``."""
        return np.append(self.starts, len(self.entries))[1:]

    def chosen(self, groups: Int64) -> Groups:
        """These groups only, in this order."""
        sizes = (self.stops - self.starts)[groups]
        starts = np.cumsum(sizes) - sizes
        places = np.arange(sizes.sum()) + np.repeat(self.starts[groups] - starts, sizes)
        return Groups(
            self.entries[places],
            starts,
            self.queries[groups],
            self.classes[groups],
            self.ranks[groups],
        )


def group_by_class(classes: Int64) -> Groups:
    """Group the neighbors ``(Q, k)`` of each query by class; those of class -1 belong nowhere."""
    count, k = classes.shape
    order = np.argsort(classes, axis=1, kind="stable")
    ordered = np.take_along_axis(classes, order, axis=1)
    votes = ordered >= 0
    first = votes.copy()
    first[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]
    entries = (order + np.arange(count)[:, None] * k)[votes]
    starts = np.flatnonzero(first[votes])
    best = entries[starts]
    # A matrix without columns has no entries, and no width to divide by.
    return Groups(entries, starts, best // max(k, 1), classes.ravel()[best], best % max(k, 1))
