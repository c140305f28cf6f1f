"""Why two pictures are called similar, on one page.

::

    the answer in words
    how many matches · how similar
    query          result          lines join details that agree, what matched is outlined
    its name       its name
    ──────────────────────────────
    query          result          colors say what each part gives to their similarity
    ▇▇▇▇▇▇ the scale of it         and how much of it where
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relook.core.records import Box, Evidence, Image, UInt8
from relook.plots.cards import boxed, draw_legend, match_words
from relook.plots.ink import outline, paste
from relook.plots.layout import BODY, MARGIN, SMALL, TITLE
from relook.plots.lines import match_lines, place_pair
from relook.plots.palette import BOX, INK, PAPER, QUIET, REGION, RULE
from relook.plots.place import Placement
from relook.plots.saving import save_page
from relook.plots.similarity import draw_scale, half_of_it, overlay, strongest
from relook.plots.text import draw_text, elide, text_width
from relook.plots.wording import percent

if TYPE_CHECKING:
    from relook.search.explaining import Grid, SimilarityMaps

__all__ = ["Why", "draw_why", "save_why", "summary", "title", "where"]

_WIDE, _HIGH = 1760, 820
_NARROWEST = 1200
_HEAD = 206
_NAMES = 62
_SECTION = 132
_FOOT = 96
_LINES = 80
_SCALE = 380


@dataclass(frozen=True, slots=True, eq=False)
class Why:
    """Two pictures, and what is known of how they are alike.

    Attributes:
        query: the query picture, the whole of it where a box was asked for.
        result: the other one.
        names: of both.
        evidence: what geometry says; None where no matches agree, or none were looked for.
        geometry: whether they were looked for.
        maps: what each part gives to the similarity of their vectors; None where it has no parts.
        similarity: 0 to 1, as a search says it; None: unknown.
        box: the part of the query that was asked for, in original pixels.
    """

    query: Image
    result: Image
    names: tuple[str, str]
    evidence: Evidence | None = None
    geometry: bool = True
    maps: SimilarityMaps | None = None
    similarity: float | None = None
    box: Box | None = None


def title(why: Why) -> str:
    """The answer, such as “87 matches agree”."""
    proof, similarity = why.evidence, _similarity(why)
    if proof is not None:
        agree = f"{match_words(proof.inliers)} {'agrees' if proof.inliers == 1 else 'agree'}"
        return agree if proof.verified else f"{agree}, too few to be sure"
    if why.geometry:
        return "No details agree"
    return "Nothing to compare" if similarity is None else f"Similarity {_two_digits(similarity)}"


def summary(why: Why) -> str:
    """What stands below it, such as “verified by geometry · similarity 0.62 of 1”."""
    said, similarity = [], _similarity(why)
    if why.evidence is not None:
        said.append("verified by geometry" if why.evidence.verified else "not verified")
    elif why.geometry:
        said.append("nothing lies in both at places that fit together")
    if similarity is not None and not why.geometry:
        said.append("both compared as wholes; a copy has 1")
    elif similarity is not None:
        said.append(f"similarity {_two_digits(similarity)} of 1")
    return " · ".join(said)


def where(why: Why) -> str:
    """How much of both pictures gives half of their similarity; empty where it has no parts."""
    if why.maps is None:
        return ""
    query, result = (percent(half_of_it(grid)) for grid in (why.maps.query, why.maps.result))
    return f"half of what speaks for it is in {query} of the query and {result} of the result"


def _similarity(why: Why) -> float | None:
    """As a search says it; what it says of local features alone means little to people."""
    if why.maps is None:
        return None if why.geometry else why.similarity
    if why.geometry and why.similarity is not None:
        return why.similarity
    return why.maps.similarity


def _two_digits(number: float) -> str:
    return f"{round(number, 2) + 0.0:.2f}"


def draw_why(why: Why) -> UInt8:
    """Draw the page.

    Returns:
        ``(H, W, 3)`` uint8 RGB, at most 1,920 pixels wide. The same input gives the same pixels.
    """
    left, right, rows, columns = place_pair(why.query, why.result, width=_WIDE, height=_HIGH)
    wide, more = max(columns, _NARROWEST) + 2 * MARGIN, rows + _SECTION + _FOOT
    height = _HEAD + rows + _NAMES + (0 if why.maps is None else more) + MARGIN
    page: UInt8 = np.full((height, wide, 3), PAPER, np.uint8)
    inner = wide - 2 * MARGIN
    words = elide(title(why), size=TITLE, width=inner)
    draw_text(page, words, (MARGIN, 112), size=TITLE, color=INK)
    words = elide(summary(why), size=BODY, width=inner)
    draw_text(page, words, (MARGIN, 162), size=BODY, color=QUIET)
    paste(page, _lines(why, left, right), MARGIN, _HEAD)
    below = _HEAD + rows
    _draw_names(page, why, right.left, below + 40)
    if why.maps is not None:
        top = below + _NAMES + _SECTION
        _draw_rule(page, top - 86, why.maps.similarity)
        paste(page, _heat(why, why.maps, left, right), MARGIN, top)
        _draw_foot(page, why, top + rows + 28)
    return page


def save_why(path: Path | str, why: Why) -> None:
    """Write :func:`draw_why` as a PNG file, whole or not at all.

    Raises:
        UsageError: the file's suffix is not .png.
        StorageError: the folder does not exist or cannot be written to.
    """
    save_page(path, draw_why(why))


def _lines(why: Why, left: Placement, right: Placement) -> UInt8:
    query = why.query if why.box is None else boxed(why.query, why.box)
    if why.evidence is not None:
        room = {"width": _WIDE, "height": _HIGH}
        return match_lines(query, why.result, why.evidence, lines=_LINES, **room)
    place = Placement(query, left.width, left.height)
    return _pair(place.render(), right.render(), left, right)


def _heat(why: Why, maps: SimilarityMaps, left: Placement, right: Placement) -> UInt8:
    most = strongest((maps.query, maps.result))
    drawn = [
        _colored(place, grid, most=most)
        for place, grid in ((left, maps.query), (right, maps.result))
    ]
    if why.box is not None:
        own = Placement(left.image, left.width, left.height)
        x, y, width, height = maps.query.frame
        corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
        outline(drawn[0], own.to_drawn(corners - 0.5), BOX)
    return _pair(drawn[0], drawn[1], left, right)


def _colored(place: Placement, grid: Grid, *, most: float) -> UInt8:
    own = Placement(place.image, place.width, place.height)
    return overlay(own.render(), own, grid, most=most)


def _pair(query: UInt8, result: UInt8, left: Placement, right: Placement) -> UInt8:
    rows = max(left.top + left.height, right.top + right.height)
    drawing: UInt8 = np.full((rows, right.left + right.width, 3), PAPER, np.uint8)
    paste(drawing, query, left.left, left.top)
    paste(drawing, result, right.left, right.top)
    return drawing


def _draw_names(page: UInt8, why: Why, split: int, line: int) -> None:
    """Which picture is which; colors are explained where they are drawn."""
    end = page.shape[1] - MARGIN
    left, second = MARGIN, MARGIN + split
    if why.box is not None:
        left = _legend(page, "asked for", (left, line), BOX)
    draw_text(
        page, elide(why.names[0], size=SMALL, width=max(60, second - 24 - left)), (left, line),
        size=SMALL, color=QUIET,
    )  # fmt: skip
    if why.evidence is not None:
        second = _legend(page, "what matched", (second, line), REGION)
    name = elide(why.names[1], size=SMALL, width=max(60, end - second))
    draw_text(page, name, (second, line), size=SMALL, color=QUIET)


def _legend(page: UInt8, words: str, position: tuple[int, int], color: tuple[int, int, int]) -> int:
    """Draw it and return where it ends."""
    draw_legend(page, words, position, color)
    return position[0] + 40 + text_width(words, size=SMALL) + 28


def _draw_rule(page: UInt8, top: int, similarity: float) -> None:
    page[top : top + 2, MARGIN:-MARGIN] = RULE
    line = top + 66
    used = draw_text(page, "Where", (MARGIN, line), size=BODY + 6, color=INK)
    words = f"the similarity of the whole, {_two_digits(similarity)}, comes from"
    draw_text(page, words, (MARGIN + used + 20, line), size=SMALL, color=QUIET)


def _draw_foot(page: UInt8, why: Why, top: int) -> None:
    draw_scale(page, (MARGIN, top), width=_SCALE)
    x = MARGIN + _SCALE + 48
    shown = elide(where(why), size=SMALL, width=page.shape[1] - MARGIN - x)
    draw_text(page, shown, (x, top + 22), size=SMALL, color=QUIET)
