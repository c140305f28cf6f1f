"""One recognition as a picture: the query, the picture that speaks for the answer, and the answer.

::

    query          labelled picture        lines join what both show
    its name       its name
    ───────────────────────────────
    the answer in words
    ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▏▁▁  98 % sure       the tick: from here on a label is given
    why
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from relook.core.errors import StorageError, UsageError
from relook.core.records import Box, Image, UInt8
from relook.core.storage import write_whole
from relook.plots.cards import boxed, draw_legend
from relook.plots.ink import Glyph, dot, glyph, paste, tint
from relook.plots.layout import BODY, MARGIN, SMALL, TITLE
from relook.plots.lines import match_lines, place_pair
from relook.plots.palette import BOX, INK, JUNK, MAT, PAPER, QUIET, REGION, RIGHT, WHITE, Color
from relook.plots.place import fit
from relook.plots.text import draw_text, elide, text_width
from relook.plots.wording import Kind, kind_of, none_words, percent, shown_confidence

if TYPE_CHECKING:
    from relook.collection import Recognition

__all__ = ["SUFFIXES", "draw_verdict", "save_verdict"]

SUFFIXES = (".jpg", ".jpeg", ".png")

_WIDE, _HIGH = 1600, 860
_NARROWEST = 1200
_NAMES, _WORDS = 72, 212
_LINES = 40
_CAPTION = 420
_BAR = 620
_FADED = 0.5
_SIGNS: dict[Kind, tuple[Color, Glyph | None]] = {
    "known": (RIGHT, "check"),
    "unknown": (JUNK, "dash"),
    "unsure": (BOX, None),
}


class _Pair(NamedTuple):
    """Query and labelled picture side by side, and where the second one begins."""

    drawing: UInt8
    split: int


def draw_verdict(
    query: Image, recognition: Recognition, evidence: Image | None, *, box: Box | None = None
) -> UInt8:
    """Draw what was recognized, and why.

    Args:
        query: the query picture, the whole of it where a box was asked for.
        recognition: the answer; its evidence says what is outlined.
        evidence: the labelled picture that speaks for the best label, or None where there is none.
        box: the part of the query that was asked for, in original pixels.

    Returns:
        ``(H, W, 3)`` uint8 RGB, at most 1,760 pixels wide. Where the query is not in the
        collection, nothing is outlined, and the picture that is closest is faded.
    """
    asked = query if box is None else boxed(query, box)
    pair = _draw_pair(asked, recognition, evidence)
    rows, columns = pair.drawing.shape[:2]
    inner = max(columns, _NARROWEST)
    page: UInt8 = np.full((rows + _NAMES + _WORDS + 2 * MARGIN, inner + 2 * MARGIN, 3), PAPER,
                          np.uint8)  # fmt: skip
    paste(page, pair.drawing, MARGIN, MARGIN)
    below = MARGIN + rows
    _draw_names(page, recognition, pair.split, below + 42, boxed=box is not None)
    _draw_answer(page, recognition, below + _NAMES)
    return page


def save_verdict(
    path: Path, query: Image, recognition: Recognition, evidence: Image | None,
    *, box: Box | None = None,
) -> None:  # fmt: skip
    """Write :func:`draw_verdict` as a JPEG or PNG file, whole or not at all.

    Raises:
        UsageError: the suffix is none of ``SUFFIXES``.
        StorageError: the folder does not exist or cannot be written to.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"the picture is a JPEG or PNG file; name it {path.stem or 'why'}.jpg")
    page = draw_verdict(query, recognition, evidence, box=box)
    done, encoded = cv2.imencode(path.suffix.lower(), page[..., ::-1])
    if not done:
        raise StorageError(f"cannot write {path}: the picture could not be encoded")
    write_whole(path, encoded.tobytes())


