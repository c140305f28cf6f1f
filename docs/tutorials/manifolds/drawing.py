"""Maps as pictures: points with a color each, and some digits where they lie."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from relook.plots.ink import frame, paste
from relook.plots.lines import spread
from relook.plots.palette import INK, PAPER, QUIET, RULE, WHITE, oklch
from relook.plots.text import draw_text

SIDE = 420
TITLE = 46
EDGE = 22

Colors = NDArray[np.uint8]


def class_colors(labels: NDArray[np.integer]) -> Colors:
    """A hue for each label; neighbors in number are far apart in hue."""
    names = np.unique(labels)
    place = np.searchsorted(names, labels)
    hue = 2 * np.pi * (place * 3 % len(names) if len(names) % 3 else place) / len(names)
    return oklch(np.full(len(labels), 0.68), np.full(len(labels), 0.16), hue + 0.5)


def running_colors(values: NDArray[np.floating]) -> Colors:
    """Colors that run with a number."""
    share = (values - values.min()) / np.ptp(values)
    return oklch(0.5 + 0.3 * share, np.full(len(share), 0.16), np.radians(300 - 290 * share))


def panel(
    title: str,
    points: NDArray[np.floating],
    colors: Colors,
    *,
    note: str = "",
    digits: NDArray[np.floating] | None = None,
    rings: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """A square with ``(N, 2)`` points, ``digits`` ``(N, 8, 8)`` at some of them.

    ``rings`` marks points that are drawn with a bright middle. Both axes have one scale, so that
    distances are what they look like.
    """
    canvas = np.full((SIDE + TITLE, SIDE, 3), PAPER, np.uint8)
    field = canvas[TITLE:]
    field[:] = WHITE
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    scale = (SIDE - 2 * EDGE) / max(np.ptp(points, axis=0).max(), 1e-9)
    where = (points - middle) * scale * (1, -1) + SIDE / 2
    ringed = np.zeros(len(where), np.bool_) if rings is None else rings
    for place, color, ring in zip(where, colors.tolist(), ringed.tolist(), strict=True):
        _dot(field, place, color, ring=ring)
    if digits is not None:
        for row in spread(where, 40).tolist():
            _stamp(field, digits[row], where[row], colors[row])
    frame(field, 0, 0, SIDE, SIDE, color=RULE, thick=1)
    draw_text(canvas, title, (2, 19), size=17, color=INK)
    draw_text(canvas, note, (2, 38), size=13, color=QUIET)
    return canvas


def _dot(
    field: NDArray[np.uint8], place: NDArray[np.floating], color: Sequence[int], *, ring: bool
) -> None:
    x, y = np.rint(place * 16).astype(int).tolist()
    fills = ((64, WHITE), (50, color), (22, WHITE))
    for radius, fill in fills if ring else fills[:2]:
        cv2.circle(field, (x, y), radius, tuple(fill), -1, cv2.LINE_AA, 4)


def _stamp(
    field: NDArray[np.uint8],
    digit: NDArray[np.floating],
    place: NDArray[np.floating],
    color: NDArray[np.uint8],
) -> None:
    """A digit of 8 x 8 pixels in its color on white, with its middle at a place."""
    large = cv2.resize(np.float32(digit) / 16, (22, 22), interpolation=cv2.INTER_LINEAR)[..., None]
    ink = np.rint(255 + large * (color * 0.75 - 255)).astype(np.uint8)
    frame(ink, 0, 0, 22, 22, color=RULE, thick=1)
    left, top = np.clip(np.rint(place - 11), 0, SIDE - 22).astype(int).tolist()
    paste(field, ink, left, top)


def save(panels: list[list[NDArray[np.uint8]]], path: Path) -> None:
    """Lay rows of panels beside and below each other; a small PNG."""
    gap = 16
    rows = []
    for row in panels:
        between = np.full((row[0].shape[0], gap, 3), PAPER, np.uint8)
        rows.append(np.hstack([part for one in row for part in (between, one)] + [between]))
    rows.append(np.full((gap, rows[0].shape[1], 3), PAPER, np.uint8))
    board = np.vstack(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(board).quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
