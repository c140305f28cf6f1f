"""Result sheets of searches: pictures are read from their files, gray cards stand for lost ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from relook.cli import console
from relook.collection import Collection, Hit
from relook.core.errors import ImageError, UsageError
from relook.core.records import Box, Image
from relook.images import read
from relook.plots import SheetQuery, SheetResult, save_sheet
from relook.plots.cards import Mark

__all__ = ["LONGEST", "check_target", "picture_of", "save"]

LONGEST = 1600
"""Longer side in pixels that pictures are read at; a sheet is 2,400 pixels wide."""
_MOST = 200
_GRAY = 200


def check_target(sheet: Path) -> None:
    """Refuse a sheet that could not be written, before the work is done.

    Raises:
        UsageError: it is no ``.png``, or its folder does not exist.
    """
    if sheet.suffix.lower() != ".png":
        raise UsageError(f"a sheet is a PNG picture; name it {sheet.stem or 'sheet'}.png")
    if not sheet.parent.is_dir():
        raise UsageError(f"the folder {sheet.parent} does not exist; make it first")


def save(
    sheet: Path,
    collection: Collection,
    query: Path,
    hits: Sequence[Hit],
    *,
    box: Sequence[float] | None = None,
    marks: Mapping[int, Mark] | None = None,
    title: str | None = None,
) -> None:
    """Draw a query and its hits; ``marks`` says by content id which are right."""
    asked = SheetQuery(read(query, longest=LONGEST), query.name, _box(box))
    if len(hits) > _MOST:
        console.note(f"the sheet shows the first {_MOST} of {len(hits)} results")
    results = [_result(collection, hit, (marks or {}).get(hit.id)) for hit in hits[:_MOST]]
    save_sheet(sheet, asked, results, title=title)


def _box(box: Sequence[float] | None) -> Box | None:
    return None if box is None else Box(*box)


def _result(collection: Collection, hit: Hit, mark: Mark | None) -> SheetResult:
    image, name = picture_of(collection, hit)
    return SheetResult(image, name, hit.score, hit.evidence if hit.verified else None, mark)


def picture_of(collection: Collection, hit: Hit) -> tuple[Image, str]:
    """The first file that can still be read, or a gray card of the same size."""
    for file in collection.files_of(hit.id):
        try:
            return read(file, longest=LONGEST), hit.path
        except ImageError:
            continue
    console.note(f"{hit.path} cannot be read any more; a gray card stands for it")
    size = collection.codes([hit.id])[hit.id].size
    return _card(size), f"{hit.path} (file is missing)"


def _card(size: tuple[int, int]) -> Image:
    scale = min(1.0, LONGEST / max(size))
    width, height = (max(1, round(side * scale)) for side in size)
    pixels = np.full((height, width, 3), _GRAY, np.uint8)
    return Image(pixels, size, (width / size[0], height / size[1]))
