"""Colors of labels, as the page of the server has them too (``views/atlas/colors.js``).

The twelve largest labels get colors that were found by making the least OKLab distance of any two,
and of each to gray, as large as it can be, in light and in dark, and as people with protanopia,
deuteranopia and tritanopia see them (Machado et al. 2009). All others share what lies between: pale
hues a golden angle apart, in turns lighter and darker, so that neighbors in the list differ.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from relook.core.records import UInt8
from relook.plots.palette import oklch

__all__ = ["COLORS", "label_colors"]

LIGHT = (
    "#156894", "#ce7300", "#055e1b", "#4734a5", "#a334bf", "#e12254",
    "#a81800", "#268562", "#ab6dfb", "#6a88c1", "#b76c89", "#7b366a",
)  # fmt: skip
DARK = (
    "#008eb0", "#b48b4e", "#80daae", "#a063fe", "#fd95e7", "#cd4d25",
    "#fb7b81", "#55d53f", "#6368c7", "#589bfb", "#ffc6dd", "#b494c0",
)  # fmt: skip
COLORS = len(LIGHT)
"""Colors that only one label has."""
GOLDEN = 137.508
"""Degrees."""
CHROMA = 0.085
LIGHTNESS = {False: (0.53, 0.65), True: (0.66, 0.8)}
"""Of the others, in light and in dark."""


def label_colors(names: Sequence[str], *, dark: bool = False) -> UInt8:
    """``(K, 3)`` sRGB of labels, the most important first; the first twelve differ clearly.

    A label asks for the color that its name stands for, and takes the next one where a more
    important label has that: so colors mostly stay when labels come and go.

    Args:
        names: of all labels, the most frequent first.
        dark: for a dark ground.
    """
    slots = np.array(_slots(names[:COLORS]), np.int64)
    own = np.array([_bytes(color) for color in (DARK if dark else LIGHT)], np.uint8)
    others = np.arange(max(0, len(names) - COLORS))
    return np.concatenate([own[slots].reshape(-1, 3), _others(others, dark=dark)])


def _slots(names: Sequence[str]) -> list[int]:
    taken: list[int] = []
    for name in names:
        slot = _hash(name) % COLORS
        while slot in taken:
            slot = (slot + 1) % COLORS
        taken.append(slot)
    return taken


def _others(number: NDArray[np.int64], *, dark: bool) -> UInt8:
    lightness = np.array(LIGHTNESS[dark])[number % 2]
    return oklch(lightness, np.full(len(number), CHROMA), np.radians(number * GOLDEN % 360))


def _hash(name: str) -> int:
    """FNV-1a of its UTF-16 units, as a browser counts them."""
    units = np.frombuffer(name.encode("utf-16-le", "surrogatepass"), "<u2")
    value = 0x811C9DC5
    for unit in units.tolist():
        value = (value ^ unit) * 0x01000193 & 0xFFFFFFFF
    return value


def _bytes(color: str) -> list[int]:
    return list(bytes.fromhex(color[1:]))
