"""Tuples of a query, its positive and its negatives: mirrored together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import UsageError
from relook.training.augment.base import check_amount

__all__ = ["mirror_jointly"]

UInt8 = NDArray[np.uint8]
Int64 = NDArray[np.int64]

_MIRRORED = 23
"""Apart from the streams of other draws of the same seed and step."""


def mirror_jointly(
    pixels: UInt8, parts: Int64, *, seed: int, step: int, probability: float = 0.5
) -> UInt8:
    """Mirror some tuples, each with all that belongs to it.

    A picture and its mirror image are told apart by a network that is not asked to confuse them,
    so what shows the same must be turned the same way (Radenović, 2019, section 9.1.1, where
    negatives are sought afterwards; mined before, they are turned, too).

    Args:
        pixels: ``(B, H, W, 3)`` uint8.
        parts: ``(B,)`` int64 from 0; equal within one tuple.
        seed: of the run.
        step: decides with ``seed`` and the number of a part alone whether it is mirrored: neither
            the other parts nor who makes the batch matter.
        probability: that a part is mirrored.

    Returns:
        ``(B, H, W, 3)`` uint8, new memory.

    Raises:
        ShapeError: pixels and parts are of other shapes or types, or do not belong together.
        UsageError: no such probability, or a negative seed, step or part.
    """
    check_array("pixels", pixels, shape=(None, None, None, 3), dtype=np.uint8)
    check_array("parts", parts, shape=(len(pixels),), dtype=np.int64)
    check_amount("probability", probability, most=1.0)
    if min(seed, step, *parts.tolist()) < 0:
        raise UsageError("seed, step and parts must be 0 or more to draw from")
    mirrored = [
        part
        for part in np.unique(parts).tolist()
        if np.random.default_rng((seed, _MIRRORED, step, part)).random() < probability
    ]
    turned = pixels.copy()
    chosen = np.isin(parts, mirrored)
    turned[chosen] = pixels[chosen, :, ::-1]
    return turned
