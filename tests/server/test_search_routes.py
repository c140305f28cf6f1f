"""Searching over HTTP: uploads, ids, keys, boxes, filters, marks."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from PIL import Image as Pillow

SEARCH = "/api/v1/search"


def ask(client, path, **fields):
    name = path.name if isinstance(path, Path) else "bytes"
    data = path.read_bytes() if isinstance(path, Path) else path
    return client.post(SEARCH, data=fields, files={"image": (name, data)})


def ids_of(client, **params):
    found = client.get("/api/v1/images", params={"limit": 500, **params}).json()
    return [picture["id"] for picture in found["images"]]


def names_of(client):
    """Labels of the collection."""
    found = client.get("/api/v1/images", params={"limit": 500}).json()["images"]
    return sorted({label for picture in found for label in picture["labels"]})


def paintings_of(answer):
    return [hit["image"]["labels"] for hit in answer.json()["results"]]


def test_an_upload_finds_its_painting_first(shared_client, queries) -> None:
    answer = ask(shared_client, queries[0], top="5")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    first = found["results"][0]
    assert first["verified"]
    assert first["rank"] == 1
    assert first["inliers"] > 5
    assert len(first["region"]) == len(first["query_region"]) == 4
    assert found["geometry"]
    assert found["query"]["id"] is None
    assert found["query"]["boxes"] == []
    assert len(found["results"]) == 5
    with Pillow.open(queries[0]) as picture:
        assert (found["query"]["width"], found["query"]["height"]) == picture.size


def test_every_number_of_an_answer_is_finite(shared_client, queries) -> None:
    text = ask(shared_client, queries[0], top="200").text
    numbers: list[float] = []
    json.loads(text, parse_constant=numbers.append)
    assert not numbers
    hits = json.loads(text)["results"]
    assert all(math.isfinite(hit["score"]) for hit in hits)
    assert all(0 <= hit["similarity"] <= 1 for hit in hits if hit["similarity"] is not None)
    scores = [hit["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)


def test_the_key_asks_again_without_the_picture(shared_client, queries) -> None:
    first = ask(shared_client, queries[0]).json()
    answer = shared_client.post(SEARCH, data={"key": first["query"]["key"]}).json()
    assert answer["query"] == first["query"]
    assert answer["results"] == first["results"]
    assert answer["milliseconds"]["decode"] == answer["milliseconds"]["describe"] == 0


def test_the_same_upload_is_described_once(shared_client, queries) -> None:
    first, second = (ask(shared_client, queries[1]).json() for _ in range(2))
    assert second["query"]["key"] == first["query"]["key"]
    assert second["milliseconds"]["describe"] == 0


def test_the_key_takes_other_boxes(shared_client, queries) -> None:
    whole = ask(shared_client, queries[0]).json()["query"]
    box = [whole["width"] / 4, whole["height"] / 4, whole["width"] / 2, whole["height"] / 2]
    fields = {"key": whole["key"], "boxes": json.dumps([box])}
    part = shared_client.post(SEARCH, data=fields).json()["query"]
    assert part["boxes"] == [box]
    assert part["key"] != whole["key"]
    again = shared_client.post(SEARCH, data={"key": part["key"]}).json()["query"]
    assert again == part
    back = shared_client.post(SEARCH, data={"key": part["key"], "boxes": "[]"}).json()["query"]
    assert back["boxes"] == []


def test_several_boxes_make_one_ranking(shared_client, queries) -> None:
    whole = ask(shared_client, queries[0]).json()["query"]
    half = whole["width"] / 2
    boxes = [[0, 0, half, whole["height"]], [half, 0, half, whole["height"]]]
    answer = shared_client.post(SEARCH, data={"key": whole["key"], "boxes": json.dumps(boxes)})
    assert answer.status_code == 200
    assert answer.json()["query"]["boxes"] == boxes
    assert paintings_of(answer)[0] == paintings_of(ask(shared_client, queries[0]))[0]


def test_an_indexed_picture_finds_others_of_its_painting(shared_client) -> None:
    name = names_of(shared_client)[0]
    number = ids_of(shared_client, labels=name)[0]
    answer = shared_client.get(f"/api/v1/images/{number}/similar", params={"top": 2})
    assert answer.status_code == 200
    assert answer.json()["query"]["id"] == number
    assert number not in [hit["image"]["id"] for hit in answer.json()["results"]]
    assert paintings_of(answer) == [[name], [name]]


def test_an_id_a_key_of_it_and_similar_agree(shared_client) -> None:
    number = ids_of(shared_client)[0]
    by_id = shared_client.post(SEARCH, data={"id": number}).json()
    by_key = shared_client.post(SEARCH, data={"key": by_id["query"]["key"]}).json()
    similar = shared_client.get(
        f"/api/v1/images/{number}/similar", params={"exclude_self": False}
    ).json()
    assert by_id["results"][0]["image"]["id"] == number
    assert by_id["results"] == by_key["results"] == similar["results"]


def test_a_box_in_an_indexed_picture_is_described_from_its_file(shared_client) -> None:
    name = names_of(shared_client)[1]
    number = ids_of(shared_client, labels=name)[0]
    size = shared_client.get(f"/api/v1/images/{number}").json()
    box = [0, 0, size["width"], size["height"]]
    fields = {"id": number, "boxes": json.dumps([box]), "exclude_self": "true", "top": 1}
    answer = shared_client.post(SEARCH, data=fields)
    assert answer.status_code == 200
    assert answer.json()["query"]["id"] == number
    assert paintings_of(answer) == [[name]]


def test_filters_hold_for_every_result(shared_client, queries) -> None:
    two = names_of(shared_client)[1:]
    answer = ask(shared_client, queries[0], labels=two)
    found = {label for labels in paintings_of(answer) for label in labels}
    assert sorted(found) == two
    assert set(map(tuple, paintings_of(ask(shared_client, queries[0], unlabelled="true")))) == {()}
    assert paintings_of(ask(shared_client, queries[0], until="1900-01-01")) == []
    assert paintings_of(ask(shared_client, queries[0], place="48.1,11.5,10")) == []


def test_marks_move_results(shared_client, queries) -> None:
    first = ask(shared_client, queries[0]).json()
    best, last = first["results"][0]["image"]["id"], first["results"][-1]["image"]["id"]
    fields = {"key": first["query"]["key"], "wrong": best, "right": last}
    answer = shared_client.post(SEARCH, data=fields)
    assert answer.status_code == 200
    ids = [hit["image"]["id"] for hit in answer.json()["results"]]
    assert ids[0] == last
    assert best not in ids


def test_marks_of_nothing_or_both_ways_are_refused(shared_client, queries) -> None:
    key = ask(shared_client, queries[0]).json()["query"]["key"]
    boxes = "[[0, 0, 50, 50], [50, 50, 50, 50]]"
    for fields in (
        {"right": 1, "wrong": 1},
        {"right": 1, "boxes": boxes},
        {"right": list(range(1, 18))},
    ):
        assert shared_client.post(SEARCH, data={"key": key, **fields}).status_code == 422
    assert shared_client.post(SEARCH, data={"key": key, "wrong": 10**6}).status_code == 404


def test_the_server_itself_reads_no_picture(serve, queries, collection, monkeypatch) -> None:
    client = serve()
    number = ids_of(client)[0]
    for name in ("read", "crop"):
        monkeypatch.setattr(f"relook.collection.query.{name}", None)
    monkeypatch.setattr("relook.server.describing.tasks.read", None)
    marks = {"right": number + 1, "wrong": number + 2}
    answer = client.post(SEARCH, data={"id": number, "boxes": "[[0, 0, 99, 99]]", **marks})
    assert answer.status_code == 200
    assert ask(client, queries[0]).status_code == 200
    assert client.get(f"/api/v1/images/{number}/thumbnail").status_code == 200


def test_the_plan_can_be_changed(shared_client, queries) -> None:
    answer = ask(shared_client, queries[0], candidates="0")
    assert answer.status_code == 200
    assert not answer.json()["geometry"]
    assert not any(hit["verified"] for hit in answer.json()["results"])
    assert ask(shared_client, queries[0], query_features="300", expand="3").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"id": 1, "key": "picture-1"},
        {"id": 1, "top": 0},
        {"id": 1, "top": 201},
        {"id": 1, "since": "yesterday"},
        {"id": 1, "since": "2020-01-02", "until": "2020-01-01"},
        {"id": 1, "place": "here"},
        {"id": 1, "place": "91,0,1"},
        {"id": 1, "place": "nan,0,1"},
        {"id": 1, "candidates": -1},
        {"id": "many"},
        {"id": 2**63},
        {"id": 1, "right": 1, "wrong": 1},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(shared_client, fields) -> None:
    answer = shared_client.post(SEARCH, data=fields)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "boxes",
    [
        "here",
        "{}x",
        "[[1,2,3]]",
        "[[1,2,3,4,5]]",
        "[[0,0,10,0]]",
        "[[0,0,-10,10]]",
        "[[0,0,NaN,10]]",
        "[[0,0,Infinity,10]]",
        "[[0,0,1e400,10]]",
        '[["a",0,10,10]]',
        "[[100000,0,10,10]]",
        "[[-50,-50,10,10]]",
        "[[0,0,100000,10]]",
        json.dumps([[0, 0, 5, 5]] * 9),
        "[" * 1900,
        "[[" + "9" * 1000 + ",0,1,1]]",
    ],
)
@pytest.mark.parametrize("asked", ["id", "image"])
def test_boxes_that_are_none_are_refused(shared_client, queries, boxes, asked) -> None:
    files = {"image": ("q.jpg", queries[0].read_bytes())} if asked == "image" else None
    fields = {"boxes": boxes} if files else {"boxes": boxes, "id": 1}
    answer = shared_client.post(SEARCH, data=fields, files=files)
    assert answer.status_code == 422, answer.text


def test_a_box_of_one_pixel_is_answered(shared_client, queries) -> None:
    assert ask(shared_client, queries[0], boxes="[[3, 3, 0.5, 0.5]]").status_code == 200


@pytest.mark.parametrize("fields", [{"id": 10**6}, {"key": "unknown"}, {"key": "picture-1000000"}])
def test_what_is_unknown_is_not_found(shared_client, fields) -> None:
    answer = shared_client.post(SEARCH, data=fields)
    assert answer.status_code == 404
    assert answer.json()["detail"]


def test_an_unknown_mark_is_not_found(shared_client) -> None:
    assert shared_client.post(SEARCH, data={"id": 1, "right": 10**6}).status_code == 404
    assert shared_client.get(f"/api/v1/images/{10**6}/similar").status_code == 404


def test_an_upload_may_have_any_name(shared_client, queries) -> None:
    data = queries[0].read_bytes()
    for name in ("größe 写真 🖼.jpg", "../../etc/passwd", "a" * 500, 'x".jpg', "x\\..\\y"):
        answer = shared_client.post(SEARCH, files={"image": (name, data)})
        assert answer.status_code == 200, name


def test_a_picture_whose_file_is_gone_is_searched_for_but_has_no_boxes(
    tmp_path, serve, collection, queries
) -> None:
    with Pillow.open(queries[0]) as picture:
        picture.save(tmp_path / "extra.png")
    collection.add([tmp_path / "extra.png"], jobs=1)
    client = serve()
    (tmp_path / "extra.png").unlink()
    number = ids_of(client)[-1]
    assert client.get(f"/api/v1/images/{number}/similar").status_code == 200
    answer = client.post(SEARCH, data={"id": number, "boxes": "[[0,0,100,100]]"})
    assert answer.status_code == 404
    assert "its file is gone" in answer.json()["detail"]
    assert str(tmp_path) not in answer.text
