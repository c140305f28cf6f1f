"""A page with the map of a collection: thumbnails where there is room, dots elsewhere, a legend.

::

    title                                     labels
    ┌──────────────────────────────┐          ■ cathedral   12
    │  ▫ ▫▫   ·  ▫▫                │          ■ museum      10
    │    ▫▫▫  ▫                    │          · without a label
    └──────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import UsageError
from relook.core.records import Image, UInt8
from relook.plots.atlas_colors import label_colors
from relook.plots.atlas_grid import snap
from relook.plots.ink import paste
from relook.plots.layout import BODY, MARGIN, SMALL, TITLE
from relook.plots.palette import INK, MAT, PAPER, QUIET, Color
from relook.plots.saving import save_page
from relook.plots.text import draw_text, elide, text_width

__all__ = ["UNLABELLED", "AtlasPlot", "draw_atlas", "save_atlas"]

UNLABELLED: Color = (176, 174, 170)
_SIDE = 2400
_HEAD = 206
_ASIDE = 80
_LEGEND = 460
_LINE = 54
_ENTRIES = (_SIDE - 28) // _LINE - 1
_SMALLEST, _LARGEST = 48, 280
_GAP = 3


@dataclass(frozen=True, slots=True, eq=False)
class AtlasPlot:
    """A map to draw.

    Attributes:
        xy: ``(N, 2)`` float32 in 0 … 1 from the left top corner, as an atlas has them.
        labels: ``(N,)`` int64 place in ``names``; -1 without a label.
        names: labels, the most frequent first.
        captions: what to call each picture.
        thumbnail: number of a picture to a small version of it.
        title: the headline.
    """

    xy: NDArray[np.float32]
    labels: NDArray[np.int64]
    names: Sequence[str]
    captions: Sequence[str]
    thumbnail: Callable[[int], Image]
    title: str

    def __post_init__(self) -> None:
        check_array("xy", self.xy, shape=(None, 2), dtype=np.float32)
        check_array("labels", self.labels, shape=(len(self.xy),), dtype=np.int64)
        if len(self.captions) != len(self.xy):
            raise UsageError(f"{len(self.xy)} pictures need as many captions")
        if len(self.labels) and not -1 <= self.labels.min() <= self.labels.max() < len(self.names):
            raise UsageError("a label is no place in the names")

    def __len__(self) -> int:
        return len(self.xy)

    @property
    def counts(self) -> NDArray[np.int64]:
        """``(K,)`` pictures of each label."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.names))

    @property
    def colors(self) -> UInt8:
        """``(N, 3)`` of each picture: that of its label, gray without one."""
        known = np.concatenate([label_colors(self.names), np.array([UNLABELLED], np.uint8)])
        return known[self.labels]  # -1 is the last

    @property
    def summary(self) -> str:
        """Such as “1,120 pictures · 229 labels on 442 of them”."""
        pictures = f"{len(self):,} {'picture' if len(self) == 1 else 'pictures'}"
        if not self.names:
            return f"{pictures} · no labels"
        labels = f"{len(self.names):,} {'label' if len(self.names) == 1 else 'labels'}"
        return f"{pictures} · {labels} on {int((self.labels >= 0).sum()):,} of them"


def draw_atlas(
    plot: AtlasPlot, *, progress: Callable[[str, int, int], None] | None = None
) -> UInt8:
    """Draw the page, ``(H, W, 3)`` uint8 RGB, 3,100 pixels wide.

    Every picture is a dot in the color of its label. Over them lie thumbnails, framed in that
    color and moved by two cells of a grid at most, of as many pictures as have room.

    Args:
        plot: what to draw.
        progress: called with what is under way, the number done and the total.
    """
    width = 2 * MARGIN + _SIDE + _ASIDE + _LEGEND
    page: UInt8 = np.full((_HEAD + _SIDE + MARGIN, width, 3), PAPER, np.uint8)
    inner = width - 2 * MARGIN
    draw_text(page, elide(plot.title, size=TITLE, width=inner), (MARGIN, 112), size=TITLE,
              color=INK)  # fmt: skip
    draw_text(page, plot.summary, (MARGIN, 162), size=BODY, color=QUIET)
    canvas = page[_HEAD : _HEAD + _SIDE, MARGIN : MARGIN + _SIDE]
    canvas[:] = MAT
    colors = plot.colors
    _draw_dots(canvas, plot, colors)
    _draw_thumbnails(canvas, plot, colors, progress or _no_report)
    _draw_legend(page, plot, left=MARGIN + _SIDE + _ASIDE)
    return page


