"""Figures 5.1 and 5.3 to 5.6: mAP, and cells, by the number of vocabularies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from relook.evaluation.report.charts import Frame, attribute, chart, path_of
from relook.evaluation.report.markup import Markup, raw, tag
from reproduce.joint_reduction.report import sizes_said
from reproduce.joint_reduction.settings import DIMENSIONS, FAMILIES
from reproduce.joint_reduction.study import Curve, Results
from reproduce.knn.plot import STYLE

__all__ = ["draw_all"]

WIDTH, HEIGHT, TOP, LINE = 760, 300, 40, 20
Lines = Mapping[str, Sequence[float]]


def draw_all(results: Results) -> dict[str, str]:
    """Pictures by the name of their file."""
    drawn = {}
    for figure in dict.fromkeys(family.figure for family in FAMILIES):
        own = [family for family in FAMILIES if family.figure == figure]
        curves = [c for c in results.curves if c.family in {family.name for family in own}]
        if curves:
            lines = {_said(curve): curve.scores for curve in curves}
            title = f"Figure {figure}: {', '.join(family.name for family in own)}"
            what = f"mAP at {DIMENSIONS} dimensions by the number of vocabularies"
            drawn[f"joint-reduction-{figure.replace('.', '-')}.svg"] = _draw(title, what, lines)
    if results.cells:
        cells = {f"{size} words each": list(map(float, n)) for size, n in results.cells.items()}
        what = "different combinations of words of 200,000 descriptors"
        drawn["joint-reduction-5-6.svg"] = _draw("Figure 5.6: mRootSIFT", what, cells)
    return drawn


def _said(curve: Curve) -> str:
    state = "" if curve.reduced else ", not reduced"
    return f"{curve.family}, {sizes_said(curve.sizes)}{state}"


def _draw(title: str, what: str, lines: Lines) -> str:
    values = [value for line in lines.values() for value in line]
    low, high, ticks = _scale(min(values), max(values))
    height = TOP + HEIGHT + 10 + LINE * math.ceil(len(lines) / 2)
    frame = Frame(WIDTH, TOP + HEIGHT, low, high, left=72, right=20, top=TOP + 8, bottom=30)
    most = max(map(len, lines.values()))
    xs = [frame.left + 20 + (frame.span - 40) * n / max(1, most - 1) for n in range(most)]
    parts: list[Markup] = [*frame.lines(ticks)]
    for number, x in enumerate(xs, 1):
        place = {"x": attribute(x), "y": frame.base + 18}
        parts.append(tag("text", str(number), **place, class_="tick middle"))
    for place, (name, line) in enumerate(lines.items()):
        parts += _line(place, name, [(x, frame.y(v)) for x, v in zip(xs, line, strict=False)])
    picture = chart(
        title.split(":", maxsplit=1)[0].replace(" ", "-").replace(".", "-").lower(),
        Frame(WIDTH, height),
        tag("style", raw(STYLE)),
        tag("rect", width=WIDTH, height=height, rx=10, class_="paper"),
        tag("text", title, x=20, y=26, class_="head"),
        tag("text", what, x=WIDTH - 20, y=26, class_="tick end"),
        *parts,
        title=title,
        description=what,
    )
    size = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
    return picture.replace("<svg ", size, 1) + "\n"


def _line(place: int, name: str, points: Sequence[tuple[float, float]]) -> list[Markup]:
    color = f"c{place % 8}"
    style = f"line {color}" if place < 8 else f"line {color} beside"
    x, y = 20 + (WIDTH - 30) // 2 * (place % 2), TOP + HEIGHT + 10 + LINE * (place // 2)
    return [
        tag("path", d=path_of(points), class_=style),
        *(
            tag("circle", cx=attribute(a), cy=attribute(b), r=3.2, class_=f"mark {color}")
            for a, b in points
        ),
        tag("path", d=path_of([(x, y), (x + 26, y)]), class_=style),
        tag("text", name, x=x + 33, y=y + 4, class_="name"),
    ]


def _scale(low: float, high: float) -> tuple[float, float, list[float]]:
    """Round limits around the values, and ticks between them."""
    span = max(high - low, 0.01)
    step = 10.0 ** math.floor(math.log10(span))
    if span / step < 3:
        step /= 2
    first = math.floor(low / step)
    last = max(math.ceil(high / step), first + 1)
    ticks = [float(f"{number * step:.6g}") for number in range(first, last + 1)]
    return ticks[0], ticks[-1], ticks
