"""The pictures that stay, as a table that training reads."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from relook.core.records import Box
from relook.mapping.cleaning.records import Cleaning

__all__ = ["COLUMNS", "kept_as_csv"]

COLUMNS = ("path", "label", "x0", "y0", "x1", "y1")
"""Boxes are in whole pixels of the upright picture: columns x0 up to, without, x1; so are rows."""


def kept_as_csv(cleaning: Cleaning, *, folder: Path) -> bytes:
    """A row for each picture that stays, UTF-8; the box is empty where it is not known.

    Args:
        cleaning: what was found.
        folder: where the table will lie; pictures below it are named relative to it.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    base = folder.resolve().as_posix().rstrip("/") + "/"
    for report in cleaning.classes:
        for picture in report.kept:
            path = picture.file.removeprefix(base)
            writer.writerow((path, report.name, *_corners(picture.box, picture.size)))
    return text.getvalue().encode()


def _corners(box: Box | None, size: tuple[int, int]) -> tuple[int | str, ...]:
    if box is None:
        return ("", "", "", "")
    x, y = round(box.x + 0.5), round(box.y + 0.5)
    right, bottom = round(box.x + box.width + 0.5), round(box.y + box.height + 0.5)
    return max(x, 0), max(y, 0), min(right, size[0]), min(bottom, size[1])
