"""Ids that belong together, directly or by way of others."""

from __future__ import annotations

__all__ = ["Groups"]


class Groups:
    """Disjoint sets of ids."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def of(self, id_: int) -> int:
        """The set that an id is in, as one of its ids."""
        above = self._above.setdefault(id_, id_)
        while above != id_:
            self._above[id_] = self._above[above]
            id_, above = above, self._above[above]
        return id_

    def join(self, one: int, other: int) -> None:
        """Make one set of two."""
        first, second = sorted((self.of(one), self.of(other)))
        self._above[second] = first
