"""The application as a whole: what it says of itself, and a collection that goes away under it."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path

import pytest

from relook.collection import Collection
from relook.server.app import ROUTERS, create_app
from relook.server.security.readonly import ASKING
from relook.server.watching.counting import Counter
from server.probes import TestClient, client_of


@pytest.fixture
def idle(collection: Collection) -> TestClient:
    """A client of a server whose background is not started; what only reads works."""
    return client_of(create_app(collection))


def test_health_needs_nothing(idle: TestClient) -> None:
    answer = idle.get("/api/v1/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_info_counts_the_collection(idle: TestClient) -> None:
    info = idle.get("/api/v1/info").json()
    assert info["name"] == "pictures"
    assert (info["images"], info["labels"], info["labelled"]) == (11, 3, 9)
    assert (info["geotagged"], info["dated"], info["quarantined"]) == (0, 0, 0)
    assert (info["recipe"], info["kind"]) == ("sift-asmk", "local")
    assert (info["readonly"], info["login"]) == (False, False)
    assert set(info["limits"]) == {"bytes", "pixels", "files", "request_bytes"}


def test_counting_is_done_again_only_after_a_change(collection: Collection) -> None:
    counter = Counter(collection)
    first = counter.counts()
    assert counter.counts() is first
    collection.set_labels(int(collection.catalog.searchable()[0]), ["something new"])
    assert counter.counts().labels == first.labels + 1


def test_metrics_show_the_collection(idle: TestClient) -> None:
    lines = idle.get("/api/v1/metrics").text.splitlines()
    assert "relook_images 11.0" in lines
    assert "relook_describing_waiting 0.0" in lines
    assert "relook_jobs_open 0.0" in lines


@pytest.mark.parametrize("path", ["/api/v1/info", "/api/v1/metrics"])
def test_a_collection_that_is_gone_is_said_plainly(
    idle: TestClient, directory: Path, path: str
) -> None:
    away = directory.rename(directory.with_name("away"))
    answer = idle.get(path)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "gone" in answer.json()["detail"]
    assert str(directory) not in answer.text
    assert idle.get("/api/v1/health").status_code == 200
    assert idle.get("/").status_code == 200
    away.rename(directory)
    assert idle.get(path).status_code == 200


def test_another_collection_in_its_place_is_not_taken_for_it(
    idle: TestClient, directory: Path
) -> None:
    directory.rename(directory.with_name("away"))
    shutil.copytree(directory.with_name("away"), directory)
    answer = idle.get("/api/v1/info")
    assert answer.status_code == 503
    assert "start the server again" in answer.json()["detail"]


def test_operations_are_named_by_their_functions_and_described(idle: TestClient) -> None:
    document = idle.get("/api/v1/openapi.json").json()
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names)) >= len(ROUTERS)
    assert all(name.isidentifier() for name in names)
    assert all(one.get("description") for one in operations)
    assert all(path.startswith("/api/v1/") for path in document["paths"])


def test_the_page_does_not_hide_the_methods_of_the_interface(idle: TestClient) -> None:
    answer = idle.get("/api/v1/search")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert set(idle.post("/").headers["allow"].split(", ")) == {"GET", "HEAD"}
    for path in ("/api", "/api/", "/api/v1/nothing", "/apis"):
        assert idle.get(path).status_code == 404
    assert idle.post("/api/v1/nothing", json={}).status_code == 404


def test_there_are_no_pages_of_third_parties(idle: TestClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/api/v1/docs"):
        assert idle.get(path).status_code == 404


def test_readonly_knows_all_that_is_posted_without_changing_anything(idle: TestClient) -> None:
    paths = idle.get("/api/v1/openapi.json").json()["paths"]
    assert set(paths) >= ASKING
    changing = {path for path, methods in paths.items() if set(methods) - {"get"}} - ASKING
    assert {"/api/v1/images", "/api/v1/images/{id}", "/api/v1/labels"} <= changing


def test_the_first_request_has_nothing_left_to_build(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FastAPI would build its routes for it, and silence the warnings of all threads meanwhile."""
    with client_of(create_app(collection)) as client:
        with monkeypatch.context() as patch:
            patch.delattr(warnings, "catch_warnings")
            answer = client.get("/api/v1/info")
        assert answer.status_code == 200
