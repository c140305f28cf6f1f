"""Curves: mAP against dimensions, scales, epochs, k, or iterations; losses while training."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ShapeError, UsageError
from relook.core.records import Float64, UInt8
from relook.plots.ink import blend, dot, fill, line
from relook.plots.layout import BODY, MARGIN, SMALL, TITLE
from relook.plots.palette import INK, PAPER, QUIET, RULE, Color, oklch
from relook.plots.text import draw_text, elide, text_width

__all__ = ["Curve", "draw_curves"]

_WIDTH, _HEIGHT = 1600, 1000
_TOP, _BOTTOM = 256, 130
_MOST = 12
_NAMES = 420
_MARKS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One line of a plot.

    Attributes:
        name: what to call it.
        xs: ``(N,)`` where it was measured, finite; drawn in their order from small to large.
        ys: ``(N,)`` what was found there; what is not finite is left out.
        low: ``(N,)`` lower ends of intervals, drawn as a band; none without ``high``.
        high: ``(N,)`` their upper ends.
    """

    name: str
    xs: NDArray[np.floating]
    ys: NDArray[np.floating]
    low: NDArray[np.floating] | None = None
    high: NDArray[np.floating] | None = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise UsageError(f"the intervals of {self.name} need a low and a high end")
        count = len(self.xs)
        for name, values in zip(("xs", "ys", "low", "high"), self._columns(), strict=False):
            check_array(f"{name} of {self.name}", values, shape=(count,), dtype=np.float64)
        if not np.isfinite(self.xs).all():
            raise ShapeError(f"xs of {self.name} must be finite")

    def _columns(self) -> list[Float64]:
        given = (self.xs, self.ys, self.low, self.high)
        return [np.asarray(values, np.float64) for values in given if values is not None]

    def rows(self) -> Float64:
        """``(M, 2)`` or ``(M, 4)``: x, y and the interval, those that can be drawn, by x."""
        table = np.stack(self._columns(), axis=1)
        table = table[np.isfinite(table).all(axis=1)]
        return np.asarray(table[np.argsort(table[:, 0], kind="stable")], np.float64)


def draw_curves(
    curves: Sequence[Curve],
    *,
    title: str,
    across: str,
    upward: str = "mAP",
    note: str = "",
    doubling: bool = False,
) -> UInt8:
    """Draw curves over common axes, each with its name at its end.

    Args:
        curves: at most 12; a curve of one point is a dot.
        title: the headline.
        across: what the horizontal axis is.
        upward: what the vertical axis is.
        note: the line below the headline.
        doubling: the horizontal axis is logarithmic, as for dimensions 64, 128, 256.

    Returns:
        ``(1000, 1600, 3)`` uint8 RGB. The same input gives the same pixels.

    Raises:
        UsageError: no curve, too many of them, or a logarithmic axis with values not above 0.
    """
    if not 1 <= len(curves) <= _MOST:
        raise UsageError(f"a plot shows 1 to {_MOST} curves, not {len(curves)}")
    rows = [curve.rows() for curve in curves]
    page: UInt8 = np.full((_HEIGHT, _WIDTH, 3), PAPER, np.uint8)
    wide = _WIDTH - 2 * MARGIN
    draw_text(page, elide(title, size=TITLE, width=wide), (MARGIN, 112), size=TITLE, color=INK)
    draw_text(page, elide(note, size=BODY, width=wide), (MARGIN, 162), size=BODY, color=QUIET)
    axes = _axes(rows, curves, doubling=doubling)
    _draw_axes(page, axes, across=across, upward=upward)
    colors = [_triple(one) for one in _colors(len(curves)).tolist()]
    for table, color in zip(rows, colors, strict=True):
        _draw_curve(page, axes, table, color)
    _draw_names(page, axes, [curve.name for curve in curves], rows, colors)
    return page


@dataclass(frozen=True, slots=True)
class _Axes:
    left: float
    right: float
    x_low: float
    x_high: float
    y_low: float
    y_high: float
    x_ticks: tuple[float, ...]
    y_ticks: tuple[float, ...]
    doubling: bool

    def points(self, xs: Float64, ys: Float64) -> Float64:
        """``(N, 2)`` pixels."""
        low, high, xs = self._along(np.array([self.x_low]), np.array([self.x_high]), xs)
        shares = (xs - low) / (high - low)
        down = (self.y_high - ys) / (self.y_high - self.y_low)
        base = _HEIGHT - _BOTTOM
        return np.stack(
            [self.left + shares * (self.right - self.left), _TOP + down * (base - _TOP)], axis=1
        )

    def _along(self, *values: Float64) -> list[Float64]:
        return [np.log2(one) if self.doubling else one for one in values]


