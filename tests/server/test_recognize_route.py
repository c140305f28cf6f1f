"""Recognition over HTTP: a name, or that nothing here shows it."""

from __future__ import annotations

import shutil

import pytest

import relook

RECOGNIZE = "/api/v1/recognize"


def ask(client, path, **fields):
    return client.post(RECOGNIZE, data=fields, files={"image": (path.name, path.read_bytes())})


def test_a_painting_of_the_collection_is_named(shared_client, queries) -> None:
    answer = ask(shared_client, queries[0])
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["answer"] in {"known", "unsure"}
    assert found["candidates"][0]["label"] in found["candidates"][0]["image"]["labels"]
    assert found["evidence"]["verified"]
    assert found["evidence"]["image"]["path"] in found["sentence"]
    assert found["calibration"] == "shipped"
    assert 0 <= found["confidence"] <= 1
    assert (found["label"] is not None) == (found["answer"] == "known")


def test_an_unknown_painting_is_not_named(shared_client, queries) -> None:
    unknown = next(path for path in queries if "unknown" in path.name)
    found = ask(shared_client, unknown).json()
    assert found["answer"] == "unknown"
    assert found["label"] is None
    assert "not in this collection" in found["sentence"]


def test_no_probability_contradicts_another(shared_client, queries) -> None:
    for path in queries:
        found = ask(shared_client, path).json()
        shown = [one["probability"] for one in found["candidates"]]
        assert shown == sorted(shown, reverse=True)
        assert sum(shown) + found["none"] <= 1.001


def test_an_indexed_picture_is_recognized_without_itself(shared_client) -> None:
    images = shared_client.get("/api/v1/images", params={"limit": 500}).json()["images"]
    labelled = next(picture for picture in images if picture["labels"])
    fields = {"id": labelled["id"], "exclude_self": "true"}
    found = shared_client.post(RECOGNIZE, data=fields).json()
    assert found["query"]["id"] == labelled["id"]
    assert labelled["id"] not in [one["image"]["id"] for one in found["candidates"]]


def test_the_key_of_a_search_is_recognized(shared_client, queries) -> None:
    files = {"image": ("q.jpg", queries[0].read_bytes())}
    key = shared_client.post("/api/v1/search", files=files).json()["query"]["key"]
    found = shared_client.post(RECOGNIZE, data={"key": key}).json()
    assert found["query"]["key"] == key
    assert found["candidates"] == ask(shared_client, queries[0]).json()["candidates"]


def test_one_box_is_recognized_and_two_are_not(shared_client, queries) -> None:
    assert ask(shared_client, queries[0], boxes="[[0, 0, 200, 200]]").status_code == 200
    two = "[[0, 0, 200, 200], [50, 50, 100, 100]]"
    assert ask(shared_client, queries[0], boxes=two).status_code == 422


@pytest.fixture
def collection(museum, tmp_path):
    """One without labels."""
    copy = shutil.copytree(museum / "pictures", tmp_path / "bare")
    with relook.open(copy) as opened:
        opened.remove([picture.id for picture in opened.browse() if picture.labels])
        yield opened


def test_without_labels_there_is_a_conflict(serve, queries) -> None:
    answer = ask(serve(), queries[0])
    assert answer.status_code == 409
    assert "label" in answer.json()["detail"]


def test_no_warning_says_where_the_collection_lies(shared_client, queries, museum) -> None:
    answer = shared_client.post("/api/v1/recognize", files={"image": queries[0].read_bytes()})
    assert any("relook calibrate the collection" in text for text in answer.json()["warnings"])
    assert str(museum.parent) not in answer.text
