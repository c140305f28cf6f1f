"""Which of eight places does the second patch come from? Pairs of patches that ask so.

Doersch, Gupta and Efros (2015), "Unsupervised visual representation learning by context
prediction": pictures without labels are labels enough. What would give the answer away without
looking at what is shown is taken out: edges that run on from patch to patch (by a gap and by
jitter) and the lens' chromatic aberration (by color).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import UsageError

__all__ = ["OFFSETS", "ContextOptions", "ContextPair", "cut_pair", "drop_colors", "project_colors"]

OFFSETS = ((-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1))
"""Where the second patch lies for each of the labels 0 … 7: columns to the right, rows down."""

# What stands in for a dropped channel: the mean of ImageNet, which networks subtract.
_GRAY = (124.0, 116.0, 104.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextOptions:
    """How pairs are cut. The defaults are those of the paper, in shares of a patch's side.

    Attributes:
        side: of a patch in pixels.
        gap: pixels between two neighboring patches before jitter; None for half a side.
        jitter: each patch moves by at most so many pixels on each axis; None for 7 of 96.
        areas: a picture is scaled to between so many areas of a patch, its proportions kept.
        color: ``drop`` leaves one channel of each patch, ``project`` takes green against magenta
            out, ``keep`` does nothing.
    """

    side: int = 96
    gap: int | None = None
    jitter: int | None = None
    areas: tuple[float, float] = (16.0, 49.0)
    color: str = "drop"

    def __post_init__(self) -> None:
        if not all(isinstance(pixels, int | None) for pixels in (self.gap, self.jitter)):
            raise UsageError("gap and jitter must be whole pixels")
        if self.side < 4 or self.pixels_of_jitter < 0:
            raise UsageError("a patch needs a side of at least 4 pixels, and jitter of 0 or more")
        if self.pixels_of_gap <= 2 * self.pixels_of_jitter:
            raise UsageError(
                f"a gap of {self.pixels_of_gap} pixels lets patches touch that move by"
                f" {self.pixels_of_jitter} each; make it more than twice the jitter"
            )
        if not 0 < self.areas[0] <= self.areas[1]:
            raise UsageError(f"areas must be two numbers above 0 in order, not {self.areas}")
        if self.color not in _COLORS:
            raise UsageError(f"color must be one of {', '.join(_COLORS)}, not {self.color!r}")

    @property
    def pixels_of_gap(self) -> int:
        """The gap, chosen or default."""
        return self.side // 2 if self.gap is None else self.gap

    @property
    def pixels_of_jitter(self) -> int:
        """The jitter, chosen or default."""
        return round(self.side * 7 / 96) if self.jitter is None else self.jitter

    @property
    def needed(self) -> int:
        """The shortest side of a picture that has room for every pair."""
        return 2 * self.side + self.pixels_of_gap + 2 * self.pixels_of_jitter

    @property
    def longest(self) -> int:
        """The longer side to read a picture at: enough for one of 3 : 1 at the largest area."""
        return max(self.needed, ceil(sqrt(3 * self.areas[1]) * self.side))


@dataclass(frozen=True, slots=True, eq=False)
class ContextPair:
    """Two patches and the place of the second.

    Attributes:
        patches: ``(2, S, S, 3)`` uint8.
        position: 0 … 7, see :data:`OFFSETS`.
        corners: ``(2, 2)`` int64, x and y of their left top pixels in the scaled picture.
        scale: new side / old side of that picture.
    """

    patches: NDArray[np.uint8]
    position: int
    corners: NDArray[np.int64]
    scale: float


def cut_pair(
    pixels: NDArray[np.uint8], *, options: ContextOptions, rng: np.random.Generator
) -> ContextPair:
    """Cut two patches of one picture, ``(H, W, 3)`` uint8; the same rng cuts the same.

    Pictures too small for the farthest pair are enlarged.

    Raises:
        ShapeError: other pixels than that.
    """
    check_array("pixels", pixels, shape=(None, None, 3), dtype=np.uint8)
    scaled, scale = _scaled(pixels, options=options, rng=rng)
    position = int(rng.integers(len(OFFSETS)))
    corners = _corners(scaled.shape[:2], OFFSETS[position], options=options, rng=rng)
    side = options.side
    patches = np.stack([scaled[y : y + side, x : x + side] for x, y in corners.tolist()])
    change = _COLORS[options.color]
    patches = np.stack([change(patch, rng) for patch in patches])
    return ContextPair(patches, position, corners, scale)


def _scaled(
    pixels: NDArray[np.uint8], *, options: ContextOptions, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], float]:
    rows, columns = pixels.shape[:2]
    area = rng.uniform(*options.areas) * options.side**2
    scale = max(sqrt(area / (rows * columns)), options.needed / min(rows, columns))
    size = (max(options.needed, round(columns * scale)), max(options.needed, round(rows * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8), scale


def _corners(
    shape: tuple[int, ...],
    offset: tuple[int, int],
    *,
    options: ContextOptions,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Left top pixels of both patches: a place where both fit, then jitter of each."""
    jitter = options.pixels_of_jitter
    step = np.array(offset) * (options.side + options.pixels_of_gap)
    low = np.maximum(0, -step) + jitter
    high = np.array(shape[::-1]) - options.side - jitter - np.maximum(0, step)
    first = rng.integers(low, high, endpoint=True)
    moved = rng.integers(-jitter, jitter, size=(2, 2), endpoint=True)
    return np.asarray(np.stack([first, first + step]) + moved, np.int64)


def drop_colors(patch: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Leave one channel, chosen at random, and faint noise in place of both others.

    The noise has a hundredth of the channel's deviation (Doersch et al. 2015, section 3.1), but
    not less than one level of gray.
    """
    kept = int(rng.integers(3))
    deviation = max(1.0, float(patch[..., kept].std()) / 100)
    noise = rng.normal(_GRAY, deviation, size=patch.shape)
    noise[..., kept] = patch[..., kept]
    return np.asarray(np.rint(np.clip(noise, 0, 255)), np.uint8)


def project_colors(patch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Take out what differs between green and magenta: B = I − aᵀa / (a aᵀ), a = (−1, 2, −1)."""
    axis = np.array([-1.0, 2.0, -1.0])
    kept = np.eye(3) - np.outer(axis, axis) / (axis @ axis)
    return np.asarray(np.rint(np.clip(patch @ kept, 0, 255)), np.uint8)


_Change = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]

_COLORS: dict[str, _Change] = {
    "drop": drop_colors,
    "project": lambda patch, _: project_colors(patch),
    "keep": lambda patch, _: patch,
}
