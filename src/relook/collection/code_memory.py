"""Codes that were read lately, unpacked: a server reads the same descriptions again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from relook.collection.records import Generation

__all__ = ["CodeMemory"]

_MOST_BYTES = 128 << 20


class CodeMemory:
    """The codes of the images that were asked for last. Threads may share it.

    They hold for one state of the catalog: what is removed, repaired or restored in the next one
    must not be found here.

    Args:
        most_bytes: of all codes together.
    """

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most = most_bytes
        self._lock = threading.Lock()
        self._generation: Generation | None = None
        self._kept: OrderedDict[int, tuple[Any, int]] = OrderedDict()
        self._bytes = 0

    def get(self, generation: Generation, ids: Sequence[int]) -> dict[int, Any]:
        """What is remembered of these images."""
        found: dict[int, Any] = {}
        with self._lock:
            if generation != self._generation:
                self._generation = generation
                self._kept.clear()
                self._bytes = 0
            for key in ids:
                one = self._kept.get(key)
                if one is not None:
                    self._kept.move_to_end(key)
                    found[key] = one[0]
        return found

    def put(self, generation: Generation, codes: Mapping[int, Any]) -> None:
        """Remember codes that were read in a state of the catalog, or after it."""
        sizes = {key: _size(one) for key, one in codes.items()}
        with self._lock:
            if generation != self._generation:  # somebody saw a newer one meanwhile
                return
            for key, one in codes.items():
                if key not in self._kept:
                    self._kept[key] = (one, sizes[key])
                    self._bytes += sizes[key]
            while self._bytes > self._most:
                _, (_, size) = self._kept.popitem(last=False)
                self._bytes -= size


def _size(codes: Any) -> int:
    """Bytes of all arrays in a record."""
    if isinstance(codes, np.ndarray):
        return codes.nbytes
    if is_dataclass(codes):
        return sum(_size(getattr(codes, one.name)) for one in fields(codes))
    return 64
