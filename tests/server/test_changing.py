"""Labels, removal and duplicates by the server; who may write when."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from collection import fakes
from relook.collection import Collection
from relook.collection.writer import Writer
from relook.server.jobs import writing
from server.uploading import InProcess, ended, fake_collection, picture, send, serving


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Describe in this process: starting another takes seconds."""
    monkeypatch.setattr("relook.collection.ingest.Pool", InProcess)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Collection]:
    """Five photos, 1 to 5; the first has a copy of the same bytes."""
    photos = fakes.save_photos(tmp_path / "photos", 5)
    (tmp_path / "photos" / "copy.png").write_bytes(photos[0].read_bytes())
    with fake_collection(tmp_path / "pictures") as collection:
        collection.add([tmp_path / "photos"], jobs=1)
        yield collection


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Collection, TestClient]]:
    """Two photos behind a server; not to be changed."""
    folder = tmp_path_factory.mktemp("steady")
    fakes.save_photos(folder / "photos", 2)
    with pytest.MonkeyPatch.context() as patch, fake_collection(folder / "pictures") as collection:
        patch.setattr("relook.collection.ingest.Pool", InProcess)
        collection.add([folder / "photos"], jobs=1)
        with serving(collection) as client:
            yield collection, client


def test_labels_are_set_added_taken_away_and_renamed(filled) -> None:
    with serving(filled) as client:
        put = client.put("/api/v1/images/1/labels", json={"labels": ["b ", "a", "a"]})
        assert (put.status_code, put.json()) == (200, {"labels": ["a", "b"]})
        bulk = {"ids": [1, 2, 3], "labels": ["c"]}
        assert client.post("/api/v1/labels", json=bulk).json() == {"changed": 3}
        assert client.post("/api/v1/labels", json=bulk).json() == {"changed": 0}
        taken = {"ids": [1], "labels": ["a"], "mode": "remove"}
        assert client.post("/api/v1/labels", json=taken).json() == {"changed": 1}
        renaming = {"old": "c", "new": "b"}
        assert client.post("/api/v1/labels/rename", json=renaming).json() == {"changed": 3}
        assert client.get("/api/v1/labels").json() == {
            "labels": [{"label": "b", "images": 3}],
            "unlabelled": 2,
        }
        assert client.put("/api/v1/images/1/labels", json={"labels": []}).json() == {"labels": []}
    assert filled.labelled() == {2: ("b",), 3: ("b",)}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/images/99/labels", {"labels": ["a"]}, 404),
        ("PUT", "/images/0/labels", {"labels": ["a"]}, 422),
        ("PUT", "/images/99999999999999999999999/labels", {"labels": ["a"]}, 422),
        ("PUT", "/images/1/labels", {"labels": ["a\x07"]}, 422),
        ("PUT", "/images/1/labels", {"labels": ["\u200f"]}, 422),
        ("PUT", "/images/1/labels", {"labels": ["x" * 201]}, 422),
        ("PUT", "/images/1/labels", {"labels": [str(i) for i in range(10_000)]}, 422),
        ("PUT", "/images/1/labels", {"labels": "a"}, 422),
        ("POST", "/labels", {"ids": [1, 99], "labels": ["a"]}, 404),
        ("POST", "/labels", {"ids": [2**70], "labels": ["a"]}, 422),
        ("POST", "/labels", {"ids": [1], "labels": ["a"], "mode": "other"}, 422),
        ("POST", "/labels", {"ids": list(range(1, 10_002)), "labels": ["a"]}, 422),
        ("POST", "/labels/rename", {"old": "nobody", "new": "a"}, 404),
        ("POST", "/labels/rename", {"old": "nobody", "new": "\t"}, 422),
        ("DELETE", "/images/99", None, 404),
        ("DELETE", "/images/-1", None, 422),
        ("DELETE", "/quarantine/passwd", None, 404),
        ("GET", "/jobs/nothing", None, 404),
        ("GET", "/jobs/nothing/events", None, 404),
        ("DELETE", "/jobs/nothing", None, 404),
    ],
)
def test_a_wrong_request_changes_nothing(steady, method, path, body, status) -> None:
    collection, client = steady
    before = collection.catalog.generation()
    answer = client.request(method, f"/api/v1{path}", json=body)
    assert answer.status_code == status, answer.text
    assert collection.catalog.generation() == before


def test_a_lone_surrogate_is_no_label(filled) -> None:
    with serving(filled) as client:
        answer = client.put(
            "/api/v1/images/1/labels",
            content=b'{"labels": ["\\ud800"]}',
            headers={"content-type": "application/json"},
        )
    assert answer.status_code == 422, answer.text


