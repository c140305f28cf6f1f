"""Gaussian scale space: octaves of blurred pictures that detectors look for extrema in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.features.affine.pyramid import CAMERA_BLUR, blur

__all__ = ["BASE", "LEVELS", "Octave", "octaves"]

Float32 = NDArray[np.float32]

BASE = 1.6
"""Blur of the first level of each octave, in pixels of the octave."""
FINER = 2
"""Levels below it in the first octave, for features finer than that."""
LEVELS = 3
"""Levels per octave in which extrema are looked for."""
SMALLEST = 12
"""Pixels of the shorter side of the last octave."""


class Octave(NamedTuple):
    """Blurred pictures of one size.

    Attributes:
        levels: ``(L, H, W)`` float32, the first and the last only for comparison.
        sigmas: their blur, in pixels of the octave.
        step: pixels of the picture that are one pixel of the octave.
    """

    levels: Float32
    sigmas: Float32
    step: int


def octaves(gray: Float32) -> Iterator[Octave]:
    """The scale space of a ``(H, W)`` picture, fine to coarse."""
    numbers = np.arange(-FINER, LEVELS + 2)
    first = blur(gray, float(np.sqrt(_sigma(-FINER) ** 2 - CAMERA_BLUR**2)))
    step = 1
    while min(first.shape) >= SMALLEST:
        sigmas = _sigma(numbers)
        levels = np.empty((len(sigmas), *first.shape), np.float32)
        levels[0] = first
        for level in range(1, len(sigmas)):
            more = np.sqrt(sigmas[level] ** 2 - sigmas[level - 1] ** 2)
            levels[level] = blur(levels[level - 1], float(more))
        yield Octave(levels, sigmas, step)
        first = np.ascontiguousarray(levels[-2][::2, ::2])
        numbers = np.arange(LEVELS + 2)
        step *= 2


def _sigma(number: NDArray[np.int64] | int) -> Float32:
    return np.asarray(BASE * 2.0 ** (np.asarray(number) / LEVELS), np.float32)
