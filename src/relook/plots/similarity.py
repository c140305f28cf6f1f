"""What each part of a picture contributes to a similarity, as colors over the picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.records import Float64, UInt8
from relook.plots.heat import heat_colors
from relook.plots.ink import tint
from relook.plots.layout import SMALL
from relook.plots.palette import PAPER, QUIET, oklch
from relook.plots.place import Placement
from relook.plots.text import draw_text

if TYPE_CHECKING:
    from relook.search.explaining import Grid

__all__ = ["contribution_colors", "draw_scale", "half_of_it", "overlay", "strongest"]

_FADE = 0.25
_MOST = 0.9
_BAR = 26
_STRONG = 4.0
"""Two photos of one thing have 3.5 to 7 where they are most alike, others 1.5 to 4."""
_CHECKED = 128


def strongest(grids: Sequence[Grid]) -> float:
    """The contribution that is drawn in the last color of the scale.

    It is counted in those of an even spread: where all of a picture gives the same to a similarity
    of 1, each location gives 1. All but the strongest hundredth of the locations are within the
    scale. Where these are weak, as for pictures of different things, they are drawn weakly.
    """
    sizes = [np.percentile(np.abs(_density(grid)), 99) for grid in grids]
    return max(_STRONG, *map(float, sizes))


def contribution_colors(strength: NDArray[np.floating]) -> tuple[UInt8, Float64]:
    """Colors ``(N, 3)`` and opacities ``(N,)`` of ``(N,)`` strengths from -1 to 1.

    What adds to the similarity goes from purple over red to yellow, what takes away from it is
    blue; lightness changes evenly along both arms, and what does neither is clear.
    """
    signed = np.clip(np.asarray(strength, np.float64), -1.0, 1.0)
    size = np.abs(signed)
    cool = oklch(0.62 - 0.24 * size, np.full(len(size), 0.15), np.full(len(size), np.radians(258)))
    warm = heat_colors(0.40 + 0.60 * size)
    opacity = _MOST * np.minimum(1.0, 1.5 * size) * np.where(signed < 0, 0.8, 1.0)
    return np.where((signed < 0)[:, None], cool, warm), opacity


def overlay(picture: UInt8, place: Placement, grid: Grid, *, most: float) -> UInt8:
    """A picture in gray, drawn at ``place``, and over it what its parts contribute.

    Args:
        picture: ``(H, W, 3)``, as it is drawn.
        place: where that is, with its corner at 0.
        grid: of the picture, or of a part of it.
        most: as :func:`strongest` gave it.
    """
    drawn = _gray(picture)
    tint(drawn, PAPER, _FADE)
    box = grid.frame
    corners = np.array([(box.x, box.y), (box.x + box.width, box.y + box.height)]) - 0.5
    (x0, y0), (x1, y1) = np.rint(place.to_drawn(corners) + 0.5).astype(int)
    x0, y0 = max(x0, 0), max(y0, 0)
    part = drawn[y0:y1, x0:x1]
    if not part.size:
        return drawn
    size = (part.shape[1], part.shape[0])
    strength = cv2.resize(_density(grid) / most, size, interpolation=cv2.INTER_CUBIC)
    levels = np.rint(_CHECKED * np.clip(strength, -1, 1)).astype(int) + _CHECKED
    colors, opacity = contribution_colors(np.arange(-_CHECKED, _CHECKED + 1) / _CHECKED)
    share = opacity[levels][..., None]
    # Shaded a little by the photo, so that what lies below can still be told.
    shaded = colors[levels] * (0.7 + 0.3 * part / 255.0)
    part[:] = np.rint(part * (1 - share) + shaded * share)
    return drawn


def draw_scale(page: UInt8, position: tuple[int, int], *, width: int) -> None:
    """A bar of all colors, and what its ends mean."""
    x, y = position
    colors, opacity = contribution_colors(np.linspace(-1, 1, width))
    ground = np.full((width, 3), 200.0)
    bar = ground * (1 - opacity[:, None]) + colors * opacity[:, None]
    page[y : y + _BAR, x : x + width] = np.rint(bar)
    below, middle = y + _BAR + 32, x + width // 2
    page[y - 6 : y + _BAR + 6, middle - 1 : middle + 1] = QUIET
    draw_text(page, "speaks against it", (x, below), size=SMALL, color=QUIET)
    draw_text(page, "speaks for it", (x + width, below), size=SMALL, color=QUIET, right=True)


def half_of_it(grid: Grid) -> float:
    """The smallest share of the picture that gives half of all that speaks for the similarity."""
    given = np.sort(np.maximum(grid.values, 0).ravel())[::-1].astype(np.float64)
    if not given.any():
        return 1.0
    return float((np.searchsorted(given.cumsum(), given.sum() / 2) + 1) / given.size)


def _density(grid: Grid) -> Float64:
    """Contributions in units that do not depend on how fine the grid is."""
    return np.asarray(grid.values * grid.values.size, np.float64)


def _gray(picture: UInt8) -> UInt8:
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)
