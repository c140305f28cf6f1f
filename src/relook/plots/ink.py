"""Strokes on an array: outlines, lines, dots, frames and the three glyphs.

Coordinates are (x, y) in pixels of the array, the center of the first pixel at 0. The functions
draw into ``canvas``, ``(H, W, 3)`` uint8, which belongs to the caller.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.records import UInt8
from relook.plots.palette import INK, WHITE, Color

__all__ = [
    "Glyph", "blend", "dot", "fill", "frame", "glyph", "line", "outline", "paste", "segments",
    "tint",
]  # fmt: skip

Glyph = Literal["check", "cross", "dash"]

# OpenCV takes fixed-point coordinates: 4 bits below the pixel, and far fewer above than a point
# projected by a nearly degenerate transform would need.
_BITS = 4
_FARTHEST = 1e5

_STROKES: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "check": (((-0.55, 0.05), (-0.15, 0.45), (0.6, -0.45)),),
    "cross": (((-0.45, -0.45), (0.45, 0.45)), ((-0.45, 0.45), (0.45, -0.45))),
    "dash": (((-0.5, 0.0), (0.5, 0.0)),),
}


def _fixed(points: NDArray[np.floating]) -> NDArray[np.int32]:
    near = np.clip(np.asarray(points, np.float64), -_FARTHEST, _FARTHEST)
    return np.rint(near * (1 << _BITS)).astype(np.int32).reshape(-1, 1, 2)


def _stroke(
    canvas: UInt8, points: NDArray[np.floating], color: Sequence[int], width: int, *, closed: bool
) -> None:
    cv2.polylines(canvas, [_fixed(points)], closed, tuple(color), width, cv2.LINE_AA, _BITS)


def paste(canvas: UInt8, picture: UInt8, left: int, top: int) -> None:
    """Lay ``picture`` on ``canvas``."""
    rows, columns = picture.shape[:2]
    canvas[top : top + rows, left : left + columns] = picture


def blend(canvas: UInt8, over: UInt8, share: float) -> None:
    """Mix ``share`` of ``over`` into ``canvas``."""
    cv2.addWeighted(over, share, canvas, 1.0 - share, 0.0, dst=canvas)


def tint(canvas: UInt8, color: Color, share: float) -> None:
    """Mix ``share`` of one color into all of ``canvas``."""
    blend(canvas, np.full_like(canvas, color), share)


def outline(canvas: UInt8, points: NDArray[np.floating], color: Color, *, width: int = 4) -> None:
    """A closed polygon with a light rim, to be seen on dark and on bright pictures.

    A polygon that is not finite is left out.
    """
    if not np.isfinite(points).all():
        return
    rim = canvas.copy()
    _stroke(rim, points, WHITE, width + 4, closed=True)
    blend(canvas, rim, 0.75)
    _stroke(canvas, points, color, width, closed=True)


def line(canvas: UInt8, points: NDArray[np.floating], color: Color, *, width: int) -> None:
    """A line through ``(N, 2)`` points."""
    _stroke(canvas, points, color, width, closed=False)


def fill(canvas: UInt8, points: NDArray[np.floating], color: Color) -> None:
    """A polygon, filled."""
    cv2.fillPoly(canvas, [_fixed(points)], color, cv2.LINE_AA, _BITS)


def segments(
    canvas: UInt8, starts: NDArray[np.floating], ends: NDArray[np.floating], colors: UInt8
) -> None:
    """Thin lines from ``(N, 2)`` to ``(N, 2)``, each in its color, dots at both ends."""
    shade = canvas.copy()
    for start, end in zip(starts, ends, strict=True):
        _stroke(shade, np.stack([start, end]), INK, 3, closed=False)
    blend(canvas, shade, 0.3)
    for start, end, color in zip(starts, ends, colors.tolist(), strict=True):
        _stroke(canvas, np.stack([start, end]), color, 1, closed=False)
    for start, end, color in zip(starts, ends, colors.tolist(), strict=True):
        dot(canvas, start, color, radius=4.0)
        dot(canvas, end, color, radius=4.0)


def dot(
    canvas: UInt8, center: NDArray[np.floating], color: Sequence[int], *, radius: float
) -> None:
    """A filled disc with a thin dark rim."""
    x, y = (int(v) for v in _fixed(center).ravel())
    for size, fill in ((radius + 1.0, INK), (radius, tuple(color))):
        cv2.circle(canvas, (x, y), round(size * (1 << _BITS)), fill, -1, cv2.LINE_AA, _BITS)


def frame(
    canvas: UInt8, left: int, top: int, width: int, height: int, *, color: Color, thick: int
) -> None:
    """A rectangular frame that lies just inside of the rectangle."""
    area = canvas[top : top + height, left : left + width]
    area[:thick] = color
    area[-thick:] = color
    area[:, :thick] = color
    area[:, -thick:] = color


def glyph(
    canvas: UInt8,
    name: Glyph,
    center: tuple[float, float],
    *,
    radius: float,
    color: Color,
    width: int,
) -> None:
    """A check, a cross or a dash: the default font has none of them."""
    for stroke in _STROKES[name]:
        _stroke(canvas, np.array(stroke) * radius + center, color, width, closed=False)