def save_atlas(
    path: Path | str,
    plot: AtlasPlot,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> None:
    """Draw :func:`draw_atlas` and write it as a PNG file, whole or not at all.

    Raises:
        UsageError: the file's suffix is not .png.
        StorageError: the folder does not exist or cannot be written to.
    """
    save_page(path, draw_atlas(plot, progress=progress))


def _draw_dots(canvas: UInt8, plot: AtlasPlot, colors: UInt8) -> None:
    radius = 5 if len(plot) > 2000 else 8
    # Those with labels lie above the gray ones.
    for row in np.argsort(plot.labels >= 0, kind="stable").tolist():
        x, y = (plot.xy[row] * (_SIDE - 1)).tolist()
        color = tuple(colors[row].tolist())
        cv2.circle(canvas, (round(x * 16), round(y * 16)), radius * 16, color, -1, cv2.LINE_AA, 4)


def _draw_thumbnails(
    canvas: UInt8, plot: AtlasPlot, colors: UInt8, progress: Callable[[str, int, int], None]
) -> None:
    if not len(plot):
        return
    count = int(np.clip(_SIDE / np.sqrt(len(plot)) * 0.8, _SMALLEST, _LARGEST))
    cells = _SIDE // count
    side = _SIDE / cells
    found = snap(plot.xy * cells, columns=cells, rows=cells, reach=2)
    shown = np.flatnonzero(found >= 0).tolist()
    for number, row in enumerate(shown, start=1):
        down, across = divmod(int(found[row]), cells)
        left, top = round(across * side), round(down * side)
        right, bottom = round((across + 1) * side), round((down + 1) * side)
        wide, high = right - left - _GAP, bottom - top - _GAP
        framed = plot.labels[row] >= 0
        tile = _tile(plot.thumbnail(row), wide, high, colors[row] if framed else None)
        paste(canvas, tile, left, top)
        progress("draw", number, len(shown))


def _tile(image: Image, width: int, height: int, color: UInt8 | None) -> UInt8:
    """The middle of a picture, framed where there is a color."""
    pixels = image.pixels
    rows, columns = pixels.shape[:2]
    zoom = max(width / columns, height / rows)
    wide, high = min(columns, round(width / zoom)), min(rows, round(height / zoom))
    left, top = (columns - wide) // 2, (rows - high) // 2
    part = pixels[top : top + max(1, high), left : left + max(1, wide)]
    method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    tile = np.asarray(cv2.resize(part, (width, height), interpolation=method), np.uint8)
    if color is not None:
        thick = max(3, round(0.05 * width))
        tile[:thick] = tile[-thick:] = color
        tile[:, :thick] = tile[:, -thick:] = color
    return tile


def _draw_legend(page: UInt8, plot: AtlasPlot, *, left: int) -> None:
    counts, colors = plot.counts.tolist(), label_colors(plot.names)
    line = _HEAD + 28
    right = page.shape[1] - MARGIN
    entries = list(zip(plot.names, colors, counts, strict=True))
    shown = entries[: _ENTRIES if len(entries) < _ENTRIES else _ENTRIES - 1]
    for name, color, count in shown:
        _draw_entry(page, name, count, tuple(color.tolist()), left, right, line)
        line += _LINE
    more = len(entries) - len(shown)
    if more > 0:
        words = f"and {more:,} smaller {'label' if more == 1 else 'labels'}"
        draw_text(page, elide(words, size=SMALL, width=right - left), (left, line), size=SMALL,
                  color=QUIET)  # fmt: skip
        line += _LINE
    bare = int((plot.labels < 0).sum())
    if bare:
        _draw_entry(page, "without a label", bare, UNLABELLED, left, right, line)


def _draw_entry(
    page: UInt8, name: str, count: int, color: Color, left: int, right: int, line: int
) -> None:
    page[line - 24 : line + 4, left : left + 28] = color
    number = f"{count:,}"
    draw_text(page, number, (right, line), size=BODY, color=QUIET, right=True)
    room = right - left - 44 - text_width(number, size=BODY) - 16
    draw_text(page, elide(name, size=BODY, width=room), (left + 44, line), size=BODY, color=INK)


def _no_report(what: str, done: int, total: int) -> None:
    del what, done, total
