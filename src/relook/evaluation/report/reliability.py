"""Does confidence mean what it says: share of right answers against confidence, by bins."""

from __future__ import annotations

from relook.evaluation.calibration import reliability
from relook.evaluation.report.charts import Frame, attribute, chart
from relook.evaluation.report.markup import Markup, tag
from relook.evaluation.report.recognition_words import Record
from relook.evaluation.report.tables import Cell, Column, table
from relook.evaluation.report.words import score_words

__all__ = ["reliability_diagram"]

FRAME = Frame(420, 360, left=42, right=16, top=14, bottom=44)
TICKS = (0, 0.25, 0.5, 0.75, 1)


def reliability_diagram(record: Record) -> Markup:
    """Ten bins with equally many queries, each a dot; on the diagonal confidence is right."""
    answered = [query for query in record["queries"] if not query["failed"]]
    bins = reliability(
        [query["confidence"] for query in answered],
        [query["answered_right"] for query in answered],
    )
    points = list(zip(bins.confidences.tolist(), bins.right.tolist(), strict=True))
    gap = score_words(record["ece"])
    words = f"ECE {gap}: the mean height of the bars, over all queries."
    picture = chart(
        "reliability", FRAME, *FRAME.lines(TICKS), *_below(), _diagonal(),
        *(_gap(*point) for point in points), *(_dot(*point) for point in points),
        title="Share of right answers against confidence", description=words,
    )  # fmt: skip
    head = tag("figcaption", tag("b", "Reliability"), tag("span", words, class_="note"))
    rows = [
        [
            Cell(f"{sure:.3f}", sure),
            Cell(f"{right:.3f}", right),
            Cell(f"{right - sure:+.3f}".replace("-", "−"), right - sure),
            Cell(str(count), int(count)),
        ]
        for (sure, right), count in zip(points, bins.counts, strict=True)
    ]
    columns = [
        Column("Confidence", "mean of the bin"), Column("Right", "share", "neither"),
        Column("Gap", "", "neither"), Column("Answers", "", "neither"),
    ]  # fmt: skip
    figures = table("Bins of equal mass", columns, rows, sort=False)
    return tag("div", tag("figure", head, picture), figures, class_="sweep")


def _x(confidence: float) -> float:
    return FRAME.left + confidence * FRAME.span


def _diagonal() -> Markup:
    return tag(
        "line", x1=attribute(_x(0)), y1=attribute(FRAME.y(0)), x2=attribute(_x(1)),
        y2=attribute(FRAME.y(1)), class_="ideal",
    )  # fmt: skip


def _below() -> list[Markup]:
    y = FRAME.base + 17
    marks = [
        tag("text", f"{tick:g}", x=attribute(_x(tick)), y=y, class_="tick middle") for tick in TICKS
    ]
    middle = attribute(_x(0.5))
    label = tag("text", "confidence", x=middle, y=FRAME.height - 8, class_="tick middle")
    return [*marks, label]


def _gap(sure: float, right: float) -> Markup:
    x = attribute(_x(sure))
    return tag(
        "line", x1=x, x2=x, y1=attribute(FRAME.y(sure)), y2=attribute(FRAME.y(right)), class_="gap"
    )


def _dot(sure: float, right: float) -> Markup:
    title = tag("title", f"confidence {sure:.3f}, right {right:.3f}")
    return tag(
        "circle", title, cx=attribute(_x(sure)), cy=attribute(FRAME.y(right)), r=4.5, class_="dot"
    )