def _axes(rows: Sequence[Float64], curves: Sequence[Curve], *, doubling: bool) -> _Axes:
    xs = np.concatenate([table[:, 0] for table in rows])
    ys = np.concatenate([table[:, 1:].ravel() for table in rows])
    if doubling and (xs <= 0).any():
        raise UsageError("a logarithmic axis needs values above 0")
    y_ticks = ticks(*_ends(ys))
    x_low, x_high = _ends(xs)
    x_ticks = _doublings(x_low, x_high) if doubling else ticks(x_low, x_high)
    if doubling:
        x_low, x_high = (x_low / 1.4, x_high * 1.4) if x_low == x_high else (x_low, x_high)
    else:
        x_low, x_high = min(x_low, x_ticks[0]), max(x_high, x_ticks[-1])
    numbers = max(text_width(f"{tick:g}", size=SMALL) for tick in y_ticks)
    names = max(text_width(curve.name, size=SMALL) for curve in curves)
    left = MARGIN + numbers + 24.0
    right = _WIDTH - MARGIN - min(names, _NAMES) - 30.0
    return _Axes(left, right, x_low, x_high, y_ticks[0], y_ticks[-1], x_ticks, y_ticks, doubling)


def _ends(values: Float64) -> tuple[float, float]:
    if not len(values):
        return 0.0, 1.0
    return float(values.min()), float(values.max())


def ticks(low: float, high: float, *, most: int = 7) -> tuple[float, ...]:
    """Round numbers from at or below ``low`` to at or above ``high``, at least two."""
    span = high - low or abs(high) or 1.0
    rough = span / (most - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1.0, 2.0, 2.5, 5.0, 10.0) if power * one >= rough * 0.999)
    first = math.floor(low / step + 1e-9)
    last = max(math.ceil(high / step - 1e-9), first + 1)
    return tuple(round(number * step, 12) for number in range(first, last + 1))


def _doublings(low: float, high: float) -> tuple[float, ...]:
    first, last = math.ceil(math.log2(low) - 1e-9), math.floor(math.log2(high) + 1e-9)
    every = max(1, math.ceil((last - first + 1) / 8))
    return tuple(2.0**power for power in range(first, last + 1, every)) or (low,)


def _draw_axes(page: UInt8, axes: _Axes, *, across: str, upward: str) -> None:
    base = _HEIGHT - _BOTTOM
    y_ticks = np.array(axes.y_ticks)
    for tick, (_, y) in zip(
        axes.y_ticks, axes.points(np.full(len(y_ticks), axes.x_low), y_ticks), strict=True
    ):
        line(page, np.array([[axes.left, y], [axes.right, y]]), RULE, width=2)
        place = (round(axes.left) - 16, round(y) + 8)
        draw_text(page, f"{tick:g}", place, size=SMALL, color=QUIET, right=True)
    x_ticks = np.array(axes.x_ticks)
    for tick, (x, _) in zip(
        axes.x_ticks, axes.points(x_ticks, np.full(len(x_ticks), axes.y_low)), strict=True
    ):
        words = f"{tick:,.0f}" if abs(tick) >= 1000 else f"{tick:g}"
        half = text_width(words, size=SMALL) // 2
        line(page, np.array([[x, base], [x, base + 8]]), QUIET, width=2)
        draw_text(page, words, (round(x) - half, base + 40), size=SMALL, color=QUIET)
    draw_text(page, upward, (MARGIN, _TOP - 32), size=SMALL, color=INK)
    middle = round((axes.left + axes.right - text_width(across, size=SMALL)) / 2)
    draw_text(page, across, (middle, base + 88), size=SMALL, color=INK)


def _draw_curve(page: UInt8, axes: _Axes, table: Float64, color: Color) -> None:
    if not len(table):
        return
    if table.shape[1] == 4:
        ends = [axes.points(table[:, 0], table[:, column]) for column in (2, 3)]
        over = page.copy()
        fill(over, np.concatenate([ends[0], ends[1][::-1]]), color)
        blend(page, over, 0.18)
    points = axes.points(table[:, 0], table[:, 1])
    line(page, points, color, width=4)
    for point in points if len(points) <= _MARKS else points[-1:]:
        dot(page, point, color, radius=6.0)


def _draw_names(
    page: UInt8,
    axes: _Axes,
    names: Sequence[str],
    rows: Sequence[Float64],
    colors: Sequence[Color],
) -> None:
    """Each at the height where its curve ends, moved apart where they would overlap."""
    drawn = [number for number, table in enumerate(rows) if len(table)]
    ends = {n: axes.points(rows[n][-1:, 0], rows[n][-1:, 1])[0] for n in drawn}
    order = sorted(drawn, key=lambda n: float(ends[n][1]))
    heights = spread_apart([float(ends[n][1]) for n in order], gap=34.0, top=_TOP)
    for number, y in zip(order, heights, strict=True):
        place = (round(axes.right) + 30, round(y) + 8)
        words = elide(names[number], size=SMALL, width=_NAMES)
        draw_text(page, words, place, size=SMALL, color=colors[number])


def spread_apart(heights: Sequence[float], *, gap: float, top: float) -> list[float]:
    """Ascending heights, moved as little as a pass down and one up need to keep the gap."""
    bottom = float(_HEIGHT - _BOTTOM)
    found = list(heights)
    for place in range(1, len(found)):
        found[place] = max(found[place], found[place - 1] + gap)
    limit = bottom
    for place in reversed(range(len(found))):
        found[place] = max(min(found[place], limit), top - gap)
        limit = found[place] - gap
    return found


def _colors(count: int) -> UInt8:
    number = np.arange(count)
    hue = np.radians(255.0 + 137.508 * number)
    return oklch(np.where(number % 2, 0.66, 0.55), np.full(count, 0.15), hue)


def _triple(color: Sequence[int]) -> Color:
    red, green, blue = color
    return red, green, blue
