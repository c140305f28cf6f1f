"""Make the small map of the world that the server's page draws places on, from Natural Earth.

    python tools/make_base_map.py countries-50m.json src/relook/server/page/base-map.json

countries-50m.json is the TopoJSON of the npm package world-atlas (2.0.2): Natural Earth's shapes,
which are in the public domain. What comes out is one JSON object:

    version   1
    credit    "Made with Natural Earth"
    unit      degrees per step of a coordinate
    land      the outlines of land, one text per ring; holes are rings too: fill with even-odd
    borders   the lines between countries, one text each
    names     [name, longitude, latitude, size] of each country, the largest first; size is the root
              of its area, in degrees at the equator

A text holds a line as steps: longitude and latitude in turn, each as the difference from the point
before (the first from 0, 0), zigzag (0, -1, 1, -2 become 0, 1, 2, 3), in base 32 with the low digit
first; a character is the digit's place in DIGITS, the second half of which says that more follows.
Lines run on past 180 degrees where they would jump to the other end of the map.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
CREDIT = "Made with Natural Earth"
MOST_BYTES = 60_000

Line = NDArray[np.float64]  # (N, 2): longitude, latitude in degrees
Ring = list[int]  # arcs, one after the other; ~i is arc i backwards


def decode(topology: dict[str, Any]) -> list[Line]:
    """The arcs of a quantized TopoJSON in degrees: each is a list of differences in steps."""
    scale, translate = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    steps = [np.cumsum(np.array(arc, float), axis=0) for arc in topology["arcs"]]
    return [_unwrapped(arc * scale + translate) for arc in steps]


def _unwrapped(line: Line) -> Line:
    """A line that goes on past 180 degrees where it would jump to the other end of the map."""
    return np.column_stack([np.unwrap(line[:, 0], period=360.0), line[:, 1]])


def rings(geometry: dict[str, Any]) -> Iterator[Ring]:
    """All rings of a geometry, those of its parts too, outlines and holes alike."""
    if geometry["type"] == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from rings(part)
    elif geometry["type"] == "Polygon":
        yield from geometry["arcs"]
    elif geometry["type"] == "MultiPolygon":
        yield from (ring for polygon in geometry["arcs"] for ring in polygon)


def joined(ring: Ring, arcs: list[Line]) -> Line:
    """A ring as points; its last is its first. One round a pole is closed by way of the pole."""
    parts = [arcs[arc] if arc >= 0 else arcs[~arc][::-1] for arc in ring]
    line = _unwrapped(np.concatenate([parts[0], *(part[1:] for part in parts[1:])]))
    if abs(line[-1, 0] - line[0, 0]) < 180.0:
        return line
    pole = np.copysign(90.0, line[0, 1])
    return np.concatenate([line, [(line[-1, 0], pole), (line[0, 0], pole), line[0]]])


def simplify(line: Line, *, area: float) -> Line:
    """The line without points whose triangle with their neighbors is small.

    Visvalingam and Whyatt (1993), "Line generalisation by repeated elimination of points". The ends
    stay, so lines that met still meet.

    Args:
        line: in degrees.
        area: points with a triangle below this go; square degrees at the equator.
    """
    width = np.cos(np.radians(line[:, 1].mean()))
    before, after = list(range(-1, len(line) - 1)), list(range(1, len(line) + 1))
    points = line * (width, 1.0)

    def triangle(at: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = points[before[at]], points[at], points[after[at]]
        return float(abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2)

    sizes = [np.inf, *(triangle(at) for at in range(1, len(line) - 1)), np.inf]
    heap = [(size, at) for at, size in enumerate(sizes) if size < np.inf]
    heapq.heapify(heap)
    kept = set(range(len(line)))
    while heap and heap[0][0] < area:
        size, at = heapq.heappop(heap)
        if at not in kept or size != sizes[at]:
            continue
        kept.discard(at)
        left, right = before[at], after[at]
        after[left], before[right] = right, left
        for beside in (left, right):
            if sizes[beside] < np.inf:
                sizes[beside] = max(size, triangle(beside))
                heapq.heappush(heap, (sizes[beside], beside))
    return line[sorted(kept)]


def enclosed(ring: Line) -> float:
    """The area of a ring in square degrees at the equator."""
    x, y = ring[:, 0] * np.cos(np.radians(ring[:, 1].mean())), ring[:, 1]
    return float(abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2)


def encode(line: Line, *, unit: float) -> str:
    """A line as text; points that fall together are one."""
    steps = np.rint(line / unit).astype(int)
    moves = np.diff(steps, axis=0, prepend=np.zeros((1, 2), int))
    moves = moves[np.concatenate([[True], np.any(moves[1:] != 0, axis=1)])]
    return "".join(_digits(int(move)) for move in moves.ravel())


def _digits(number: int) -> str:
    number = 2 * number if number >= 0 else -2 * number - 1
    text = ""
    while number >= 32:
        text += DIGITS[32 + number % 32]
        number //= 32
    return text + DIGITS[number]


def middle(ring: Line, *, grid: int = 24) -> tuple[float, float]:
    """A point well inside a ring: of a grid's points inside, the one farthest from the outline."""
    low, high = ring.min(axis=0), ring.max(axis=0)
    spots = (np.arange(grid) + 0.5) / grid
    x, y = (axis.ravel() for axis in np.meshgrid(*(low + np.outer(spots, high - low)).T))
    (ax, ay), (bx, by) = ring[:-1].T[..., None], ring[1:].T[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        crossed = ((ay > y) != (by > y)) & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    inside = crossed.sum(axis=0) % 2 == 1
    width = np.cos(np.radians(ring[:, 1].mean()))
    away = np.min(((ax - x) * width) ** 2 + (ay - y) ** 2, axis=0)
    best = int(np.argmax(np.where(inside, away, -1.0)))
    return float(x[best]), float(y[best])


def names(countries: Iterable[dict[str, Any]], arcs: list[Line]) -> list[list[Any]]:
    """Name, longitude, latitude and size of each country, the largest first."""
    found = []
    for country in countries:
        parts = [joined(ring, arcs) for ring in rings(country)]
        largest = max(parts, key=enclosed)
        longitude, latitude = middle(largest)
        size = round(sum(enclosed(part) for part in parts) ** 0.5, 1)
        place = [round((longitude + 180.0) % 360.0 - 180.0, 1), round(latitude, 1)]
        found.append([country["properties"]["name"], *place, size])
    return sorted(found, key=lambda one: (-one[3], one[0]))


def make(topology: dict[str, Any], *, area: float, island: float, unit: float) -> dict[str, Any]:
    """The map.

    Args:
        topology: with the objects "land" and "countries".
        area: simplify() drops points up to this; square degrees at the equator.
        island: rings below this are left out; square degrees at the equator.
        unit: degrees that one step of a coordinate stands for.
    """
    countries = topology["objects"]["countries"]["geometries"]
    exact = decode(topology)
    arcs = [simplify(arc, area=area) for arc in exact]
    of_countries = [{arc if arc >= 0 else ~arc for ring in rings(one) for arc in ring}
                    for one in countries]  # fmt: skip
    uses = Counter(arc for used in of_countries for arc in used)
    land = [ring for ring in rings(topology["objects"]["land"])
            if enclosed(joined(ring, exact)) >= island]  # fmt: skip
    return {
        "version": 1,
        "credit": CREDIT,
        "unit": unit,
        "land": [encode(joined(ring, arcs), unit=unit) for ring in land],
        "borders": [encode(arcs[arc], unit=unit) for arc in sorted(uses) if uses[arc] > 1],
        "names": [one for one in names(countries, exact) if one[3] ** 2 >= island],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input", type=Path, help="countries-50m.json of world-atlas")
    parser.add_argument("output", type=Path)
    parser.add_argument("--area", type=float, default=0.01, help="simplify up to this")
    parser.add_argument("--island", type=float, default=0.05, help="leave out rings below this")
    parser.add_argument("--unit", type=float, default=0.02, help="degrees per step")
    given = parser.parse_args()
    made = make(
        json.loads(given.input.read_text(encoding="utf-8")),
        area=given.area, island=given.island, unit=given.unit,
    )  # fmt: skip
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":")) + "\n"
    size = len(text.encode())
    counts = ", ".join(f"{len(made[key])} {key}" for key in ("land", "borders", "names"))
    print(f"{size} bytes: {counts}")
    if size > MOST_BYTES:
        print(f"more than {MOST_BYTES} bytes: give a larger --area", file=sys.stderr)
        return 1
    given.output.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
