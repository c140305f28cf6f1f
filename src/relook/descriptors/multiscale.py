"""The descriptors of one picture at several scales, pooled into one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.vectors import l2_normalize

__all__ = ["POOLS", "MultiScale"]

Float32 = NDArray[np.float32]

POOLS = ("mean", "gem", "sum", "keep")


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiScale:
    """Scales at which a picture is described, and how the descriptors become one.

    Radenović, Tolias and Chum (TPAMI 2019), section 5.2: GeM over scales with the learned p is
    for vectors that are not negative, so before whitening; after a whitening layer the average.

    Attributes:
        scales: factors of the size that :class:`~relook.descriptors.sizing.Sizing` gives.
        pool: ``mean``, ``gem`` or ``sum``, each l2-normalized at the end (so that mean and sum
            agree), or ``keep`` for one descriptor per scale.
        p: exponent of ``gem``.
        flip: at each scale, add the descriptor of the mirrored picture and l2-normalize.

    Raises:
        UsageError: a value is out of its range.
    """

    scales: tuple[float, ...] = (1.0, 2**-0.5, 0.5)
    pool: Literal["mean", "gem", "sum", "keep"] = "mean"
    p: float = 3.0
    flip: bool = False

    def __post_init__(self) -> None:
        if not self.scales or not all(0 < scale < math.inf for scale in self.scales):
            raise UsageError("scales must be one or more factors above 0")
        if self.pool not in POOLS:
            raise UsageError(f"pool must be one of {', '.join(POOLS)}, not {self.pool!r}")
        if not 0 < self.p < math.inf:
            raise UsageError(f"p must be above 0, not {self.p}")

    def combine(self, plain: Sequence[Float32], mirrored: Sequence[Float32] = ()) -> Float32:
        """Pool the descriptors of one picture.

        Args:
            plain: ``(D,)`` or ``(R, D)`` per scale.
            mirrored: the same of the mirrored picture; empty without ``flip``.

        Returns:
            ``(D,)`` or ``(R, D)`` float32, l2-normalized; ``(S, D)`` or ``(S R, D)`` for ``keep``.
            A single scale stays as it is.

        Raises:
            UsageError: the scales have different numbers of regions, or ``gem`` meets a value
                below 0.
        """
        views = plain
        if mirrored:
            views = [_normalized(one + two) for one, two in zip(plain, mirrored, strict=True)]
        if self.pool == "keep":
            return np.concatenate([np.atleast_2d(view) for view in views])
        if len({view.shape for view in views}) > 1:
            raise UsageError("scales with different regions cannot be pooled; set pool to keep")
        if len(views) == 1:
            return views[0]
        stack = np.stack(views).astype(np.float64)
        if self.pool == "gem":
            if stack.min() < 0:
                raise UsageError(
                    "gem over scales needs values that are not negative, and a whitening layer "
                    "gives others; set pool to mean"
                )
            return _normalized(np.mean(stack**self.p, axis=0) ** (1 / self.p))
        return _normalized(stack.sum(axis=0) if self.pool == "sum" else stack.mean(axis=0))


def _normalized(vectors: NDArray[np.floating]) -> Float32:
    """l2 along the last axis, for ``(D,)`` and ``(R, D)``."""
    rows = np.atleast_2d(vectors).astype(np.float32, copy=False)
    return l2_normalize(rows).reshape(vectors.shape)