def test_removing_deletes_uploaded_files_and_never_others(filled, tmp_path) -> None:
    with serving(filled) as client:
        first = (tmp_path / "photos" / "0001.png").read_bytes()
        job = send(client, ("again.png", first), ("new.png", picture(77)))
        known, new = ended(client, job.json())["report"]["images"]
        name = f"{hashlib.sha256(picture(77)).hexdigest()}-320.jpg"
        thumbnail = filled.directory / "derived" / "thumbnails" / name[:2] / name
        thumbnail.parent.mkdir(parents=True)
        thumbnail.touch()
        for number in (known, new):
            assert client.delete(f"/api/v1/images/{number}").status_code == 204
            assert client.delete(f"/api/v1/images/{number}").status_code == 404
    assert list((filled.directory / "uploads").iterdir()) == []
    assert not thumbnail.exists()
    assert (tmp_path / "photos" / "0001.png").read_bytes() == first
    assert filled.info().images == 4


def test_a_removal_that_fails_leaves_the_uploaded_file(filled, monkeypatch) -> None:
    monkeypatch.setattr(writing, "_patiently", lambda turn, change, patience: change())
    with serving(filled) as client:
        job = ended(client, send(client, ("new.png", picture(77))).json())
        (number,) = job["report"]["images"]
        with Writer(filled.directory):
            answer = client.delete(f"/api/v1/images/{number}")
    assert answer.status_code == 409
    assert [one.name for one in (filled.directory / "uploads").iterdir()] == ["new.png"]


def test_a_change_waits_for_another_writer_and_says_so_after_a_while(filled, monkeypatch) -> None:
    monkeypatch.setattr(writing.write, "__kwdefaults__", {"patience": 0.1})
    with serving(filled) as client:
        with Writer(filled.directory):
            answer = client.put("/api/v1/images/1/labels", json={"labels": ["a"]})
            assert answer.status_code == 409
            assert "try again" in answer.json()["detail"]
        held = Writer(filled.directory)
        clock = SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: held.close())
        monkeypatch.setattr(writing, "time", clock)
        assert client.put("/api/v1/images/1/labels", json={"labels": ["a"]}).status_code == 200


def test_a_job_waits_for_another_writer(filled, monkeypatch) -> None:
    monkeypatch.setattr("relook.server.jobs.queue._AGAIN_SECONDS", 0.05)
    with serving(filled) as client:
        with Writer(filled.directory):
            job = send(client, ("new.png", picture(77))).json()
            deadline = time.monotonic() + 60
            while "another program" not in job["message"]:
                assert time.monotonic() < deadline, job
                job = client.get(f"/api/v1/jobs/{job['id']}").json()
            assert job["state"] == "waiting"
        assert ended(client, job)["report"]["added"] == 1


def test_a_label_is_set_while_pictures_are_added(filled, monkeypatch) -> None:
    monkeypatch.setattr("relook.server.jobs.adding._STRETCH", 0.0)
    count, reached, go, runs = 9, threading.Event(), threading.Event(), []
    with serving(filled) as client:
        turn = client.app.state.service.jobs.turn

        def before(number: int) -> None:
            """The first run goes on when somebody waits for it, the second when that is over."""
            runs.append(number)
            if runs.count(0) == 1 and number == 3:
                reached.set()
                wait_until(lambda: turn.wanted)
            elif runs.count(0) > 1:
                assert go.wait(60)

        monkeypatch.setattr(InProcess, "before", staticmethod(before))
        job = send(client, *[(f"{i}.png", picture(100 + i)) for i in range(count)]).json()
        assert reached.wait(60)
        put = client.put("/api/v1/images/1/labels", json={"labels": ["new"]})
        assert (put.status_code, put.json()) == (200, {"labels": ["new"]})
        assert client.get(f"/api/v1/jobs/{job['id']}").json()["state"] == "running"
        go.set()
        report = ended(client, job)["report"]
    assert runs.count(0) == 2
    assert (report["added"], report["quarantined"]) == (count, [])
    assert filled.labelled() == {1: ("new",)}
    assert filled.check().ok


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_copies_are_asked_of_local_features_and_missing_at_first(filled) -> None:
    with serving(filled) as client:
        assert client.get("/api/v1/duplicates").json() == {
            "state": "missing",
            "groups": [],
            "total": 0,
        }


def test_readonly_refuses_every_change(filled) -> None:
    (filled.directory / "uploads").mkdir()
    (filled.directory / "uploads" / "left.png").write_bytes(picture(9))
    before = filled.catalog.generation()
    with serving(filled, readonly=True) as client:
        answers = [
            send(client, ("a.png", picture(1))),
            client.delete("/api/v1/images/1"),
            client.put("/api/v1/images/1/labels", json={"labels": ["a"]}),
            client.post("/api/v1/labels", json={"ids": [1], "labels": ["a"]}),
            client.post("/api/v1/labels/rename", json={"old": "a", "new": "b"}),
            client.delete("/api/v1/quarantine/0"),
            client.post("/api/v1/duplicates"),
            client.delete("/api/v1/jobs/0"),
        ]
        assert [answer.status_code for answer in answers] == [403] * len(answers)
        assert client.get("/api/v1/labels").status_code == 200
        assert client.get("/api/v1/jobs").json() == {"jobs": []}
    assert filled.catalog.generation() == before
