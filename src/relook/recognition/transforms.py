"""What is done to a similarity before it votes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError

__all__ = ["TRANSFORMS", "Transform", "make_transform"]

Float64 = NDArray[np.float64]
Transform = Callable[[Float64], Float64]


def _square_root(x: Float64) -> Float64:
    """√x, and 0 where x is negative."""
    return np.sqrt(np.maximum(x, 0))


def _logarithm(x: Float64) -> Float64:
    """ln(x + e) with x clipped at 0, so that no vote is below 1."""
    return np.log(np.maximum(x, 0) + np.e)


TRANSFORMS: dict[str, Transform] = {
    "identity": lambda x: x,
    "square": np.square,
    "sqrt": _square_root,
    "log": _logarithm,
}
"""f of a similarity. The square of a negative one is positive; √ and ln take it for 0."""


def make_transform(name: str) -> Transform:
    """Look f up by name.

    Raises:
        UsageError: there is none; the message lists the choices.
    """
    if name not in TRANSFORMS:
        known = ", ".join(TRANSFORMS)
        raise UsageError(f"there is no transform {name!r}; choose from {known}")
    return TRANSFORMS[name]
