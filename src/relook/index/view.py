"""What an index holds at one moment: its segments, less what was removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError

__all__ = ["Part", "View", "check_new", "from_runs", "to_runs"]

Int64 = NDArray[np.int64]


class Part(Protocol):
    """An immutable segment: N images, in memory or mapped."""

    @property
    def ids(self) -> Int64:
        """``(N,)`` int64, in the order of addition."""
        ...

    @property
    def path(self) -> Path | None:
        """Its file, once it is saved."""
        ...

    def __len__(self) -> int: ...


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True, eq=False)
class View(Generic[P]):
    """The index at one moment, replaced as a whole so that readers never see half a change.

    Attributes:
        segments: all parts, in order of addition.
        removed: every id that was ever removed, increasing.
        keep: for each segment ``(N,)`` bool, what is not removed.
        starts: for each segment the position of its first image, and the number of all.
        names: the id at every position, removed ones too.
        dead: positions of what was removed.
        ids: what is not removed, increasing; read-only.
        rows: the position of each of ``ids``.
    """

    segments: tuple[P, ...]
    removed: Int64
    keep: tuple[NDArray[np.bool_], ...]
    starts: Int64
    names: Int64
    dead: Int64
    ids: Int64
    rows: Int64

    @classmethod
    def of(cls, segments: Sequence[P], removed: Int64) -> Self:
        """Of these segments without these images."""
        names = np.concatenate([np.zeros(0, np.int64), *(part.ids for part in segments)])
        starts = np.cumsum([0, *(len(part) for part in segments)])
        kept = np.isin(names, removed, invert=True)
        rows = np.flatnonzero(kept)
        rows = rows[np.argsort(names[rows], kind="stable")]
        keep = tuple(kept[start:stop] for start, stop in pairwise(starts))
        live = names[rows]
        live.flags.writeable = False  # callers get this very array
        dead = np.flatnonzero(~kept)
        return cls(tuple(segments), removed, keep, starts, names, dead, live, rows)

    def positions(self, ids: Int64) -> Int64:
        """Where these images stand.

        Raises:
            UsageError: an id is not in the index.
        """
        places = np.minimum(np.searchsorted(self.ids, ids), max(0, len(self.ids) - 1))
        known = self.ids[places] == ids if len(self.ids) else np.zeros(len(ids), bool)
        if not np.all(known):
            unknown = ids[~known][0]
            raise UsageError(f"image {unknown} is not in the index; ask for what .ids lists")
        found: Int64 = self.rows[places]
        return found


def check_new(ids: Int64, view: View[Any]) -> None:
    """Raise :class:`UsageError` for an id that is given twice, present, or was removed."""
    if len(np.unique(ids)) != len(ids):
        raise UsageError("an id is given twice; give each image an id of its own")
    known = ids[np.isin(ids, view.ids)]
    if len(known):
        raise UsageError(f"image {known[0]} is in the index already; remove it or leave it out")
    known = ids[np.isin(ids, view.removed)]
    if len(known):
        raise UsageError(f"image {known[0]} was removed before; give it a new id")


def to_runs(ids: Int64) -> list[list[int]]:
    """Increasing ids as [first, last] of each run, which stays short when most are in a row."""
    if not len(ids):
        return []
    breaks = np.flatnonzero(np.diff(ids) > 1)
    firsts = ids[np.concatenate([[0], breaks + 1])]
    lasts = ids[np.concatenate([breaks, [len(ids) - 1]])]
    return [[int(first), int(last)] for first, last in zip(firsts, lasts, strict=True)]


def from_runs(runs: Sequence[Sequence[int]]) -> Int64:
    """What :func:`to_runs` was given."""
    spans = [np.arange(first, last + 1, dtype=np.int64) for first, last in runs]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *spans]))
