"""Where the regions of a feature map lie, in cells. Plain numbers, no tensors."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

__all__ = ["Region", "rmac_regions"]

OVERLAP = Fraction(2, 5)


class Region(NamedTuple):
    """A square of ``side`` cells whose first cell is in this row and column."""

    row: int
    column: int
    side: int


def rmac_regions(height: int, width: int, *, levels: int = 3) -> tuple[Region, ...]:
    """The squares of R-MAC on a map, coarse scales first, rows before columns.

    At scale l they are ⌊2 · min(height, width) / (l + 1)⌋ cells wide, l of them along the shorter
    side of the map and l + m − 1 along the longer one. m is chosen at scale 1, so that neighbors
    overlap by as near to 40 % as can be. Scales with less than one cell are left out.

    Source: Tolias, Sicre and Jégou 2016, section 3. Their code takes m ≤ 7, which leaves gaps on
    maps more than about five times as long as wide; here every m is allowed.
    """
    extra = _along_longer(height, width) - 1
    regions = []
    for level in range(1, levels + 1):
        side = 2 * min(height, width) // (level + 1)
        if side:
            rows = _starts(height, side, level + (extra if height > width else 0))
            columns = _starts(width, side, level + (extra if width > height else 0))
            regions += [Region(row, column, side) for row in rows for column in columns]
    return tuple(regions)


def _along_longer(height: int, width: int) -> int:
    """M: the number of squares of the largest scale along the longer side."""
    side, rest = min(height, width), abs(height - width)
    if not rest:
        return 1
    gaps = int(rest / (side * (1 - OVERLAP)))  # the step is too long with these, or just right
    best = min((gaps, gaps + 1), key=lambda count: _miss(rest, side, count))
    return 1 + min(best, rest)  # no place twice


def _miss(rest: int, side: int, gaps: int) -> Fraction:
    """How far the overlap is from the wanted one; no gap cannot cover the rest."""
    return abs(1 - Fraction(rest, gaps * side) - OVERLAP) if gaps else Fraction(rest + 1)


def _starts(length: int, side: int, count: int) -> list[int]:
    """``count`` starts from 0 to ``length`` − ``side``, evenly, rounded down."""
    return [place * (length - side) // max(count - 1, 1) for place in range(count)]
