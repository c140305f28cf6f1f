"""The parts of a result sheet: the query's card, a result's card, a caption."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from relook.core.checks import check_finite
from relook.core.errors import UsageError
from relook.core.records import Box, Evidence, Image, UInt8
from relook.plots.ink import Glyph, dot, frame, glyph, outline, paste, tint
from relook.plots.layout import SMALL, TINY, Rect
from relook.plots.palette import (
    BOX,
    INK,
    JUNK,
    MAT,
    PAPER,
    QUIET,
    REGION,
    RIGHT,
    WHITE,
    WRONG,
    Color,
)
from relook.plots.place import Placement, fit
from relook.plots.text import draw_text, elide, text_width

__all__ = [
    "Mark",
    "SheetQuery",
    "SheetResult",
    "boxed",
    "draw_legend",
    "draw_query",
    "draw_result",
    "evidence_words",
    "match_words",
]

Mark = Literal["right", "wrong", "junk"]

_MARKS: dict[Mark, tuple[Color, Glyph]] = {
    "right": (RIGHT, "check"),
    "wrong": (WRONG, "cross"),
    "junk": (JUNK, "dash"),
}


@dataclass(frozen=True, slots=True, eq=False)
class SheetQuery:
    """What was asked.

    Attributes:
        image: the query picture, the whole of it where a box was searched.
        name: what to call it, usually its file name.
        box: the part that was searched, in original pixels.
    """

    image: Image
    name: str
    box: Box | None = None

    def __post_init__(self) -> None:
        if self.box is not None:
            check_finite("box", np.array(self.box))


@dataclass(frozen=True, slots=True, eq=False)
class SheetResult:
    """One answer.

    Attributes:
        image: the picture that was found.
        name: what to call it, usually its file name.
        score: higher is better.
        evidence: why it is believed; None where geometry did not verify it.
        mark: whether the answer is right, where that is known.
    """

    image: Image
    name: str
    score: float
    evidence: Evidence | None = None
    mark: Mark | None = None

    def __post_init__(self) -> None:
        if self.mark is not None and self.mark not in get_args(Mark):
            raise UsageError(f"a mark is one of {', '.join(get_args(Mark))}, not {self.mark!r}")


def draw_query(page: UInt8, query: SheetQuery, place: Rect, *, room: int) -> None:
    """The query's picture, bright where it was searched, and its name within ``room`` pixels."""
    fitted = Placement(query.image, place.width, place.height)
    picture = fitted.render()
    if query.box is not None:
        _show_box(picture, fitted, query.box)
    paste(page, picture, place.x, place.y)
    below = place.y + place.height
    name = elide(query.name, size=SMALL, width=room)
    draw_text(page, name, (place.x, below + 44), size=SMALL, color=QUIET)
    if query.box is not None:
        draw_legend(page, "the part that was searched", (place.x, below + 84), BOX)


def _show_box(picture: UInt8, place: Placement, box: Box) -> None:
    """Fade ``picture``, which lies at ``place``, around a box, and outline the box."""
    # Pixel centers are integers, so that the edges of a box lie half a pixel before them.
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (box.width, box.height)
    drawn = place.to_drawn(corners + np.array([box.x - 0.5, box.y - 0.5]))
    bright = picture.copy()
    tint(picture, PAPER, 0.5)
    x0, y0 = np.maximum(np.rint(drawn[0] + 0.5), 0).astype(int)
    x1, y1 = np.maximum(np.rint(drawn[2] + 0.5), 0).astype(int)
    picture[y0:y1, x0:x1] = bright[y0:y1, x0:x1]
    outline(picture, drawn, BOX)


def boxed(query: Image, box: Box) -> Image:
    """The same picture, bright within a box."""
    rows, columns = query.pixels.shape[:2]
    whole = Placement(query, columns, rows)
    pixels = whole.render()
    _show_box(pixels, whole, box)
    return Image(pixels, query.size, query.scale, query.offset)


def draw_legend(page: UInt8, words: str, position: tuple[int, int], color: Color) -> None:
    """A small outline and what it means."""
    x, y = position
    frame(page, x, y - 20, 26, 22, color=color, thick=4)
    draw_text(page, words, (x + 40, y), size=SMALL, color=QUIET)


def draw_result(page: UInt8, result: SheetResult, place: Rect, *, rank: int) -> None:
    """A result's picture on its mat with what matched outlined, and its caption."""
    page[place.y : place.y + place.height, place.x : place.x + place.width] = MAT
    fitted = fit(result.image, place.width, place.height)
    picture = fitted.render()
    if result.evidence is not None:
        outline(picture, fitted.to_drawn(result.evidence.region), REGION)
    left = place.x + (place.width - fitted.width) // 2
    paste(page, picture, left, place.y + (place.height - fitted.height) // 2)
    if result.mark is not None:
        _draw_mark(page, result.mark, place)
    _draw_caption(page, result, place, rank)


def _draw_mark(page: UInt8, mark: Mark, place: Rect) -> None:
    color, sign = _MARKS[mark]
    frame(page, *place, color=color, thick=8)
    wide = text_width(mark, size=SMALL) + 68
    page[place.y : place.y + 46, place.x : place.x + wide] = color
    glyph(page, sign, (place.x + 30, place.y + 24), radius=13, color=WHITE, width=4)
    draw_text(page, mark, (place.x + 54, place.y + 32), size=SMALL, color=WHITE)


def _draw_caption(page: UInt8, result: SheetResult, place: Rect, rank: int) -> None:
    line = place.y + place.height + 42
    size = SMALL if place.width >= 330 else TINY
    x = place.x + draw_text(page, str(rank), (place.x, line), size=size + 8, color=INK) + 14
    _draw_badge(page, (x + 9.0, line - 9.0), verified=result.evidence is not None)
    words = _first_that_fits(evidence_words(result.evidence), size, place.x + place.width - x - 28)
    draw_text(page, words, (x + 28, line), size=size, color=INK if result.evidence else QUIET)
    name = elide(result.name, size=size, width=place.width)
    draw_text(page, name, (place.x, line + size + 12), size=size, color=QUIET)
    score = elide(f"score {_score_words(result.score)}", size=size, width=place.width)
    draw_text(page, score, (place.x, line + 2 * (size + 10)), size=size, color=QUIET)


def _draw_badge(page: UInt8, center: tuple[float, float], *, verified: bool) -> None:
    """A full disc or a ring; the words beside it say the same."""
    dot(page, np.array(center), QUIET, radius=9.0)
    dot(page, np.array(center), REGION if verified else PAPER, radius=9.0 if verified else 7.0)


def _first_that_fits(words: str, size: int, width: int) -> str:
    short = words.rpartition(" · ")[2]
    long_fits = text_width(words, size=size) <= width
    return words if long_fits else elide(short, size=size, width=width)


def evidence_words(evidence: Evidence | None) -> str:
    """Such as “verified · 87 matches”, or “not verified”."""
    if evidence is None:
        return "not verified"
    return f"verified · {match_words(evidence.inliers)}"


def match_words(count: int) -> str:
    """Such as “87 matches”."""
    return "1 match" if count == 1 else f"{count} matches"


def _score_words(score: float) -> str:
    return f"{score:.3f}" if abs(score) < 100 else f"{score:,.1f}"
