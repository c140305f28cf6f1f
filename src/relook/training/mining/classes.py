"""Which rows carry the same label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Classes"]

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Classes:
    """Rows grouped by label.

    Attributes:
        numbers: ``(M,)`` the class of each row, from 0 to C - 1 in order of the labels.
        order: ``(M,)`` rows by class, increasing within each.
        starts: ``(C + 1,)`` where the rows of each class begin in ``order``, and M.
    """

    numbers: Int64
    order: Int64
    starts: Int64

    @classmethod
    def of(cls, labels: Int64) -> Classes:
        """The classes of ``(M,)`` labels, which may be any integers."""
        names, numbers = np.unique(labels, return_inverse=True)
        numbers = numbers.reshape(-1).astype(np.int64)
        starts = np.searchsorted(np.sort(numbers), np.arange(len(names) + 1)).astype(np.int64)
        return cls(numbers, np.argsort(numbers, kind="stable"), starts)

    @property
    def count(self) -> int:
        """C."""
        return len(self.starts) - 1

    @property
    def sizes(self) -> Int64:
        """``(C,)`` rows of each class."""
        return np.diff(self.starts)

    def rows(self, number: int) -> Int64:
        """Increasing rows of a class."""
        return self.order[self.starts[number] : self.starts[number + 1]]

    def positives(self, row: int) -> Int64:
        """Increasing rows of the same class, without ``row`` itself."""
        rows = self.rows(int(self.numbers[row]))
        others: Int64 = rows[rows != row]
        return others

    def mates(self, rows: Int64, places: Int64) -> Int64:
        """``(n,)`` other rows of the class of each, by place from 0 to size of the class - 2."""
        ranks = np.empty_like(self.order)
        ranks[self.order] = np.arange(len(self.order)) - self.starts[self.numbers[self.order]]
        found: Int64 = self.order[
            self.starts[self.numbers[rows]] + places + (places >= ranks[rows])
        ]
        return found

    def others(self, number: int, places: Int64) -> Int64:
        """Rows of other classes by their places from 0 to M - size of the class - 1."""
        first, last = self.starts[number], self.starts[number + 1]
        rows: Int64 = self.order[np.where(places < first, places, places + (last - first))]
        return rows
