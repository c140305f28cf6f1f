"""Colors of labels: far apart where many are seen together, and the same tomorrow."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from relook.core.records import UInt8
from relook.plots.palette import oklch

__all__ = ["COLORS", "label_colors"]

COLORS = 16
"""Different ones; labels beyond the first so many share them."""


def _wheel() -> UInt8:
    """Hues in even steps, in turns light and dark, so that neighbors on the wheel differ twice."""
    number = np.arange(COLORS)
    lightness = np.array([0.52, 0.72, 0.62, 0.82])[number % 4]
    chroma = np.array([0.17, 0.16, 0.20, 0.14])[number % 4]
    return oklch(lightness, chroma, np.radians(20 + number * 360 / COLORS))


def label_colors(names: Sequence[str]) -> UInt8:
    """``(K, 3)`` sRGB of labels, the most important first; the first sixteen differ.

    A label asks for the color that its name stands for, and takes the next one where a more
    important label has that: so colors mostly stay when labels come and go.
    """
    wheel = _wheel()
    taken: set[int] = set()
    slots = []
    for name in names:
        slot = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[0] % COLORS
        if len(taken) < COLORS:
            while slot in taken:
                slot = (slot + 5) % COLORS
            taken.add(slot)
        slots.append(slot)
    return wheel[np.array(slots, np.int64)].reshape(-1, 3)
