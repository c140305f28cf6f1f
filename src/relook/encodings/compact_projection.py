"""Linear maps whose rows are kept as small integers, so that what is fitted stays small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError

__all__ = ["CompactProjection"]

Float32 = NDArray[np.float32]

_TYPES: dict[int, type[np.int8 | np.int16]] = {4: np.int8, 8: np.int8, 16: np.int16}


@dataclass(frozen=True, eq=False)
class CompactProjection:
    """``P (x - m)``, each row of P in whole numbers times a step of its own.

    The numbers *are* the map: it is rounded once, where it is fitted, and never again.

    Attributes:
        mean: m, ``(D,)`` float32.
        codes: ``(d, D)`` int8 or int16, P in units of ``steps``.
        steps: ``(d,)`` float32.
        bits: of a code in a file: 16, 8, or 4, where codes are -7 to 7.

    Raises:
        ShapeError: the shapes do not fit each other, or a value is not finite.
    """

    mean: Float32
    codes: NDArray[np.int8] | NDArray[np.int16]
    steps: Float32
    bits: int = 8

    def __post_init__(self) -> None:
        if self.bits not in _TYPES:
            raise UsageError(f"bits must be one of {', '.join(map(str, _TYPES))}, not {self.bits}")
        check_array("mean", self.mean, shape=(None,), dtype=np.float32)
        shape = (None, len(self.mean))
        check_array("codes", self.codes, shape=shape, dtype=_TYPES[self.bits])
        check_array("steps", self.steps, shape=(len(self.codes),), dtype=np.float32)
        check_finite("mean", self.mean)
        check_finite("steps", self.steps)
        if not self.codes.size:
            raise ShapeError("a projection needs at least one dimension")

    @classmethod
    def of(cls, mean: NDArray[np.floating], matrix: NDArray[np.floating], *, bits: int = 8) -> Self:
        """Round a ``(d, D)`` matrix.

        With random rows 4 bits are off by a sixth of a component's size, 8 by a hundredth; rows
        that mix large and small on purpose need 16.
        """
        largest = (1 << (bits - 1)) - 1
        steps = (np.abs(matrix).max(axis=1) / largest).astype(np.float32)
        rounded = np.round(matrix / np.where(steps > 0, steps, 1)[:, None])
        rounded = np.ascontiguousarray(rounded.clip(-largest, largest))
        codes = rounded.astype(np.int16) if bits == 16 else rounded.astype(np.int8)
        return cls(np.array(mean, np.float32), codes, steps, bits)

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """From what :attr:`arrays` gave.

        Raises:
            KeyError: an array is missing.
            ShapeError: they do not fit each other.
        """
        mean, steps = np.array(arrays["mean"]), np.array(arrays["steps"])
        if "nibbles" not in arrays:
            codes = np.array(arrays["codes"])
            return cls(mean, codes, steps, bits=8 * codes.dtype.itemsize)
        pairs = np.asarray(arrays["nibbles"])
        check_array("nibbles", pairs, shape=(None, -(-len(mean) // 2)), dtype=np.uint8)
        both = np.stack([pairs & 15, pairs >> 4], axis=2).reshape(len(pairs), -1)
        return cls(mean, both[:, : len(mean)].astype(np.int8) - np.int8(8), steps, bits=4)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that it consists of, as a file keeps it; two codes of 4 bits share a byte."""
        if self.bits != 4:
            return {"mean": self.mean, "codes": self.codes, "steps": self.steps}
        shifted = (self.codes + np.int8(8)).astype(np.uint8)
        even = np.pad(shifted, ((0, 0), (0, shifted.shape[1] % 2)))
        return {
            "mean": self.mean,
            "nibbles": even[:, ::2] | even[:, 1::2] << 4,
            "steps": self.steps,
        }

    @property
    def dimensions(self) -> int:
        """d, the length of the results."""
        return len(self.codes)

    @cached_property
    def matrix(self) -> Float32:
        """P, ``(d, D)`` float32."""
        return self.codes.astype(np.float32) * self.steps[:, None]

    def apply(self, rows: Float32) -> Float32:
        """Map ``(N, D)`` rows to ``(N, d)``; nothing is normalized."""
        centered: Float32 = rows - self.mean
        mapped: Float32 = centered @ self.matrix.T
        return mapped
