"""Why two pictures are similar, over HTTP: evidence, maps, and what cannot be explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import relook
from relook.server.app import create_app
from relook.server.settings import ServerSettings

EXPLAIN, SEARCH = "/api/v1/explain", "/api/v1/search"


def ask(client: Any, path: Path, url: str = EXPLAIN, **fields: object) -> Any:
    return client.post(url, data=fields, files={"image": (path.name, path.read_bytes())})


@pytest.fixture(scope="module")
def whole(museum: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server of five photos by a network's vectors alone, and the folder of copies of these."""
    from starlette.testclient import TestClient

    folder = tmp_path_factory.mktemp("whole")
    photos = folder / "photos"
    photos.mkdir()
    for photo in sorted((museum / "museum" / "photos").iterdir())[:5]:
        (photos / photo.name).write_bytes(photo.read_bytes())
    with relook.create(folder / "pictures", recipe="relook-small") as collection:
        collection.add([photos], jobs=1)
        app = create_app(collection, settings=ServerSettings(workers=1, rate=1e6, burst=10**6))
        with TestClient(app, base_url="http://127.0.0.1:8000") as client:
            yield client, photos


def test_an_upload_and_its_first_result_are_explained(shared_client: Any, queries: Any) -> None:
    found = ask(shared_client, queries[0], SEARCH, top="1").json()
    best = found["results"][0]
    said = ask(shared_client, queries[0], result=best["image"]["id"]).json()
    assert said["verified"] is True
    assert said["inliers"] == best["inliers"] == len(said["points"]) == len(said["query_points"])
    assert said["region"] == best["region"]
    assert said["result"] == best["image"]
    assert said["query"] == found["query"]
    assert said["maps"] is None
    assert len(said["transform"]) == 3
    x, y = said["query_points"][0]
    rows = [row[0] * x + row[1] * y + row[2] for row in said["transform"]]
    assert [value / rows[2] for value in rows[:2]] == pytest.approx(said["points"][0], abs=20)


def test_an_earlier_query_and_an_id_may_ask(shared_client: Any, queries: Any) -> None:
    found = ask(shared_client, queries[0], SEARCH, top="1").json()
    best = found["results"][0]["image"]["id"]
    again = shared_client.post(EXPLAIN, data={"key": found["query"]["key"], "result": best}).json()
    assert again["inliers"] == found["results"][0]["inliers"]
    own = shared_client.post(EXPLAIN, data={"id": best, "result": best}).json()
    assert own["inliers"] > again["inliers"]
    assert own["query"]["id"] == best


def test_a_box_without_evidence_is_told_apart(shared_client: Any, queries: Any) -> None:
    corner = json.dumps([[0, 0, 20, 20]])
    said = ask(shared_client, queries[0], result=1, boxes=corner).json()
    assert said["verified"] is False
    assert said["points"] == []
    assert said["transform"] is None


def test_the_box_with_the_most_evidence_is_explained(shared_client: Any, queries: Any) -> None:
    found = ask(shared_client, queries[0], SEARCH, top="1").json()
    width, height = found["query"]["width"], found["query"]["height"]
    boxes = json.dumps([[0, 0, 20, 20], [0, 0, width, height]])
    best = found["results"][0]["image"]["id"]
    said = ask(shared_client, queries[0], result=best, boxes=boxes).json()
    assert said["inliers"] == found["results"][0]["inliers"]


def test_what_each_part_contributes_sums_to_the_similarity(whole: Any) -> None:
    client, photos = whole
    files = sorted(photos.iterdir())
    said = ask(client, files[0], result=2).json()
    maps = said["maps"]
    for side in ("query", "result"):
        grid = maps[side]
        assert len(grid["values"]) == grid["rows"] * grid["columns"]
        assert sum(grid["values"]) == pytest.approx(maps["similarity"], abs=1e-4)
    assert maps["similarity"] == pytest.approx(said["similarity"], abs=0.01)
    assert maps["query"]["frame"] == [0, 0, said["query"]["width"], said["query"]["height"]]
    assert said["inliers"] == 0


def test_an_indexed_picture_and_an_earlier_query_have_maps(whole: Any) -> None:
    client, photos = whole
    by_id = client.post(EXPLAIN, data={"id": 1, "result": 1}).json()
    assert by_id["maps"]["similarity"] == pytest.approx(1, abs=1e-4)
    boxes = json.dumps([[40, 30, 120, 90]])
    upload = ask(client, min(photos.iterdir()), SEARCH, boxes=boxes).json()
    by_key = client.post(EXPLAIN, data={"key": upload["query"]["key"], "result": 1}).json()
    assert by_key["maps"]["query"]["frame"] == pytest.approx([40, 30, 120, 90], abs=2)


def test_a_file_that_is_gone_leaves_no_maps(whole: Any) -> None:
    client, photos = whole
    listed = client.get("/api/v1/images").json()["images"]
    gone = next(image for image in listed if image["id"] == 5)
    (photos / gone["name"]).rename(photos / "elsewhere.jpg")
    try:
        said = client.post(EXPLAIN, data={"id": 1, "result": 5})
    finally:
        (photos / "elsewhere.jpg").rename(photos / gone["name"])
    assert said.status_code == 200
    assert said.json()["maps"] is None
    assert said.json()["similarity"] > 0


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"id": 1, "result": 99999}, 404),
        ({"id": 99999, "result": 1}, 404),
        ({"key": "unknown", "result": 1}, 404),
        ({"id": 1}, 422),
        ({"result": 1}, 422),
        ({"id": 1, "key": "a", "result": 1}, 422),
        ({"id": 1, "result": "0"}, 422),
        ({"id": 1, "result": 1, "boxes": "[[9000, 9000, 10, 10]]"}, 422),
    ],
)
def test_what_cannot_be_explained_is_refused(
    shared_client: Any, fields: dict[str, object], status: int
) -> None:
    answer = shared_client.post(EXPLAIN, data=fields)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_no_picture_is_no_query(shared_client: Any) -> None:
    files = {"image": ("a.jpg", b"this is no picture")}
    assert shared_client.post(EXPLAIN, data={"result": 1}, files=files).status_code == 415
