"""The tool that makes the base map, on a made world; and the map that ships."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
ASSET = ROOT / "src" / "relook" / "server" / "page" / "base-map.json"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "make_base_map", ROOT / "tools" / "make_base_map.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines(text: str, unit: float) -> np.ndarray:
    """An independent decoder: a text as ``(N, 2)`` degrees."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    numbers, value, weight = [], 0, 1
    for character in text:
        digit = digits.index(character)
        value, weight = value + digit % 32 * weight, weight * 32
        if digit < 32:
            numbers.append(-(value + 1) // 2 if value % 2 else value // 2)
            value, weight = 0, 1
    return np.cumsum(np.array(numbers).reshape(-1, 2), axis=0) * unit


def area(points: np.ndarray) -> float:
    x, y = points.T
    return abs(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1])) / 2


def world() -> dict[str, Any]:
    """Two square countries of 10 degrees side by side on one island, and an islet of the second."""
    polygon = {"type": "Polygon", "properties": {"name": "West"}, "arcs": [[0, 1]]}
    two = {"type": "MultiPolygon", "properties": {"name": "East"}, "arcs": [[[2, -1]], [[3]]]}
    land = {"type": "MultiPolygon", "arcs": [[[2, 1]], [[3]]]}
    return {
        "type": "Topology",
        "transform": {"scale": [0.1, 0.1], "translate": [0.0, -5.0]},
        "objects": {
            "countries": {"type": "GeometryCollection", "geometries": [polygon, two]},
            "land": {"type": "GeometryCollection", "geometries": [land]},
        },
        "arcs": [
            [[100, 0], [1, 50], [-1, 50]],  # the border, from south to north, with a small bend
            [[100, 100], [-100, 0], [0, -100], [100, 0]],  # round the west
            [[100, 0], [100, 0], [0, 100], [-100, 0]],  # round the east
            [[300, 0], [1, 0], [0, 1], [-1, -1]],
        ],
    }


def test_a_made_world_keeps_its_coast_borders_and_names(tool):
    made = tool.make(world(), area=1.0, island=0.5, unit=0.5)
    assert [len(made[key]) for key in ("land", "borders", "names")] == [1, 1, 2]
    coast = lines(made["land"][0], made["unit"])
    assert area(coast) == pytest.approx(200.0)
    np.testing.assert_array_equal(coast[0], coast[-1])
    np.testing.assert_allclose(lines(made["borders"][0], made["unit"]), [[10, -5], [10, 5]])
    (east, longitude, latitude, size), (west, *_) = made["names"]
    assert {east, west} == {"East", "West"}
    assert size == pytest.approx(10.0, abs=0.1)
    assert abs(latitude) < 1.0
    assert abs(longitude % 10.0 - 5.0) < 2.0


def test_an_islet_stays_where_it_is_large_enough(tool):
    assert len(tool.make(world(), area=1e-6, island=1e-6, unit=0.05)["land"]) == 2


def test_points_on_a_straight_line_go_and_corners_stay(tool):
    line = np.array([[0, 0], [1, 0], [2, 0.01], [3, 0], [3, 2], [3, 4.0]])
    np.testing.assert_array_equal(tool.simplify(line, area=0.1), line[[0, 3, 5]])
    np.testing.assert_array_equal(tool.simplify(line, area=0.0), line)


def test_text_keeps_a_line_to_half_a_step(tool):
    rng = np.random.default_rng(3)
    line = np.cumsum(rng.normal(scale=20.0, size=(500, 2)), axis=0)
    back = lines(tool.encode(line, unit=0.02), 0.02)
    assert np.abs(back - line).max() <= 0.01 + 1e-9


def test_a_coast_over_the_date_line_goes_on_and_a_ring_round_the_pole_is_closed_by_it(tool):
    over = tool.joined([0], [np.array([[170.0, 0], [-170, 0], [-170, 10], [170, 10], [170, 0]])])
    assert np.ptp(over[:, 0]) == pytest.approx(20.0)
    longitudes = np.array([0.0, 90, 180, -90, 0])
    polar = tool.joined([0], [np.column_stack([longitudes, np.full(5, -70.0)])])
    assert area(polar) == pytest.approx(360 * 20)


def test_a_name_stands_inside_a_country_that_is_not_convex(tool):
    horseshoe = np.array([[0, 0], [9, 0], [9, 2], [2, 2], [2, 7], [9, 7], [9, 9], [0, 9], [0, 0.0]])
    longitude, latitude = tool.middle(horseshoe)
    assert 0 < longitude < 9
    assert 0 < latitude < 9
    assert longitude < 2 or latitude < 2 or latitude > 7


def test_the_tool_refuses_a_map_that_is_too_heavy(tool, tmp_path, monkeypatch, capsys):
    source = tmp_path / "world.json"
    source.write_text(json.dumps(world()), encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["make", str(source), str(tmp_path / "map.json")])
    assert tool.main() == 0
    assert json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))["credit"]
    monkeypatch.setattr(tool, "MOST_BYTES", 10)
    assert tool.main() == 1
    assert "larger --area" in capsys.readouterr().err


def test_the_map_that_ships_is_small_says_whose_it_is_and_shows_the_earth():
    assert ASSET.stat().st_size <= 60_000
    made = json.loads(ASSET.read_text(encoding="utf-8"))
    assert made["credit"] == "Made with Natural Earth"
    rings = [lines(text, made["unit"]) for text in made["land"]]
    assert all(np.array_equal(ring[0], ring[-1]) for ring in rings)
    assert inside(rings, 2.35, 48.85)  # Paris
    assert inside(rings, -100.0, 40.0)  # Kansas
    assert inside(rings, 178.0, 67.0)  # Chukotka, up to the date line
    assert inside(rings, 50.0, -80.0)  # Antarctica
    assert not inside(rings, -30.0, 30.0)  # the Atlantic
    assert not inside(rings, 51.0, 42.0)  # the Caspian Sea, a hole
    assert {"France", "Japan", "Brazil"} <= {name for name, *_ in made["names"]}


def inside(rings: list[np.ndarray], longitude: float, latitude: float) -> bool:
    crossings = 0
    for ring in rings:
        for shift in (-360.0, 0.0, 360.0):
            (ax, ay), (bx, by) = ring[:-1].T, ring[1:].T
            over = (ay > latitude) != (by > latitude)
            at = ax[over] + (latitude - ay[over]) / (by[over] - ay[over]) * (bx[over] - ax[over])
            crossings += int(np.sum(at > longitude + shift))
    return crossings % 2 == 1
