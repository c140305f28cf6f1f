"""Where was this taken? The painting's photos are given places, as a camera would have."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

PLACES = {0: (50.08, 14.42), 1: (48.86, 2.34), 2: (51.51, -0.13)}
METER = 1 / 111_195


@pytest.fixture
def placed(collection, client):
    """Each painting at its place, each photo a few meters further north."""
    names = sorted(collection.label_counts())
    with sqlite3.connect(collection.directory / "catalog.sqlite") as connection:
        for number, picture in enumerate(collection.browse()):
            if not picture.labels:
                continue
            latitude, longitude = PLACES[names.index(picture.labels[0])]
            connection.execute(
                "UPDATE contents SET latitude = ?, longitude = ? WHERE id = ?",
                (latitude + number % 3 * 20 * METER, longitude, picture.id),
            )
    connection.close()
    return dict(zip(names, PLACES.values(), strict=True))


def ask(client, query: Path, **fields):
    with query.open("rb") as file:
        return client.post("/api/v1/landmark", data=fields, files={"image": file})


def test_a_visitors_photo_is_located_and_named(placed, client, queries):
    for query in queries[:3]:
        found = ask(client, query).json()
        if found["location"] is None:
            continue
        name = found["suggested"][0]["tag"]
        latitude, longitude = placed[name]
        assert found["location"]["latitude"] == pytest.approx(latitude, abs=100 * METER)
        assert found["location"]["longitude"] == pytest.approx(longitude, abs=100 * METER)
        assert found["frequent"][0]["tag"] == name
        assert {one["role"] for one in found["similar"] if one["verified"]} == {"agrees"}
        return
    pytest.fail("no photo was located")


def test_an_indexed_picture_has_no_say_in_its_own_place(placed, client, collection):
    picture = next(one for one in collection.browse() if one.labels)
    found = client.post("/api/v1/landmark", data={"id": picture.id}).json()
    assert picture.id not in [one["image"]["id"] for one in found["similar"]]
    assert found["location"]["latitude"] == pytest.approx(
        placed[picture.labels[0]][0], abs=100 * METER
    )


def test_without_places_there_is_no_location_but_there_are_tags(shared_client, queries):
    found = ask(shared_client, queries[0]).json()
    assert found["location"] is None
    assert found["suggested"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, 422), ({"id": 4711}, 404), ({"id": 1, "top": 0}, 422), ({"key": "nothing"}, 404)],
)
def test_a_wrong_question_is_refused(shared_client, fields, status):
    answer = shared_client.post("/api/v1/landmark", data=fields)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
