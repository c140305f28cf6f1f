"""A page of pictures and the views that are made of them, to see what a network is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import StorageError, UsageError
from relook.core.storage import write_whole
from relook.plots.ink import paste
from relook.plots.palette import MAT, PAPER

__all__ = ["save_view_sheet", "view_sheet"]

UInt8 = NDArray[np.uint8]

_GAP, _MARGIN = 6, 24
_LARGEST_PAGE = 100_000_000
"""Pixels: more than any screen shows, and less than what fills the memory."""


def view_sheet(rows: Sequence[Sequence[UInt8]], *, side: int = 160) -> UInt8:
    """Lay pictures out in rows: usually a picture first, then its views.

    Args:
        rows: ``(H, W, 3)`` uint8 RGB pictures; rows need not be equally long.
        side: of the square that each is shown in, in pixels; larger ones are shrunk to fit.

    Returns:
        ``(H, W, 3)`` uint8 RGB.

    Raises:
        UsageError: there is nothing to show, or the page would be too large.
        ShapeError: no ``(H, W, 3)`` uint8 pixels.
    """
    columns = max((len(row) for row in rows), default=0)
    if not columns or side < 1:
        raise UsageError("there are no views to show; give one picture at least")
    height, width = (2 * _MARGIN + n * (side + _GAP) - _GAP for n in (len(rows), columns))
    if height * width > _LARGEST_PAGE:
        raise UsageError(f"a page of {width} x {height} pixels is too large; show fewer views")
    page: UInt8 = np.full((height, width, 3), PAPER, np.uint8)
    for place, row in enumerate(rows):
        top = _MARGIN + place * (side + _GAP)
        for column, pixels in enumerate(row):
            paste(page, _framed(pixels, side), _MARGIN + column * (side + _GAP), top)
    return page


def save_view_sheet(path: Path | str, rows: Sequence[Sequence[UInt8]], *, side: int = 160) -> None:
    """Write a :func:`view_sheet` as a PNG file, whole or not at all.

    Raises:
        UsageError: the file's suffix is not .png, or as for :func:`view_sheet`.
        StorageError: the folder does not exist or cannot be written to.
    """
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise UsageError(f"a sheet is a PNG picture; name it {target.stem or 'views'}.png")
    if not target.parent.is_dir():
        raise StorageError(f"the folder {target.parent} does not exist; make it first")
    done, encoded = cv2.imencode(".png", view_sheet(rows, side=side)[..., ::-1])
    if not done:
        raise StorageError(f"cannot write {target}: the picture could not be encoded")
    write_whole(target, encoded.tobytes())


def _framed(pixels: UInt8, side: int) -> UInt8:
    """The whole picture in the middle of a square; a small one is not enlarged."""
    check_array("pixels", pixels, shape=(None, None, 3), dtype=np.uint8)
    frame: UInt8 = np.full((side, side, 3), MAT, np.uint8)
    factor = min(1.0, side / max(1, *pixels.shape[:2]))
    if not pixels.size:
        return frame
    if factor < 1:
        size = [max(1, round(length * factor)) for length in pixels.shape[1::-1]]
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    height, width = pixels.shape[:2]
    paste(frame, pixels, (side - width) // 2, (side - height) // 2)
    return frame
