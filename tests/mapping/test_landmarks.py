"""Places and tags by verified neighbors: an oracle for the median, wrong places, a collection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from collection import guides
from relook.collection import Collection, Hit, Picture
from relook.core.records import Evidence
from relook.mapping.landmarks import (
    estimate_location,
    frequent_tags,
    locate,
    suggest_tags,
)

PRAGUE = np.array([50.0755, 14.4378])
METER = 1 / 111_195
"""Degrees of latitude."""


def around(center, meters_north, meters_east):
    east = np.asarray(meters_east) * METER / np.cos(np.radians(center[0]))
    return np.stack(
        [center[0] + np.asarray(meters_north) * METER, center[1] + east], axis=-1
    ).reshape(-1, 2)


def test_the_estimate_is_the_point_with_the_least_sum_of_distances():
    rng = np.random.default_rng(0)
    north, east = rng.normal(0, 150, (2, 9))
    weights = rng.uniform(1, 3, 9)
    location, agrees = estimate_location(around(PRAGUE, north, east), weights)
    grid = np.stack(np.meshgrid(*(np.linspace(-300, 300, 601),) * 2), axis=-1).reshape(-1, 2)
    sums = sum(
        w * np.hypot(grid[:, 0] - n, grid[:, 1] - e)
        for n, e, w in zip(north, east, weights, strict=True)
    )
    best = grid[np.argmin(sums)]
    expected = around(PRAGUE, *best)[0]
    assert agrees.all()
    assert (location.latitude, location.longitude) == pytest.approx(expected, abs=2 * METER)


def test_a_wrong_place_moves_nothing():
    points = around(PRAGUE, [0, 10, -10, 5], [0, 5, 5, -10])
    wrong = np.array([[48.8566, 2.3522]])
    alone, _ = estimate_location(points, np.ones(4))
    both, agrees = estimate_location(np.concatenate([points, wrong]), np.array([1, 1, 1, 1, 3.0]))
    assert agrees.tolist() == [True] * 4 + [False]
    assert (both.latitude, both.longitude, both.neighbors) == (
        alone.latitude,
        alone.longitude,
        4,
    )


def test_two_thirds_lie_within_the_spread():
    location, _ = estimate_location(
        around(PRAGUE, [100, -100, 0, 0, 0, 0], [0, 0, 100, -100, 0, 0]), np.ones(6)
    )
    assert location.spread_m == pytest.approx(100, abs=1)


def test_one_witness_has_a_place_and_no_spread():
    location, _ = estimate_location(PRAGUE[None], np.ones(1))
    assert (location.latitude, location.longitude) == pytest.approx(PRAGUE.tolist())
    assert location.spread_m is None


@pytest.mark.parametrize("center", [(0.0, 179.9999), (89.99, 10.0), (-33.9, 18.4)])
def test_the_date_line_and_the_poles_are_places_too(center):
    points = around(np.array(center), [0, 30, -30], [0, 30, -30])
    points[:, 1] = (points[:, 1] + 180) % 360 - 180
    location, agrees = estimate_location(points, np.ones(3))
    assert agrees.all()
    assert location.latitude == pytest.approx(center[0], abs=METER)
    assert abs((location.longitude - center[1] + 180) % 360 - 180) < 0.01
    assert -180 <= location.longitude <= 180


def hit(strength):
    points = np.zeros((0, 2), np.float32)
    corners = np.zeros((4, 2), np.float32)
    proof = Evidence(0, strength, np.eye(3), points, points, corners, corners)
    return Hit(1, 1, "a", 1.0, evidence=proof)


def picture(*labels):
    return Picture(1, "a", 9, 9, None, None, None, labels, 1, 1)


def test_a_tag_of_everything_is_frequent_but_not_suggested():
    found = [(hit(9.0), picture("city", "fountain")), (hit(9.0), picture("city"))]
    suggested = suggest_tags(found, {"city": 99, "fountain": 2}, 100)
    assert [tag.tag for tag in suggested] == ["fountain", "city"]
    assert [tag.tag for tag in frequent_tags(found)] == ["city", "fountain"]
    assert frequent_tags(found)[0].score == 1.0
    assert suggested[0].score == pytest.approx(0.5)


def test_nothing_found_has_no_tags():
    assert suggest_tags([], {}, 0) == frequent_tags([]) == ()


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Collection]:
    """Five photos each of two things, each at the place of its thing, but for one and another."""
    directory = guides.make_guide(tmp_path, [1, 2], views=range(5))
    with guides.open_guide(directory) as collection:
        with sqlite3.connect(directory / "catalog.sqlite") as connection:
            for name in collection.browse():
                thing, view = int(name.path[6]), int(name.path[-5])
                if view == 1:
                    continue
                place = PRAGUE + np.array([thing + view * METER * 30, 0])
                if view == 0:
                    place = np.array([0.0, 0.0])
                connection.execute(
                    "UPDATE contents SET latitude = ?, longitude = ? WHERE id = ?",
                    (*place.tolist(), name.id),
                )
        connection.close()
        yield collection


def test_a_photo_is_located_by_the_pictures_of_the_same_thing(town, tmp_path):
    query = guides.save_thing(tmp_path / "query.png", 2, 77)
    found = locate(town, town.describe(query))
    roles = {neighbor.picture.path: neighbor.role for neighbor in found.similar}
    assert found.location.neighbors == 3
    assert found.location.latitude == pytest.approx(PRAGUE[0] + 2, abs=100 * METER)
    assert 20 < found.location.spread_m < 60
    assert roles["thing 2/2-0.png"] == "disagrees"
    assert roles["thing 2/2-1.png"] == "nowhere"
    assert roles["thing 2/2-3.png"] == "agrees"
    assert [tag.tag for tag in found.suggested] == ["thing 2"]
    assert found.frequent[0].images == 5


def test_a_picture_is_no_witness_for_its_own_place(town):
    wrong = next(picture for picture in town.browse() if picture.path.endswith("2-0.png"))
    found = locate(town, town.described(wrong.id))
    assert wrong.id not in [neighbor.picture.id for neighbor in found.similar]
    assert found.location.latitude == pytest.approx(PRAGUE[0] + 2, abs=100 * METER)


def test_what_nobody_knows_has_no_place(town, tmp_path):
    stranger = guides.save_thing(tmp_path / "query.png", 99, 0)
    found = locate(town, town.describe(stranger))
    assert found.location is None
    assert found.suggested == found.frequent == ()