def _draw_pair(query: Image, recognition: Recognition, found: Image | None) -> _Pair:
    hit = recognition.evidence
    if found is None or hit is None:
        alone = fit(query, _WIDE // 2, _HIGH).render()
        return _Pair(alone, alone.shape[1])
    left, right, rows, columns = place_pair(query, found, width=_WIDE, height=_HIGH)
    believed = kind_of(recognition.verdict) != "unknown"
    if believed and hit.evidence is not None:
        room = {"width": _WIDE, "height": _HIGH}
        return _Pair(match_lines(query, found, hit.evidence, lines=_LINES, **room), right.left)
    drawing: UInt8 = np.full((rows, columns, 3), PAPER, np.uint8)
    paste(drawing, left.render(), left.left, left.top)
    picture = right.render()
    if not believed:
        tint(picture, PAPER, _FADED)
    paste(drawing, picture, right.left, right.top)
    return _Pair(drawing, right.left)


def _draw_names(
    page: UInt8, recognition: Recognition, split: int, line: int, *, boxed: bool
) -> None:
    """Which picture is which; the matched region's color is explained where it is drawn."""
    end = page.shape[1] - MARGIN
    left, second = MARGIN, min(MARGIN + split, end - _CAPTION)
    if boxed:
        left += _legend(page, "asked for", (left, line), BOX)
    _draw_name(page, Path(recognition.query).name, (left, line), end=second - 24)
    hit = recognition.evidence
    if hit is None:
        return
    if kind_of(recognition.verdict) == "unknown":
        second += draw_text(page, "closest: ", (second, line), size=SMALL, color=QUIET) + 8
    elif hit.evidence is not None:
        second += _legend(page, "what matched", (second, line), REGION)
    _draw_name(page, hit.path, (second, line), end=end)


def _draw_name(page: UInt8, name: str, position: tuple[int, int], *, end: int) -> None:
    shown = elide(name, size=SMALL, width=max(60, end - position[0]))
    draw_text(page, shown, position, size=SMALL, color=QUIET)


def _legend(page: UInt8, words: str, position: tuple[int, int], color: Color) -> int:
    draw_legend(page, words, position, color)
    return 40 + text_width(words, size=SMALL) + 28


def _draw_answer(page: UInt8, recognition: Recognition, top: int) -> None:
    verdict, inner = recognition.verdict, page.shape[1] - 2 * MARGIN
    kind = kind_of(verdict)
    color, sign = _SIGNS[kind]
    center = (MARGIN + 30, top + 62)
    dot(page, np.array(center), color, radius=30.0)
    if sign is None:
        draw_text(page, "?", (center[0] - 12, center[1] + 16), size=46, color=WHITE)
    else:
        glyph(page, sign, center, radius=22, color=WHITE, width=6)
    left = MARGIN + 84
    words = elide(_headline(recognition), size=TITLE, width=inner - 84)
    draw_text(page, words, (left, top + 80), size=TITLE, color=INK)
    tick = None if kind == "unknown" else recognition.threshold
    _draw_bar(page, (left, top + 122), shown_confidence(verdict), color, tick=tick)
    said = f"{_sure(recognition)} {'likely' if kind == 'unsure' else 'sure'}"
    draw_text(page, said, (left + _BAR + 24, top + 146), size=BODY, color=INK)
    why = elide(_reason(recognition), size=SMALL, width=inner - 84)
    draw_text(page, why, (left, top + 206), size=SMALL, color=QUIET)


def _sure(recognition: Recognition) -> str:
    """How sure, to the digit that tells it from the threshold."""
    share, threshold = shown_confidence(recognition.verdict), recognition.threshold
    close = percent(share) == percent(threshold)
    return percent(share, digits=1 if close else 0)


def _draw_bar(
    page: UInt8, corner: tuple[int, int], share: float, color: Color, *, tick: float | None
) -> None:
    """How sure, on a scale from 0 to 1; ``tick`` marks from where on a label is given."""
    x, y = corner
    page[y : y + 28, x : x + _BAR] = MAT
    page[y : y + 28, x : x + round(_BAR * float(np.clip(share, 0, 1)))] = color
    if tick is not None and 0.0 < tick < 1.0:
        at = x + round(_BAR * tick)
        page[y - 7 : y + 35, at - 2 : at + 2] = INK


def _headline(recognition: Recognition) -> str:
    verdict = recognition.verdict
    kind = kind_of(verdict)
    if kind == "unknown":
        return none_words(verdict.confidence)
    label = verdict.candidates[0].label
    return label if kind == "known" else f"perhaps {label}"


def _reason(recognition: Recognition) -> str:
    verdict, hit = recognition.verdict, recognition.evidence
    kind = kind_of(verdict)
    if kind == "unknown":
        if not verdict.candidates:
            return "no labelled picture shares anything with it"
        best = verdict.candidates[0]
        return f"the closest would be {best.label}, {percent(best.confidence)} likely"
    said = []
    if hit is not None and hit.inliers:
        said.append(f"{hit.inliers} {'match' if hit.inliers == 1 else 'matches'}")
    said.append(f"a label is given from {percent(recognition.threshold, digits=1)}")
    if kind == "unsure":
        said += [f"or {one.label}, {percent(one.confidence)}" for one in verdict.candidates[1:2]]
    return " · ".join(said)
