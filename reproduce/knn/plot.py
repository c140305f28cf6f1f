"""µAP against k: here and in the thesis side by side, whitened above not whitened."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relook.evaluation.report.charts import Frame, attribute, chart, path_of
from relook.evaluation.report.markup import Markup, raw, tag
from reproduce.knn.results import Key, Table

__all__ = ["draw"]

WIDTH, PANEL, HEIGHT, TOP, LINE = 760, 380, 230, 44, 22
"""Of the picture, of a panel, of its height, of what is above it, and of a line of the legend."""

MARKS = ("circle", "square", "diamond", "triangle", "down", "cross", "plus", "circle")
"""Of methods in order, each with its own color; the last of what is beside them."""

STYLE = """
svg { --paper: #fcfbf9; --ink: #202124; --quiet: #63636a; --rule: #dedbd5;
  --c0: #1f77a4; --c1: #c2571a; --c2: #2c8a53; --c3: #9a4fb0; --c4: #b58900; --c5: #b3365b;
  --c6: #0f8a8a; --c7: #6b727d; font: 12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) { svg { --paper: #17181b; --ink: #ececee; --quiet: #a3a5ad;
  --rule: #3a3d44; --c0: #62b5dd; --c1: #ff9d66; --c2: #5ecb8f; --c3: #d69bea; --c4: #e3c04d;
  --c5: #ff87a6; --c6: #4fd0cc; --c7: #aab0bb; } }
.paper { fill: var(--paper); } .tick { fill: var(--quiet); } .head { fill: var(--ink);
  font-weight: 600; } .name { fill: var(--ink); } .end { text-anchor: end; }
.middle { text-anchor: middle; } .rule { stroke: var(--rule); } .axis { stroke: var(--quiet); }
.line { fill: none; stroke-width: 1.75; stroke-linejoin: round; stroke: var(--own); }
.line.beside { stroke-dasharray: 5 4; } .band { fill: var(--own); opacity: .13; }
.mark { fill: var(--own); stroke: var(--paper); stroke-width: .75; }
""" + "".join(f".c{number} {{ --own: var(--c{number}); }}\n" for number in range(8))


@dataclass(frozen=True, slots=True)
class Panel:
    """One of the four parts: whose scores, and where it stands."""

    title: str
    scores: Mapping[Key, float]
    whitened: bool
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Sign:
    """How a method is drawn: by shape and color, since color alone tells some readers nothing."""

    shape: str
    color: str
    dashed: bool = False

    @property
    def style(self) -> str:
        """Classes of its line."""
        return f"line {self.color} beside" if self.dashed else f"line {self.color}"


def _signs(table: Table) -> dict[str, Sign]:
    """By method; those of other tables are gray and dashed."""
    own = [method for method in table.labels if method not in table.beside]
    signs = {method: Sign(MARKS[place], f"c{place}") for place, method in enumerate(own)}
    return {
        method: signs.get(method, Sign(MARKS[-1], "c7", dashed=True)) for method in table.labels
    }


def draw(table: Table, name: str) -> str:
    """The picture as SVG, for light and dark pages."""
    ours = {key: answers.score for key, answers in table.ours.items()}
    shown = [*ours.values(), *table.theirs.values()]
    low, high = math.floor(10 * min(shown)) / 10, math.ceil(10 * max(shown)) / 10
    panels = [
        Panel(f"{whose}, {state}", scores, white, PANEL * column, TOP + HEIGHT * row)
        for row, (white, state) in enumerate(((True, "whitened"), (False, "not whitened")))
        for column, (whose, scores) in enumerate((("Here", ours), ("Thesis", table.theirs)))
    ]
    columns = 4 if max(map(len, table.labels.values())) <= 18 else 3
    legend = _legend(table, TOP + 2 * HEIGHT + 8, columns)
    height = TOP + 2 * HEIGHT + 16 + LINE * math.ceil(len(table.labels) / columns)
    frame = Frame(PANEL, HEIGHT, low, high, left=44, right=16, top=26, bottom=36)
    title = f"Table {table.number}: {table.title.lower()}"
    picture = chart(
        name, Frame(WIDTH, height),
        tag("style", raw(STYLE)),
        tag("rect", width=WIDTH, height=height, rx=10, class_="paper"),
        tag("text", f"{title} – µAP by the number of neighbors k", x=20, y=28, class_="head"),
        tag("text", "band: 95 % interval of our best", x=WIDTH - 20, y=28, class_="tick end"),
        *(_panel(panel, frame, table) for panel in panels), *legend,
        title=title,
        description="µAP against k, here and in the thesis, whitened and not; the band is the "
        "95 % interval of our best method.",
    )  # fmt: skip
    size = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
    return picture.replace("<svg ", size, 1) + "\n"


def _panel(panel: Panel, frame: Frame, table: Table) -> Markup:
    signs = _signs(table)
    ks = table.ks
    between = (frame.span - 24) / (len(ks) - 1)
    xs = {k: frame.left + 12 + between * place for place, k in enumerate(ks)}
    step = 0.1 if frame.high - frame.low < 0.55 else 0.2
    count = int((frame.high - frame.low) / step + 1e-6)
    ticks = [round(frame.low + number * step, 1) for number in range(count + 1)]
    words = [
        tag("text", str(k), x=attribute(x), y=frame.base + 16, class_="tick middle")
        for k, x in xs.items()
    ]
    return tag(
        "g",
        *frame.lines(ticks),
        *words,
        tag("text", panel.title, x=frame.left, y=14, class_="name"),
        *_band(panel, frame, table, xs),
        *(
            part
            for method in table.labels
            for part in _line(panel, frame, method, signs[method], xs)
        ),
        transform=f"translate({panel.x} {panel.y})",
    )


def _band(panel: Panel, frame: Frame, table: Table, xs: Mapping[int, float]) -> Sequence[Markup]:
    best = table.best
    if panel.title.startswith("Thesis") or panel.whitened != best.whitened:
        return ()
    rows = [(x, table.ours[best._replace(k=k)].interval) for k, x in xs.items()]
    around = [(x, frame.y(min(one.high, frame.high))) for x, one in rows]
    around += [(x, frame.y(max(one.low, frame.low))) for x, one in reversed(rows)]
    color = _signs(table)[best.method].color
    return (tag("path", d=path_of(around, closed=True), class_=f"band {color}"),)


def _line(
    panel: Panel, frame: Frame, method: str, sign: Sign, xs: Mapping[int, float]
) -> Sequence[Markup]:
    keys = {k: Key(panel.whitened, method, k) for k in xs}
    points = [(xs[k], frame.y(panel.scores[key])) for k, key in keys.items() if key in panel.scores]
    if not points:
        return ()
    marks = [_mark(sign, x, y) for x, y in points]
    return tag("path", d=path_of(points), class_=sign.style), *marks


def _mark(sign: Sign, x: float, y: float) -> Markup:
    sides: dict[str, list[tuple[float, float]]] = {
        "square": [(-3, -3), (3, -3), (3, 3), (-3, 3)],
        "diamond": [(0, -4.5), (4.5, 0), (0, 4.5), (-4.5, 0)],
        "triangle": [(0, -4.5), (4.2, 3), (-4.2, 3)],
        "down": [(0, 4.5), (4.2, -3), (-4.2, -3)],
        "cross": [(-4, -2), (-2, -4), (0, -2), (2, -4), (4, -2), (2, 0), (4, 2), (2, 4), (0, 2),
                  (-2, 4), (-4, 2), (-2, 0)],
        "plus": [(-1.4, -4.2), (1.4, -4.2), (1.4, -1.4), (4.2, -1.4), (4.2, 1.4), (1.4, 1.4),
                 (1.4, 4.2), (-1.4, 4.2), (-1.4, 1.4), (-4.2, 1.4), (-4.2, -1.4), (-1.4, -1.4)],
    }  # fmt: skip
    if sign.shape == "circle":
        return tag("circle", cx=attribute(x), cy=attribute(y), r=3.4, class_=f"mark {sign.color}")
    around = [(x + dx, y + dy) for dx, dy in sides[sign.shape]]
    return tag("path", d=path_of(around, closed=True), class_=f"mark {sign.color}")


def _legend(table: Table, top: int, columns: int) -> list[Markup]:
    parts: list[Markup] = []
    for place, (method, sign) in enumerate(_signs(table).items()):
        x = 20 + (WIDTH - 30) // columns * (place % columns)
        y = top + LINE * (place // columns) + 8
        parts += [
            tag("path", d=path_of([(x, y), (x + 26, y)]), class_=sign.style),
            _mark(sign, x + 13, y),
            tag("text", table.labels[method], x=x + 33, y=y + 4, class_="name"),
        ]
    return parts
