"""What another threshold would give: precision of the labels given against coverage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from relook.evaluation.report.charts import Frame, attribute, chart, path_of
from relook.evaluation.report.markup import Markup, tag
from relook.evaluation.report.recognition_words import Record
from relook.evaluation.report.tables import Cell, Column, table
from relook.evaluation.report.words import score_words

__all__ = ["coverage_curve", "trade_off"]

WIDTH, HEIGHT = 420, 310
COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
LOWEST = 0.02
"""Share of the known queries below which the curve is not drawn: too few answers."""

Point = tuple[float, float, float]
"""Threshold, coverage, precision."""


def trade_off(record: Record) -> list[Point]:
    """Threshold, coverage and precision as the threshold falls, equal confidences together."""
    queries = [query for query in record["queries"] if query["best"] is not None]
    known = max(sum(query["known"] for query in record["queries"]), 1)
    queries.sort(key=lambda query: -query["familiarity"])
    points: list[Point] = []
    given = right = covered = 0
    for sure, group in groupby(queries, key=lambda query: query["familiarity"]):
        for query in group:
            given += 1
            right += query["right"]
            covered += query["known"]
        points.append((sure, covered / known, right / given))
    return points


def coverage_curve(record: Record) -> Markup:
    """The curve, the point at which the collection's threshold lies, and figures of others."""
    points = trade_off(record)
    drawn = [(share, precision) for _, share, precision in points if share >= LOWEST]
    at = (record["coverage"], record["precision_at_threshold"])
    heights = [precision for _, precision in drawn] + [value for value in at[1:] if value]
    low = min(0.9, math.floor(10 * min(heights, default=0.9)) / 10)
    frame = Frame(WIDTH, HEIGHT, low, 1.0, left=42, right=16, top=14, bottom=44)
    target = record["target_precision"]
    words = (
        f"The circle is the threshold in use, {_at_words(record)}; "
        f"the dashed line is the precision aimed at, {target:g}."
    )
    picture = chart(
        "coverage", frame, *frame.lines(_ticks(low)), *_below(frame), _target(frame, target),
        tag("path", d=path_of([_place(frame, one) for one in drawn]), class_="curve thin")
        if drawn else None,
        _threshold(frame, at), title="Precision of the labels given against coverage",
        description=words,
    )  # fmt: skip
    head = tag("figcaption", tag("b", "Precision and coverage"), tag("span", words, class_="note"))
    return tag("div", tag("figure", head, picture), _figures(points), class_="sweep")


def _at_words(record: Record) -> str:
    return (
        f"precision {score_words(record['precision_at_threshold'])} at coverage "
        f"{score_words(record['coverage'])}"
    )


def _place(frame: Frame, point: tuple[float, float]) -> tuple[float, float]:
    return frame.left + point[0] * frame.span, frame.y(point[1])


def _ticks(low: float) -> list[float]:
    step = next(step for step in (0.02, 0.05, 0.1, 0.2) if 1 - low <= 5 * step + 1e-9)
    return [round(low + step * n, 6) for n in range(round((1 - low) / step) + 1)]


def _below(frame: Frame) -> list[Markup]:
    y = frame.base + 17
    marks = [
        tag("text", f"{tick:g}", x=attribute(frame.left + tick * frame.span), y=y,
            class_="tick middle")
        for tick in (0, 0.25, 0.5, 0.75, 1)
    ]  # fmt: skip
    middle = attribute(frame.left + frame.span / 2)
    words = "coverage: share of the known queries that get a label"
    return [*marks, tag("text", words, x=middle, y=frame.height - 8, class_="tick middle")]


def _target(frame: Frame, target: float) -> Markup | None:
    if target < frame.low:
        return None
    y = attribute(frame.y(target))
    return tag("line", x1=frame.left, x2=frame.width - frame.right, y1=y, y2=y, class_="ideal")


def _threshold(frame: Frame, at: tuple[float | None, float | None]) -> Markup | None:
    coverage, precision = at
    if coverage is None or precision is None:
        return None
    x, y = _place(frame, (coverage, precision))
    title = tag("title", f"precision {precision:.3f}, coverage {coverage:.3f}")
    return tag("circle", title, cx=attribute(x), cy=attribute(y), r=6, class_="chosen")


def _figures(points: Sequence[Point]) -> Markup:
    """For each coverage the highest threshold that reaches it."""
    rows = []
    for wanted in COVERAGES:
        found = next((point for point in points if point[1] >= wanted - 1e-12), None)
        if found is not None:
            sure, share, precision = found
            rows.append(
                [
                    Cell(f"{share:.3f}", share),
                    Cell(f"{precision:.3f}", precision),
                    Cell(f"{sure:.4f}", sure),
                ]
            )
    columns = [Column("Coverage"), Column("Precision", "", "neither"), Column("Threshold", "", "neither")]  # fmt: skip  # noqa: E501
    return table("What other thresholds would give on these queries", columns, rows, sort=False)
