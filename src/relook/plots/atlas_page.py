"""The map of a collection as one HTML file that asks nothing of the network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any

import cv2
import numpy as np

from relook.core.errors import StorageError, UsageError
from relook.core.records import UInt8
from relook.core.storage import write_whole
from relook.plots.atlas import AtlasPlot
from relook.plots.atlas_colors import label_colors
from relook.plots.place import fit
from relook.plots.text import readable

__all__ = ["atlas_page", "save_atlas_page"]

_ASSETS = Path(__file__).with_name("assets")
_PIXELS = 16_000_000
"""Of the sheet of thumbnails: some 5 MB as a JPEG, and what a phone can still hold."""
_SMALLEST, _LARGEST = 24, 192
_QUALITY = 78
_SEED = 0

Progress = Callable[[str, int, int], None]


def atlas_page(plot: AtlasPlot, *, progress: Progress | None = None) -> str:
    """An HTML document: zoom, pan, thumbnails, names, labels to switch; in light and dark.

    Args:
        plot: what to show.
        progress: called with what is under way, the number done and the total.
    """
    style, script = _asset("atlas.css"), _asset("atlas.js")
    return Template(_asset("atlas.html")).substitute(
        title=html.escape(readable(plot.title)),
        summary=html.escape(plot.summary),
        style=style,
        style_hash=_digest(style),
        script=script,
        script_hash=_digest(script),
        data=_data(plot, progress or _no_report),
    )


def save_atlas_page(path: Path | str, plot: AtlasPlot, *, progress: Progress | None = None) -> None:
    """Write an :func:`atlas_page`, whole or not at all.

    Raises:
        UsageError: the file's suffix is not .html.
        StorageError: the folder does not exist or cannot be written to.
    """
    target = Path(path)
    if target.suffix.lower() != ".html":
        raise UsageError(f"this is an HTML page; name it {target.stem or 'map'}.html")
    if not target.parent.is_dir():
        raise StorageError(f"the folder {target.parent} does not exist; make it first")
    write_whole(target, atlas_page(plot, progress=progress).encode("utf-8", "replace"))


def _data(plot: AtlasPlot, progress: Progress) -> str:
    """The content as JSON that cannot end its element."""
    sheet, sizes, side, columns = _sheet(plot, progress)
    low, high = plot.xy.min(axis=0, initial=1.0), plot.xy.max(axis=0, initial=0.0)
    where = np.round(plot.xy.astype(np.float64), 4)
    content: dict[str, Any] = {
        "x": where[:, 0].tolist(),
        "y": where[:, 1].tolist(),
        "box": [round(float(value), 4) for value in (*low, *high)],
        "label": plot.labels.tolist(),
        "names": [readable(name) for name in plot.names],
        "colors": [_css(label_colors(plot.names, dark=dark)) for dark in (False, True)],
        "captions": [readable(caption) for caption in plot.captions],
        "order": _order(plot).tolist(),
        "tile": side,
        "columns": columns,
        "sizes": sizes,
        "sheet": sheet,
    }
    text = json.dumps(content, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _css(colors: UInt8) -> list[str]:
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colors.tolist()]


def _order(plot: AtlasPlot) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Who comes first where there is not room for all: labelled ones, each as likely as others."""
    mixed = np.random.default_rng(_SEED).permutation(len(plot))
    return mixed[np.argsort(plot.labels[mixed] < 0, kind="stable")].astype(np.int64)


def _sheet(plot: AtlasPlot, progress: Progress) -> tuple[str, list[list[int]], int, int]:
    """All thumbnails in one picture (a data URI), their sizes, the side of a cell, and columns."""
    count = len(plot)
    if not count:
        return "", [], _LARGEST, 1
    side = int(np.clip(np.sqrt(_PIXELS / count) // 8 * 8, _SMALLEST, _LARGEST))
    columns = int(np.ceil(np.sqrt(count)))
    canvas: UInt8 = np.full((-(-count // columns) * side, columns * side, 3), 128, np.uint8)
    sizes: list[list[int]] = []
    for row in range(count):
        place = fit(plot.thumbnail(row), side, side)
        down, across = divmod(row, columns)
        top, left = down * side, across * side
        canvas[top : top + place.height, left : left + place.width] = place.render()
        sizes.append([place.width, place.height])
        progress("thumbnails", row + 1, count)
    done, encoded = cv2.imencode(".jpg", canvas[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise StorageError("the thumbnails could not be encoded; draw the map as map.png")
    return (
        "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode("ascii"),
        sizes,
        side,
        columns,
    )


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text("utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _no_report(what: str, done: int, total: int) -> None:
    del what, done, total
