"""The map over the wire."""

from __future__ import annotations

import time

import pytest

from relook.mapping.atlas import make_atlas

pytest.importorskip("openTSNE")

PATH = "/api/v1/atlas"


def finished(client, job):
    deadline = time.monotonic() + 300
    while job["state"] in ("waiting", "running"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
        job = client.get(f"/api/v1/jobs/{job['id']}").json()
    return job


def test_a_map_is_missing_until_it_is_made(serve):
    client = serve()
    told = client.get(PATH)
    assert (told.status_code, told.json()["state"], told.json()["count"]) == (200, "missing", 0)
    begun = client.post(PATH)
    assert (begun.status_code, begun.json()["kind"]) == (202, "atlas")
    done = finished(client, begun.json())
    assert (done["state"], done["report"]) == ("done", {"images": 11})
    atlas = client.get(PATH).json()
    assert (atlas["state"], atlas["count"], atlas["waiting"]) == ("ready", 11, 0)
    assert {len(atlas[column]) for column in ("ids", "x", "y", "label")} == {11}
    assert all(0 <= value <= 1 for value in atlas["x"] + atlas["y"])


def test_labels_are_numbers_of_names(serve, collection):
    make_atlas(collection)
    atlas = serve().get(PATH).json()
    labels = collection.catalog.labelled()
    for id_, number in zip(atlas["ids"], atlas["label"], strict=True):
        assert (atlas["names"][number] if number >= 0 else None) == labels.get(id_, (None,))[0]
    assert -1 in atlas["label"]


def test_a_map_that_did_not_change_is_not_sent_again(serve, collection):
    make_atlas(collection)
    client = serve()
    tag = client.get(PATH).headers["etag"]
    same = client.get(PATH, headers={"If-None-Match": f'"other", {tag}'})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    (first, *_) = collection.catalog.searchable().tolist()
    collection.apply_labels({first: ["new"]})
    changed = client.get(PATH, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert "new" in changed.json()["names"]


def test_removed_pictures_leave_the_map(serve, collection):
    make_atlas(collection)
    client = serve()
    before = client.get(PATH).json()
    collection.remove([before["ids"][0]])
    after = client.get(PATH).json()
    assert (after["ids"], after["x"]) == (before["ids"][1:], before["x"][1:])


@pytest.mark.parametrize("at_once", [0, 8])
def test_new_pictures_come_onto_the_map_at_once_or_by_a_job(
    serve, collection, queries, at_once, monkeypatch
):
    monkeypatch.setattr("relook.server.routes.atlas._AT_ONCE", at_once)
    make_atlas(collection)
    collection.add(queries[:1], jobs=1)
    client = serve()
    told = client.get(PATH).json()
    assert (told["count"], told["waiting"]) == ((12, 0) if at_once else (11, 1))
    for job in client.get("/api/v1/jobs").json()["jobs"]:
        assert finished(client, job)["report"] == {"images": 12}
    assert client.get(PATH).json()["count"] == 12


def test_a_readonly_server_shows_the_map_and_makes_none(serve, collection):
    make_atlas(collection)
    client = serve(readonly=True)
    assert client.get(PATH).json()["count"] == 11
    assert client.post(PATH).status_code == 403
