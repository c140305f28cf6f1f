"""What is asked of all pictures at once, read once for each state of the catalog.

SQLite hands over one long text where it could hand over a hundred thousand rows: each row would
have to wait for the interpreter's lock while other threads work.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from relook.collection.records import Generation

__all__ = ["Columns", "LabelColumns", "read_ids"]

Int64 = NDArray[np.int64]
Rows = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

_SEARCHABLE = "SELECT group_concat(id) FROM contents WHERE state = 'ok'"
_TOLD = (
    "SELECT group_concat(CASE WHEN taken IS NOT NULL THEN id END), "
    "group_concat(CASE WHEN latitude IS NOT NULL THEN id END) FROM contents WHERE state = 'ok'"
)
_SHOWN = "SELECT group_concat(content) FROM paths"
_LABELS = "SELECT group_concat(content), group_concat(label, char(10)) FROM labels"
_LABEL_ROWS = "SELECT content, label FROM labels"
_MOST_SETS = 8


def read_ids(text: str | None) -> Int64:
    """``(N,)`` ids, rising and each once, of what ``group_concat`` made of them."""
    return _each_once(_read(text))


def _read(text: str | None) -> Int64:
    return np.fromstring(text, np.int64, sep=",") if text else np.empty(0, np.int64)


def _each_once(ids: Int64) -> Int64:
    """Rising; SQLite nearly always has them in order, though it promises none."""
    steps = np.diff(ids)
    if (steps > 0).all():
        return ids
    return ids[np.concatenate([[True], steps > 0])] if (steps >= 0).all() else np.unique(ids)


@dataclass(frozen=True, slots=True, eq=False)
class LabelColumns:
    """The labels of all contents that can be found.

    Attributes:
        contents: ``(N,)`` int64.
        codes: ``(N,)`` places in ``names``.
        names: the labels, in order.
    """

    contents: Int64
    codes: NDArray[np.intp]
    names: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """In order of label, how many contents have it."""
        numbers = np.bincount(self.codes, minlength=len(self.names)).tolist()
        return {name: count for name, count in zip(self.names, numbers, strict=True) if count}

    def numbers(self) -> tuple[int, int]:
        """The number of different labels, and of contents that have one."""
        used = int(np.count_nonzero(np.bincount(self.codes)))
        return used, len(_each_once(self.contents))

    def by_content(self) -> dict[int, tuple[str, ...]]:
        """Labels in order, by content in order of id."""
        order = np.lexsort((self.codes, self.contents))
        found: dict[int, tuple[str, ...]] = {}
        pairs = zip(self.contents[order].tolist(), self.codes[order].tolist(), strict=True)
        for content, code in pairs:
            found[content] = (*found.get(content, ()), self.names[code])
        return found


@dataclass(eq=False)
class Columns:
    """Of one state of the catalog; to be asked while that state is read.

    Attributes:
        generation: the state.
    """

    generation: Generation
    _rows: Rows
    _sets: OrderedDict[Hashable, Int64] = field(default_factory=OrderedDict)

    @cached_property
    def ids(self) -> Int64:
        """``(N,)`` ids, rising, of what can be searched and is shown by a file."""
        searchable = read_ids(self._rows(_SEARCHABLE, ())[0][0])
        shown = read_ids(self._rows(_SHOWN, ())[0][0])
        ids = np.intersect1d(searchable, shown, assume_unique=True)
        ids.flags.writeable = False  # callers get this very array
        return ids

    @cached_property
    def told(self) -> tuple[int, int]:
        """How many of these have a time, and how many a place."""
        dated, placed = map(read_ids, self._rows(_TOLD, ())[0])
        return self._among(dated), self._among(placed)

    def _among(self, found: Int64) -> int:
        return len(np.intersect1d(found, self.ids, assume_unique=True))

    @cached_property
    def labels(self) -> LabelColumns:
        """The labels of these."""
        keys, texts = self._rows(_LABELS, ())[0]
        contents = _read(keys)
        labels = texts.split("\n") if texts else []
        if len(labels) != len(contents):  # somebody else wrote a label with a line end
            rows = self._rows(_LABEL_ROWS, ())
            contents = np.array([row[0] for row in rows], np.int64)
            labels = [row[1] for row in rows]
        names = sorted(set(labels))
        places = {name: place for place, name in enumerate(names)}
        codes = np.fromiter((places[label] for label in labels), np.intp, len(labels))
        seen = np.isin(contents, self.ids)
        return LabelColumns(contents[seen], codes[seen], tuple(names))

    def kept(self, key: Hashable, make: Callable[[], Int64]) -> Int64:
        """What was made for ``key`` lately, or is made now; the last few are kept."""
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = make()
        self._sets.move_to_end(key)
        while len(self._sets) > _MOST_SETS:
            self._sets.popitem(last=False)
        return found
