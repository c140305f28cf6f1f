"""Many rows in parts, read in blocks, so that they need not lie in memory twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from copy import copy

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError
from relook.core.numba_cache import compiled

__all__ = ["Rows", "check_distinct", "fingerprint"]

BLOCK = 32768
_TYPES = (np.float16, np.float32)


class Rows:
    """The rows of several ``(N_i, D)`` arrays one below the other, float32 when they are read.

    Args:
        parts: float32 or float16, which takes half the memory; they may be mapped files.

    Raises:
        ShapeError: parts of another type, of several widths or without columns, or values that
            are not finite.
    """

    def __init__(self, parts: Sequence[NDArray[np.floating]]) -> None:
        self.width = parts[0].shape[-1] if parts else 1
        for part in parts:
            dtype = part.dtype if part.dtype in _TYPES else np.float32
            check_array("descriptors", part, shape=(None, self.width), dtype=dtype)
            check_finite("descriptors", part)
        if not self.width:
            raise ShapeError("rows must have at least one column")
        self._parts = [part for part in parts if len(part)]
        self._starts = np.cumsum([0, *map(len, self._parts)])
        self._chosen: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return int(self._starts[-1]) if self._chosen is None else len(self._chosen)

    def some(self, most: int, *, seed: int) -> Rows:
        """At most so many of all rows, drawn at random, in their order; nothing is copied."""
        if len(self) <= most:
            return self
        drawn = copy(self)
        random = np.random.default_rng(seed)
        drawn._chosen = np.sort(random.choice(len(self), most, replace=False))
        return drawn

    def block(self, start: int, stop: int) -> NDArray[np.float32]:
        """Rows from ``start`` to ``stop``, ``(stop - start, D)`` float32."""
        stop = min(stop, len(self))
        if self._chosen is not None:
            return self._take(self._chosen[start:stop])
        found = np.empty((stop - start, self.width), np.float32)
        part = int(np.searchsorted(self._starts, start, side="right")) - 1
        place = start
        while place < stop:
            end = min(stop, int(self._starts[part + 1]))
            first = int(self._starts[part])
            found[place - start : end - start] = self._parts[part][place - first : end - first]
            place, part = end, part + 1
        return found

    def take(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """The rows of these numbers, ``(M, D)`` float32."""
        return self._take(numbers if self._chosen is None else self._chosen[numbers])

    def _take(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        found = np.empty((len(numbers), self.width), np.float32)
        order = np.argsort(numbers, kind="stable")
        edges = np.searchsorted(numbers[order], self._starts)
        for part in np.flatnonzero(np.diff(edges)):
            own = order[edges[part] : edges[part + 1]]
            found[own] = self._parts[part][numbers[own] - self._starts[part]]
        return found

    def blocks(self, size: int = BLOCK) -> Iterator[NDArray[np.float32]]:
        """All rows, in blocks."""
        for start in range(0, len(self), size):
            yield self.block(start, start + size)

    def hashes(self) -> NDArray[np.uint64]:
        """One number per row, equal for equal rows, and hardly ever for others."""
        # + 0.0 makes -0.0 and 0.0 the same bits.
        found = [_hashed((block + np.float32(0)).view(np.uint32)) for block in self.blocks()]
        return np.concatenate(found) if found else np.zeros(0, np.uint64)


@compiled()
def _hashed(rows: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Two multiplications and shifts per value (the finisher of MurmurHash3 by Appleby)."""
    found = np.empty(len(rows), np.uint64)
    for row in range(len(rows)):
        content = np.uint64(rows.shape[1])
        for value in rows[row]:
            content = (content ^ np.uint64(value)) * np.uint64(0xFF51AFD7ED558CCD)
            content = content ^ (content >> np.uint64(33))
            content = content * np.uint64(0xC4CEB9FE1A85EC53)
            content = content ^ (content >> np.uint64(33))
        found[row] = content
    return found


def check_distinct(hashes: NDArray[np.uint64], clusters: int) -> None:
    """Raise unless there are at least so many different rows.

    Raises:
        UsageError: there are fewer.
    """
    if len(hashes) < clusters:
        raise UsageError(
            f"{len(hashes)} rows cannot make {clusters} clusters; bring more pictures or "
            "ask for fewer words"
        )
    distinct = len(np.unique(hashes))
    if distinct < clusters:
        raise UsageError(
            f"only {distinct} of {len(hashes)} rows are different, which cannot make {clusters} "
            "clusters; bring more pictures or ask for fewer words"
        )


def fingerprint(hashes: NDArray[np.uint64]) -> str:
    """A name of these rows in this order."""
    return hashlib.sha256(np.ascontiguousarray(hashes).tobytes()).hexdigest()
