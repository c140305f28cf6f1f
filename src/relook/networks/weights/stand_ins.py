"""What takes the place of NumPy while a torch file is read.

A pickled array asks for ``numpy.ndarray``, ``numpy.dtype`` and a function that puts them together.
NumPy's own believe what a file tells them about memory and about types, down to pointers. These
three keep what they are told, and make an array only from a shape, one of a few types of numbers,
and as many bytes as that takes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["STAND_INS", "plain"]

_KINDS = ("f2", "f4", "f8", "i4", "i8", "u1", "b1")


class _Type:
    """Stands in for ``numpy.dtype``."""

    def __init__(self, code: str, *_: object) -> None:
        self.code = code
        self.order = "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = state[1]

    def make(self) -> np.dtype[Any]:
        if self.code not in _KINDS or self.order not in ("<", ">", "=", "|"):
            raise TypeError(f"an array of {self.order}{self.code}")
        return np.dtype(self.order + self.code)


class _Array:
    """Stands in for ``numpy.ndarray``."""

    def __init__(self) -> None:
        self.state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def make(self) -> NDArray[Any]:
        _, shape, kind, by_columns, content = self.state
        if not isinstance(kind, _Type) or not isinstance(content, bytes):
            raise TypeError("an array of something else than numbers")
        sides = tuple(int(side) for side in shape)
        dtype = kind.make()
        if min(sides, default=0) < 0 or math.prod(sides) * dtype.itemsize != len(content):
            raise ValueError("an array of another length than its shape")
        return np.frombuffer(content, dtype).reshape(sides, order="F" if by_columns else "C")


def _put_together(*_: object) -> _Array:
    """Stands in for the function that makes an empty array, to be filled by its state."""
    return _Array()


STAND_INS: list[tuple[Any, str]] = [
    (_put_together, "numpy.core.multiarray._reconstruct"),  # before NumPy 2
    (_put_together, "numpy._core.multiarray._reconstruct"),
    (_Array, "numpy.ndarray"),
    (_Type, "numpy.dtype"),
]
"""With the names that files know them by, as torch's reader takes them."""


def plain(value: Any) -> Any:
    """The same tables and lists with arrays in place of what stands in for them.

    Raises:
        TypeError: an array of something else than numbers.
        ValueError: one whose bytes do not fit its shape.
        RecursionError: containers in containers without end.
    """
    if isinstance(value, _Array):
        return value.make()
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value
