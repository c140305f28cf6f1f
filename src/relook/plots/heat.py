"""What a fully convolutional classifier sees in a photo, and where: activations and labels.

::

    title
    photo        how active      labels
    name         scale of it     legend
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError
from relook.core.records import Image, UInt8
from relook.plots.ink import dot, paste, tint
from relook.plots.layout import BODY, MARGIN, SMALL, TITLE
from relook.plots.palette import INK, JUNK, PAPER, QUIET, WHITE, Color, oklch
from relook.plots.place import fit
from relook.plots.saving import save_page
from relook.plots.text import draw_text, elide

__all__ = ["class_heat", "heat_colors", "label_colors", "save_class_heat"]

_CELL = 700
_GUTTER = 60
_HEAD = 262
_LINE = 42
_LABELS = 8
_BAR = 26


def class_heat(
    image: Image,
    scores: NDArray[np.floating],
    *,
    names: Sequence[str] = (),
    title: str,
    note: str = "",
    locations: int = 0,
) -> UInt8:
    """Draw a photo, how active each location is, and which class active ones speak for.

    How active a location is, is its largest score. It speaks for the class of that score where it
    is above the mean of all locations. The map is stretched over the photo: borders are true to
    half the stride of the network.

    Args:
        image: the photo that the network saw.
        scores: ``(K, h, w)`` of the classes, logits or probabilities.
        names: of the K classes; their numbers where there are none.
        title: the headline.
        note: the line below.
        locations: so many of the most active ones are dotted.

    Returns:
        ``(H, W, 3)`` uint8 RGB, 2,380 pixels wide. The same input gives the same pixels.

    Raises:
        ShapeError: the scores are no such map, not finite, or there are other than K names.

    Source: activations and labels of a network that was fine-tuned on museum guides (fully
    convolutional networks: Long et al. 2015).
    """
    scores = _checked(scores, names)
    active = scores.max(axis=0)
    place = fit(image, _CELL, _CELL)
    picture = place.render()
    legend = _legend(scores, names)
    height = _HEAD + place.height + 32 + max(3, len(legend)) * _LINE + MARGIN
    page: UInt8 = np.full((height, 2 * MARGIN + 3 * _CELL + 2 * _GUTTER, 3), PAPER, np.uint8)
    wide = page.shape[1] - 2 * MARGIN
    draw_text(page, elide(title, size=TITLE, width=wide), (MARGIN, 112), size=TITLE, color=INK)
    draw_text(page, elide(note, size=BODY, width=wide), (MARGIN, 162), size=BODY, color=QUIET)
    lefts = [MARGIN + number * (_CELL + _GUTTER) for number in range(3)]
    below = _HEAD + place.height
    panels = (picture, _heat(picture, active, locations), _labels(picture, scores, legend))
    words = ("Photo", "Largest score of any class", "Its class, where it is above the mean")
    for left, panel, head in zip(lefts, panels, words, strict=True):
        draw_text(page, head, (left, _HEAD - 22), size=SMALL, color=INK)
        paste(page, panel, left, _HEAD)
    _draw_scale(page, active, (lefts[1], below + 24), place.width)
    if locations:
        count = min(locations, active.size)
        line = f"dots: the {count} most active of {active.size} locations"
        draw_text(page, line, (lefts[1], below + 122), size=SMALL, color=QUIET)
    _draw_legend(page, legend, (lefts[2], below + 48))
    return page


def save_class_heat(
    path: Path | str,
    image: Image,
    scores: NDArray[np.floating],
    *,
    names: Sequence[str] = (),
    title: str,
    note: str = "",
    locations: int = 0,
) -> None:
    """Draw :func:`class_heat` and write it as a PNG file, whole or not at all.

    Raises:
        UsageError: the file's suffix is not .png.
        ShapeError: as for :func:`class_heat`.
        StorageError: the folder does not exist or cannot be written to.
    """
    page = class_heat(image, scores, names=names, title=title, note=note, locations=locations)
    save_page(path, page)


def heat_colors(shares: NDArray[np.floating]) -> UInt8:
    """Colors ``(N, 3)`` of ``(N,)`` shares from 0, dark blue, to 1, light yellow."""
    t = np.clip(np.asarray(shares, np.float64), 0.0, 1.0)
    hue = np.radians(275.0 + 195.0 * t)  # over purple and red
    return oklch(0.22 + 0.72 * t, 0.09 + 0.30 * t * (1 - t) + 0.05 * t, hue)


def label_colors(count: int) -> UInt8:
    """Colors ``(count, 3)`` that can be told apart, neighbors most of all."""
    number = np.arange(count)
    hue = np.radians(25.0 + 137.508 * number)  # the golden angle
    return oklch(np.where(number % 2, 0.78, 0.60), np.full(count, 0.17), hue)


def _checked(scores: NDArray[np.floating], names: Sequence[str]) -> NDArray[np.float64]:
    wide: NDArray[np.float64] = np.asarray(scores, np.float64)
    check_array("scores", wide, shape=(None, None, None), dtype=np.float64)
    check_finite("scores", wide)
    if not wide.size:
        raise ShapeError("scores of no class or no location cannot be drawn")
    if names and len(names) != len(scores):
        raise ShapeError(f"{len(scores)} classes need as many names, not {len(names)}")
    return wide


def _gray(picture: UInt8) -> UInt8:
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB), np.uint8)


def _shares(active: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(active.min()), float(active.max())
    return (active - low) / (high - low) if high > low else np.ones_like(active)


def _heat(picture: UInt8, active: NDArray[np.float64], locations: int) -> UInt8:
    height, width = picture.shape[:2]
    smooth = cv2.resize(_shares(active), (width, height), interpolation=cv2.INTER_LINEAR)
    colors = heat_colors(np.arange(256) / 255)[np.rint(255 * np.clip(smooth, 0, 1)).astype(int)]
    # Shaded by the photo, not mixed with it: on white ground a color is that of the scale.
    shaded = np.rint(colors * (0.45 + 0.55 * _gray(picture) / 255.0))
    drawn: UInt8 = np.asarray(shaded, np.uint8)
    rows, columns = active.shape
    for cell in np.argsort(-active, axis=None, kind="stable")[:locations].tolist():
        row, column = divmod(cell, columns)
        center = np.array([(column + 0.5) * width / columns, (row + 0.5) * height / rows]) - 0.5
        dot(drawn, center, WHITE, radius=6.0)
    return drawn


def _speaking(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """The class of each location, ``(h, w)``; -1 where its score is not above the mean."""
    active = scores.max(axis=0)
    return np.where(active > active.mean(), scores.argmax(axis=0), -1)


class _Entry(NamedTuple):
    """One line of the legend: a class, or -2 for several."""

    label: int
    words: str
    color: Color


def _legend(scores: NDArray[np.float64], names: Sequence[str]) -> list[_Entry]:
    """The most frequent labels, and all of the rest together."""
    speaking = _speaking(scores)
    labels, counts = np.unique(speaking[speaking >= 0], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    total = max(int(counts.sum()), 1)
    shown = order[:_LABELS]
    colors = label_colors(len(shown)).tolist()
    found: list[_Entry] = []
    for at, (red, green, blue) in zip(shown, colors, strict=True):
        label = int(labels[at])
        words = f"{names[label] if names else f'class {label}'}, {_percent(counts[at], total)}"
        found.append(_Entry(label, words, (red, green, blue)))
    rest = order[_LABELS:]
    if len(rest):
        classes = "one other class" if len(rest) == 1 else f"{len(rest)} other classes"
        found.append(_Entry(-2, f"{classes}, {_percent(counts[rest].sum(), total)}", JUNK))
    return found


def _percent(count: int, total: int) -> str:
    return f"{100 * count / total:.0f} %"


def _labels(picture: UInt8, scores: NDArray[np.float64], legend: Sequence[_Entry]) -> UInt8:
    speaking = _speaking(scores)
    color_of = {entry.label: entry.color for entry in legend}
    height, width = picture.shape[:2]
    rows = np.arange(height) * speaking.shape[0] // height
    columns = np.arange(width) * speaking.shape[1] // width
    cells = speaking[rows[:, None], columns]
    drawn = _gray(picture)
    tint(drawn, PAPER, 0.55)
    colored = np.zeros_like(drawn)
    for label in np.unique(speaking[speaking >= 0]).tolist():
        colored[cells == label] = color_of.get(label, JUNK)
    mixed = cv2.addWeighted(_gray(picture), 0.35, colored, 0.65, 0.0)
    return np.asarray(np.where((cells >= 0)[..., None], mixed, drawn), np.uint8)


def _draw_scale(
    page: UInt8, active: NDArray[np.float64], position: tuple[int, int], width: int
) -> None:
    x, y = position
    page[y : y + _BAR, x : x + width] = heat_colors(np.linspace(0, 1, width))
    low, high = f"{active.min():.3g}", f"{active.max():.3g}"
    draw_text(page, low, (x, y + _BAR + 34), size=SMALL, color=QUIET)
    draw_text(page, high, (x + width, y + _BAR + 34), size=SMALL, color=QUIET, right=True)


def _draw_legend(page: UInt8, legend: Sequence[_Entry], position: tuple[int, int]) -> None:
    x, y = position
    if not legend:
        words = "every location is equally active"
        draw_text(page, words, (x, y), size=SMALL, color=QUIET)
    for number, (_, words, color) in enumerate(legend):
        line = y + number * _LINE
        page[line - 21 : line + 3, x : x + 24] = color
        shown = elide(words, size=SMALL, width=_CELL - 40)
        draw_text(page, shown, (x + 40, line), size=SMALL, color=INK)
