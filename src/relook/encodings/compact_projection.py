"""Linear maps whose rows are kept as small integers, so that what is fitted stays small."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError

__all__ = ["CompactProjection"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class CompactProjection:
    """``P (x - m)``, each row of P in whole numbers times a step of its own.

    The numbers *are* the map: it is rounded once, where it is fitted, and never again.

    Attributes:
        mean: m, ``(D,)`` float32.
        codes: ``(d, D)`` int8 or int16, P in units of ``steps``.
        steps: ``(d,)`` float32.

    Raises:
        ShapeError: the shapes do not fit each other, or a value is not finite.
    """

    mean: Float32
    codes: NDArray[np.int8] | NDArray[np.int16]
    steps: Float32

    def __post_init__(self) -> None:
        check_array("mean", self.mean, shape=(None,), dtype=np.float32)
        dtype = self.codes.dtype if self.codes.dtype in (np.int8, np.int16) else np.int8
        check_array("codes", self.codes, shape=(None, len(self.mean)), dtype=dtype)
        check_array("steps", self.steps, shape=(len(self.codes),), dtype=np.float32)
        check_finite("mean", self.mean)
        check_finite("steps", self.steps)
        if not self.codes.size:
            raise ShapeError("a projection needs at least one dimension")

    @classmethod
    def of(
        cls,
        mean: NDArray[np.floating],
        matrix: NDArray[np.floating],
        *,
        dtype: type[np.int8 | np.int16] = np.int8,
    ) -> Self:
        """Round a ``(d, D)`` matrix; int16 where its rows mix large and small on purpose."""
        largest = np.iinfo(dtype).max
        steps = (np.abs(matrix).max(axis=1) / largest).astype(np.float32)
        codes = np.round(matrix / np.where(steps > 0, steps, 1)[:, None])
        codes = codes.clip(-largest, largest).astype(dtype, order="C")
        return cls(np.array(mean, np.float32), codes, steps)

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Self:
        """From what :attr:`arrays` gave."""
        mean, codes, steps = (np.array(arrays[name]) for name in ("mean", "codes", "steps"))
        return cls(mean, codes, steps)

    @property
    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All that it consists of."""
        return {"mean": self.mean, "codes": self.codes, "steps": self.steps}

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
        mapped: Float32 = (rows - self.mean) @ self.matrix.T
        return mapped
