"""Pictures side by side near their places: nothing lies over anything else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["snap"]

Int64 = NDArray[np.int64]


def snap(points: NDArray[np.floating], *, columns: int, rows: int, reach: int = 1) -> Int64:
    """The cell of a grid that each point gets, ``(N,)``, row by row; -1 where all near are taken.

    A point that lies nearest to the middle of its cell comes first; who is too late takes the
    nearest free cell, at most ``reach`` cells away.

    Args:
        points: ``(N, 2)`` x, y in units of cells.
        columns: of the grid.
        rows: of the grid.
        reach: how far from its own cell a point may go.
    """
    where = np.asarray(points, np.float64).reshape(-1, 2)
    home = np.clip(np.floor(where), 0, (columns - 1, rows - 1)).astype(np.int64)
    away = np.abs(where - home - 0.5).max(axis=1)
    taken = np.zeros((rows, columns), bool)
    found = np.full(len(where), -1, np.int64)
    late = []
    for point in np.argsort(away, kind="stable").tolist():
        x, y = home[point].tolist()
        if taken[y, x]:
            late.append(point)
        else:
            taken[y, x], found[point] = True, y * columns + x
    for point in late:
        cell = _near(where[point], home[point], taken, reach)
        if cell is not None:
            taken[cell], found[point] = True, cell[0] * columns + cell[1]
    return found


def _near(
    point: NDArray[np.float64], home: Int64, taken: NDArray[np.bool_], reach: int
) -> tuple[int, int] | None:
    """The nearest free cell (row, column), or None."""
    low = np.maximum(home - reach, 0)
    free = np.argwhere(~taken[low[1] : home[1] + reach + 1, low[0] : home[0] + reach + 1])
    if not len(free):
        return None
    cells = free + low[::-1]
    far = ((cells[:, ::-1] + 0.5 - point) ** 2).sum(axis=1)
    row, column = cells[int(far.argmin())].tolist()
    return row, column
