"""One page of an exploration: the query, where in it or beside it pictures lie, and the pictures.

::

    title
    Query with numbered outlines     1 picture   2 picture   3 picture
    name                             how it differs, how sure, its name
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import StorageError, UsageError
from relook.core.records import Image, UInt8
from relook.core.storage import write_whole
from relook.plots.ink import outline, paste
from relook.plots.layout import BODY, MARGIN, SMALL, TITLE, Rect, plan_sheet
from relook.plots.palette import BOX, INK, MAT, PAPER, QUIET, REGION, WHITE
from relook.plots.place import fit
from relook.plots.text import draw_text, elide, text_width

__all__ = ["Found", "draw_exploration", "save_exploration"]

_LONGEST = 1400
_WIDEST = 4.0
"""Sides of the query that the map beside it is wide at most."""
_MOST = 200


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A picture that was found.

    Attributes:
        image: the picture.
        name: what to call it, usually its path.
        words: how it differs from the query and how sure that is.
        outline: ``(4, 2)`` its border in the query.
        region: ``(4, 2)`` what was asked for, in the picture.
    """

    image: Image
    name: str
    words: str
    outline: NDArray[np.floating]
    region: NDArray[np.floating]


def draw_exploration(
    query: Image,
    found: Sequence[Found],
    *,
    name: str,
    title: str,
    region: NDArray[np.floating],
    inside: bool = True,
) -> UInt8:
    """Draw the page, ``(H, W, 3)`` uint8 RGB; the same input gives the same pixels.

    Args:
        query: the query picture, whole.
        found: at most 200.
        name: of the query.
        title: the headline.
        region: ``(4, 2)`` outline in the query of what was asked for.
        inside: outline pictures on the query; else what was asked for is outlined in the pictures
            too, and a map shows how far they reach beyond it.

    Raises:
        UsageError: too many pictures.
    """
    if len(found) > _MOST:
        raise UsageError(f"a sheet shows at most {_MOST} pictures, not {len(found)}")
    chart = _chart(query, found, region, inside=inside)
    plan = plan_sheet(chart, [one.image for one in found])
    page: UInt8 = np.full((plan.height, plan.width, 3), PAPER, np.uint8)
    wide = plan.width - 2 * MARGIN
    draw_text(page, elide(title, size=TITLE, width=wide), (MARGIN, 112), size=TITLE, color=INK)
    words = _summary(len(found))
    draw_text(page, words, (MARGIN, 162), size=BODY, color=QUIET)
    line = plan.query.y - 20
    draw_text(page, "Query", (MARGIN, line), size=SMALL, color=INK)
    paste(page, fit(chart, plan.query.width, plan.query.height).render(), MARGIN, plan.query.y)
    below = (MARGIN, plan.query.y + plan.query.height + 44)
    room = plan.grid_left - 2 * MARGIN
    draw_text(page, elide(name, size=SMALL, width=room), below, size=SMALL, color=QUIET)
    for number, (one, place) in enumerate(zip(found, plan.results, strict=True), start=1):
        _draw_found(page, one, place, number=number, region=not inside)
    return page


def _summary(count: int) -> str:
    if not count:
        return "nothing was found"
    return f"{count} {'picture' if count == 1 else 'pictures'} · all verified by geometry"


def save_exploration(path: Path, page: UInt8) -> None:
    """Write a page as a PNG file, whole or not at all.

    Raises:
        StorageError: it cannot be written.
    """
    done, encoded = cv2.imencode(".png", page[..., ::-1])
    if not done:
        raise StorageError(f"cannot write {path}: the picture could not be encoded")
    write_whole(path, encoded.tobytes())


def _chart(
    query: Image, found: Sequence[Found], region: NDArray[np.floating], *, inside: bool
) -> Image:
    """The query with numbered outlines, on a map as large as these need."""
    size = np.array(query.size, np.float64)
    corners = np.concatenate([[(0.0, 0.0)], [size], *(one.outline for one in found)])
    reach = 0.0 if inside else (_WIDEST - 1) / 2
    low = np.maximum(corners.min(axis=0), -reach * size)
    high = np.minimum(corners.max(axis=0), (1 + reach) * size)
    zoom = _LONGEST / (high - low).max()
    wide, tall = np.maximum(np.rint((high - low) * zoom), 1).astype(int)
    canvas: UInt8 = np.full((tall, wide, 3), MAT, np.uint8)
    move = np.array([[zoom / query.scale[0], 0, 0], [0, zoom / query.scale[1], 0]])
    move[:, 2] = -low * zoom
    cv2.warpAffine(
        query.pixels, move, (int(wide), int(tall)), canvas,
        flags=cv2.INTER_AREA, borderMode=cv2.BORDER_TRANSPARENT,
    )  # fmt: skip
    outline(canvas, (region + 0.5 - low) * zoom, BOX, width=5)
    drawn = [(one.outline + 0.5 - low) * zoom for one in found]
    for points in drawn:
        outline(canvas, points, REGION)
    for number, points in enumerate(drawn, start=1):
        _draw_number(canvas, number, points.mean(axis=0))
    return Image(canvas, (int(wide), int(tall)))


def _draw_number(canvas: UInt8, number: int, center: NDArray[np.floating]) -> None:
    words = str(number)
    wide = text_width(words, size=BODY) + 20
    high, across = canvas.shape[:2]
    x = int(np.clip(center[0] - wide / 2, 0, max(0, across - wide)))
    y = int(np.clip(center[1] - 20, 0, max(0, high - 40)))
    canvas[y : y + 40, x : x + wide] = REGION
    draw_text(canvas, words, (x + 10, y + 30), size=BODY, color=WHITE)


def _draw_found(page: UInt8, one: Found, place: Rect, *, number: int, region: bool) -> None:
    page[place.y : place.y + place.height, place.x : place.x + place.width] = MAT
    fitted = fit(one.image, place.width, place.height)
    picture = fitted.render()
    if region:
        outline(picture, fitted.to_drawn(one.region), BOX, width=5)
    left = place.x + (place.width - fitted.width) // 2
    paste(page, picture, left, place.y + (place.height - fitted.height) // 2)
    line = place.y + place.height + 42
    used = draw_text(page, str(number), (place.x, line), size=BODY, color=INK) + 14
    words = elide(one.words, size=SMALL, width=place.width - used)
    draw_text(page, words, (place.x + used, line), size=SMALL, color=INK)
    name = elide(one.name, size=SMALL, width=place.width)
    draw_text(page, name, (place.x, line + 36), size=SMALL, color=QUIET)
