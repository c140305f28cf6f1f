"""One page of groups of pictures: a row for each, with a headline and captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from relook.core.errors import StorageError, UsageError
from relook.core.records import Image, UInt8
from relook.core.storage import write_whole
from relook.plots.ink import paste
from relook.plots.layout import BODY, MARGIN, SMALL, TINY, TITLE
from relook.plots.palette import INK, MAT, PAPER, QUIET, RULE
from relook.plots.place import fit
from relook.plots.text import draw_text, elide

__all__ = ["MOST_PICTURES", "MOST_ROWS", "SheetGroup", "group_sheet", "save_groups"]

MOST_ROWS = 100
MOST_PICTURES = 8
"""Of a group that are shown; its note says how many there are."""

_CELL = 252
_GUTTER = 32
_HEAD = 206
_LABEL = 84
_CAPTION = 52
_RULE_ROOM = 56


@dataclass(frozen=True, slots=True, eq=False)
class SheetGroup:
    """Pictures that belong together.

    Attributes:
        name: what to call them.
        note: what else there is to say.
        pictures: each with its caption; the first :data:`MOST_PICTURES` are shown.
    """

    name: str
    note: str
    pictures: Sequence[tuple[Image, str]]


def group_sheet(groups: Sequence[SheetGroup], *, title: str, summary: str = "") -> UInt8:
    """Draw a page of groups.

    Args:
        groups: from top to bottom, at most :data:`MOST_ROWS`.
        title: the headline.
        summary: the line below.

    Returns:
        ``(H, W, 3)`` uint8 RGB, 2,400 pixels wide. The same input gives the same pixels.

    Raises:
        UsageError: too many groups.
    """
    if len(groups) > MOST_ROWS:
        raise UsageError(f"a sheet shows at most {MOST_ROWS} groups, not {len(groups)}")
    width = 2 * MARGIN + MOST_PICTURES * (_CELL + _GUTTER) - _GUTTER
    row = _LABEL + _CELL + _CAPTION + _RULE_ROOM
    page: UInt8 = np.full((_HEAD + row * len(groups) + MARGIN, width, 3), PAPER, np.uint8)
    inner = width - 2 * MARGIN
    draw_text(page, elide(title, size=TITLE, width=inner), (MARGIN, 112), size=TITLE, color=INK)
    words = elide(summary, size=BODY, width=inner)
    draw_text(page, words, (MARGIN, 162), size=BODY, color=QUIET)
    for number, group in enumerate(groups):
        _draw_group(page, group, _HEAD + number * row, inner)
    return page


def save_groups(
    path: Path | str, groups: Sequence[SheetGroup], *, title: str, summary: str = ""
) -> None:
    """Draw a :func:`group_sheet` and write it as a PNG file, whole or not at all.

    Raises:
        UsageError: the file's suffix is not .png, or as for :func:`group_sheet`.
        StorageError: the folder does not exist or cannot be written to.
    """
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise UsageError(f"a sheet is a PNG picture; name it {target.stem or 'sheet'}.png")
    if not target.parent.is_dir():
        raise StorageError(f"the folder {target.parent} does not exist; make it first")
    page = group_sheet(groups, title=title, summary=summary)
    done, encoded = cv2.imencode(".png", page[..., ::-1])
    if not done:
        raise StorageError(f"cannot write {target}: the picture could not be encoded")
    write_whole(target, encoded.tobytes())


def _draw_group(page: UInt8, group: SheetGroup, top: int, inner: int) -> None:
    page[top : top + 2, MARGIN:-MARGIN] = RULE
    line = top + 54
    name = elide(group.name, size=BODY, width=inner * 2 // 3)
    used = draw_text(page, name, (MARGIN, line), size=BODY, color=INK) + 24
    note = elide(group.note, size=SMALL, width=max(60, inner - used))
    draw_text(page, note, (MARGIN + used, line), size=SMALL, color=QUIET)
    top += _LABEL
    for place, (image, caption) in enumerate(group.pictures[:MOST_PICTURES]):
        left = MARGIN + place * (_CELL + _GUTTER)
        page[top : top + _CELL, left : left + _CELL] = MAT
        fitted = fit(image, _CELL, _CELL)
        x, y = left + (_CELL - fitted.width) // 2, top + (_CELL - fitted.height) // 2
        paste(page, fitted.render(), x, y)
        words = elide(caption, size=TINY, width=_CELL)
        draw_text(page, words, (left, top + _CELL + 32), size=TINY, color=QUIET)
