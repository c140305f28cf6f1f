"""Pictures that come by the server: kept, indexed, labelled, and never lost silently."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from collection import fakes
from relook.collection import Collection
from relook.core.errors import CollectionError
from relook.server.describing.tasks import Original, Show
from relook.server.describing.tools import Desk, Refusal, Tools
from relook.server.uploads import folder as uploads
from relook.server.uploads.folder import Uploads
from server.uploading import InProcess, ended, fake_collection, marked, picture, send, serving


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Describe in this process, but for tests that say otherwise: starting one takes seconds."""
    if "processes" not in request.fixturenames:
        monkeypatch.setattr("relook.collection.ingest.Pool", InProcess)


@pytest.fixture
def processes() -> None:
    """Asked for by tests that want processes of their own to describe."""


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Collection]:
    with fake_collection(tmp_path / "pictures") as collection:
        yield collection


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Collection, TestClient]]:
    """An empty collection behind a server of narrow limits; not to be changed."""
    with (
        fake_collection(tmp_path_factory.mktemp("strict") / "pictures") as collection,
        serving(collection, upload_bytes=100_000, upload_files=3) as client,
    ):
        yield collection, client


def files_of(collection: Collection) -> list[str]:
    folder = collection.directory / "uploads"
    return sorted(one.name for one in folder.iterdir()) if folder.exists() else []


def test_a_picture_is_added_by_a_job_and_found_again(empty) -> None:
    with serving(empty) as client:
        answer = send(
            client, ("Überblick.jpg", picture(1)), ("notes.txt", b"hello"), labels=("new", "bright")
        )
        assert answer.status_code == 202, answer.text
        job = answer.json()
        assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
        with client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            lines = [line for line in stream.iter_lines() if line]
    assert lines[-2] == "event: end"
    assert "event: progress" in lines
    last = json.loads(lines[-1].removeprefix("data: "))
    assert (last["state"], last["done"], last["total"]) == ("done", 1, 1)
    assert (last["report"]["added"], last["report"]["known"]) == (1, 0)
    assert last["report"]["refused"] == [
        {"name": "notes.txt", "reason": "not a picture: starts with 'hello'"}
    ]
    (key,) = last["report"]["images"]
    assert empty.labels([key]) == {key: ("bright", "new")}
    assert empty.search(picture(1)).results[0].id == key
    assert empty.path_of(key) == "Überblick.jpg"
    assert files_of(empty) == ["Überblick.jpg"]
    assert empty.check().ok


def test_what_cannot_be_described_is_quarantined_with_its_reason(empty) -> None:
    cut = picture(3)[:60]
    with serving(empty) as client:
        job = send(client, ("good.png", picture(2)), ("cut.png", cut), ("bad", marked(fakes.RAISE)))
        report = ended(client, job.json())["report"]
        assert report["added"] == 1
        assert sorted(one["name"] for one in report["quarantined"]) == ["bad.png", "cut.png"]
        assert all(one["reason"] for one in report["quarantined"])
        shown = client.get("/api/v1/quarantine").json()
        assert [one["path"] for one in shown["pictures"]] == ["bad.png", "cut.png"]
        assert str(empty.directory) not in json.dumps(shown)
        key = shown["pictures"][1]["id"]
        assert client.delete(f"/api/v1/quarantine/{key}").status_code == 204
        assert client.delete(f"/api/v1/quarantine/{key}").status_code == 404
        assert client.get("/api/v1/quarantine").json()["total"] == 1
    assert files_of(empty) == ["bad.png", "good.png"]


@pytest.mark.usefixtures("processes")
def test_pictures_are_described_in_other_processes(empty) -> None:
    with serving(empty) as client:
        job = send(client, ("cut.png", picture(3)[:60]), ("good.png", picture(1)))
        report = ended(client, job.json())["report"]
    assert report["added"] == 1
    assert [one["name"] for one in report["quarantined"]] == ["cut.png"]


def test_same_bytes_are_kept_once_and_same_names_get_numbers(empty) -> None:
    with serving(empty) as client:
        first = ended(client, send(client, ("a.png", picture(1))).json())["report"]
        again = ended(client, send(client, ("b.png", picture(1)), ("a.png", picture(2))).json())
    assert (again["report"]["added"], again["report"]["known"]) == (1, 1)
    assert first["images"][0] in again["report"]["images"]
    assert files_of(empty) == ["a (2).png", "a.png"]


def test_a_name_of_an_indexed_photo_elsewhere_is_not_taken_again(empty, tmp_path) -> None:
    fakes.save_photo(tmp_path / "photos" / "IMG_1.png", 5)
    empty.add([tmp_path / "photos"], jobs=1)
    with serving(empty) as client:
        ended(client, send(client, ("IMG_1.png", picture(1))).json())
    assert files_of(empty) == ["IMG_1 (2).png"]


def test_uploads_below_a_root_that_was_there_are_found(tmp_path) -> None:
    fakes.save_photo(tmp_path / "photos" / "one.png", 5)
    with fake_collection(tmp_path / "photos" / "index") as collection:
        collection.add([tmp_path / "photos"], jobs=1)
        with serving(collection) as client:
            job = ended(client, send(client, ("new.png", picture(1))).json())
        assert job["report"]["added"] == 1
        assert files_of(collection) == ["new.png"]
        assert Uploads(collection).left_over() == []


@pytest.mark.parametrize(
    ("files", "labels", "status"),
    [
        ([("a.txt", b"not a picture")], (), 415),
        ([("a.jpg", b"")], (), 415),
        ([("a.png", picture(1))], ("a\x00b",), 422),
        ([("a.png", picture(1))], ("x" * 201,), 422),
        ([("a.png", picture(1))], ("x" * 9000,), 422),
        ([("a.png", picture(1))], tuple(map(str, range(10_000))), 422),
        ([("a.png", picture(1) + bytes(200_000))], (), 413),
        ([(f"{i}.png", picture(i)) for i in range(4)], (), 413),
    ],
)
def test_what_is_refused_leaves_nothing_behind(strict, files, labels, status) -> None:
    collection, client = strict
    answer = send(client, *files, labels=labels)
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == status
    assert client.get("/api/v1/jobs").json()["jobs"] == []
    assert files_of(collection) == []


FORM = "multipart/form-data; boundary=x"
PART = b"--x\r\nContent-Disposition: form-data; name="


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"", 415),
        (FORM, b"", 422),
        (FORM, PART + b'"labels"\r\n\r\nlabel\r\n--x--\r\n', 422),
        (FORM, PART + b'"other"\r\n\r\n1\r\n--x--\r\n', 422),
        (FORM, PART + b'"images"; filename="a.png"\r\n\r\n\x89PNG', 400),
        (FORM, b"no boundary", 400),
        (FORM, b"--x\r\nA: " + b"b" * 10_000 + b"\r\n\r\n", 400),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x--", 400),
    ],
)
def test_a_damaged_form_is_told(strict, kind, body, status) -> None:
    collection, client = strict
    answer = client.post("/api/v1/images", content=body, headers={"content-type": kind})
    assert answer.status_code == status, answer.text
    assert files_of(collection) == []


def test_a_full_disk_is_told_and_nothing_is_kept(empty, monkeypatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with serving(empty) as client:
        with monkeypatch.context() as patch:
            patch.setattr("relook.server.uploads.receiving.os.fsync", full)
            answer = send(client, ("a.png", picture(1)))
            assert answer.status_code == 507, answer.text
            assert "disk is full" in answer.json()["detail"]
        assert files_of(empty) == []
        assert ended(client, send(client, ("a.png", picture(1))).json())["report"]["added"] == 1


def test_a_full_disk_for_the_second_of_two_keeps_none(empty, monkeypatch) -> None:
    move = uploads._move

    def moving(path: Path, target: Path) -> None:
        if target.name == "b.png":
            raise OSError(errno.ENOSPC, "full")
        move(path, target)

    monkeypatch.setattr(uploads, "_move", moving)
    with serving(empty) as client:
        answer = send(client, ("a.png", picture(1)), ("b.png", picture(2)))
    assert answer.status_code == 507
    assert files_of(empty) == []


def test_two_files_of_the_same_bytes_in_one_request_are_one(empty) -> None:
    with serving(empty) as client:
        files = [("a.png", picture(1)), ("b.png", picture(1)), ("a.png", picture(2))]
        report = ended(client, send(client, *files).json())["report"]
    assert report["added"] == 2
    assert files_of(empty) == ["a (2).png", "a.png"]


def test_a_picture_that_was_removed_by_another_program_does_not_come_back(empty) -> None:
    with serving(empty) as client:
        report = ended(client, send(client, ("a.png", picture(1)), ("b.png", picture(2))).json())
    empty.remove([report["report"]["images"][0]])
    with serving(empty) as client:
        assert client.get("/api/v1/jobs").json()["jobs"] == []
    assert empty.info().images == 1


def test_uploads_move_with_their_collection(empty, tmp_path) -> None:
    with serving(empty) as client:
        job = send(client, ("a.png", picture(1)), ("b.png", picture(2)), labels=("kept",))
        ended(client, job.json())
    empty.close()
    moved = empty.directory.rename(tmp_path / "moved")
    with fake_collection(moved) as collection, serving(collection) as client:
        (job,) = client.get("/api/v1/jobs").json()["jobs"]
        report = ended(client, job)["report"]
        assert (report["added"], report["known"]) == (0, 2)
        files = [one for key in report["images"] for one in collection.files_of(key)]
        assert {moved / "uploads" / "a.png", moved / "uploads" / "b.png"} <= set(files)
        assert len(collection.labelled()) == 2


def test_a_server_that_died_goes_on_at_the_next_start(empty) -> None:
    folder = empty.directory / "uploads"
    folder.mkdir()
    (folder / "told.png").write_bytes(picture(1))
    (folder / "untold.png").write_bytes(picture(2))
    (folder / ".part-0").write_bytes(picture(3)[:10])
    os.utime(folder / ".part-0", (0, 0))
    (folder / ".gone-abcd-old.png").write_bytes(picture(4))
    journal = {"names": ["told.png", "../../etc/passwd"], "labels": ["kept"], "refused": []}
    (folder / ".batch-1.json").write_text(json.dumps(journal))
    (folder / ".batch-2.json").write_text("{")
    with serving(empty) as client:
        for job in client.get("/api/v1/jobs").json()["jobs"]:
            assert ended(client, job)["state"] == "done"
        assert client.get("/api/v1/labels").json() == {
            "labels": [{"label": "kept", "images": 1}],
            "unlabelled": 1,
        }
    assert files_of(empty) == ["told.png", "untold.png"]
    with serving(empty) as client:
        assert client.get("/api/v1/jobs").json()["jobs"] == []


def hold(monkeypatch: pytest.MonkeyPatch, *, until: threading.Event) -> threading.Event:
    """Let describing wait after five pictures; what is returned is set by then."""
    reached = threading.Event()

    def before(number: int) -> None:
        if number == 5:
            reached.set()
            assert until.wait(60)

    monkeypatch.setattr(InProcess, "before", before)
    return reached


def test_a_server_that_is_stopped_leaves_the_rest_to_the_next(empty, monkeypatch) -> None:
    count = 12
    with serving(empty) as client:
        reached = hold(monkeypatch, until=client.app.state.service.jobs.closing)
        job = send(client, *[(f"{i}.png", picture(i)) for i in range(count)], labels=("kept",))
        assert job.status_code == 202
        assert reached.wait(60)
    assert len([name for name in files_of(empty) if name.endswith(".png")]) == count
    assert 5 <= empty.info().images < count
    with serving(empty) as client:
        (job,) = client.get("/api/v1/jobs").json()["jobs"]
        assert ended(client, job)["state"] == "done"
        assert client.get("/api/v1/labels").json()["labels"] == [{"label": "kept", "images": count}]


def test_cancelled_pictures_that_were_not_described_yet_are_removed(empty, monkeypatch) -> None:
    go = threading.Event()
    reached = hold(monkeypatch, until=go)
    with serving(empty) as client:
        sent = send(client, *[(f"{i}.png", picture(i)) for i in range(12)], labels=("kept",))
        assert reached.wait(60)
        waiting = send(client, ("later.png", picture(99))).json()
        cancelled = client.delete(f"/api/v1/jobs/{waiting['id']}").json()
        assert cancelled["state"] == "cancelled"
        client.delete(f"/api/v1/jobs/{sent.json()['id']}")
        go.set()
        job = ended(client, sent.json())
        assert job["state"] == "cancelled"
        # jobs are done one by one: once this one is over, those before it are tidied up
        last = ended(client, send(client, ("last.png", picture(100))).json())
        assert last["state"] == "done"
        numbers = client.get("/api/v1/labels").json()
    names = files_of(empty)
    assert "later.png" not in names
    assert 6 <= len(names) < 13
    assert len(names) == empty.info().images
    assert sum(one["images"] for one in numbers["labels"]) == len(names) - 1


def test_uploads_do_not_count_as_bytes_of_the_collection(empty) -> None:
    before = empty.info().bytes
    (empty.directory / "uploads").mkdir()
    (empty.directory / "uploads" / "a.png").write_bytes(bytes(1_000_000))
    assert empty.info().bytes == before


def test_a_collection_that_is_gone_is_told(tmp_path) -> None:
    with fake_collection(tmp_path / "pictures") as collection, serving(collection) as client:
        collection.directory.rename(tmp_path / "elsewhere")
        assert send(client, ("a.png", picture(1))).status_code == 503
        assert client.delete("/api/v1/images/1").status_code in {404, 503}
        assert not collection.directory.exists()


def test_a_full_disk_while_indexing_keeps_what_was_sent_for_the_next_start(
    empty, monkeypatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise CollectionError(f"the disk is full: nothing was written to {empty.directory}")

    with serving(empty) as client, monkeypatch.context() as patch:
        patch.setattr(Collection, "add", full)
        job = ended(client, send(client, ("a.png", picture(1)), labels=("kept",)).json())
        assert job["state"] == "failed"
        assert "disk is full" in job["error"]
        assert str(empty.directory) not in job["error"]
    with serving(empty) as client:
        (job,) = client.get("/api/v1/jobs").json()["jobs"]
        assert ended(client, job)["report"]["added"] == 1
        assert client.get("/api/v1/labels").json()["labels"] == [{"label": "kept", "images": 1}]


def test_a_picture_of_too_many_pixels_is_refused_as_in_a_search(empty) -> None:
    with serving(empty, upload_pixels=32 * 32 - 1) as client:
        job = ended(client, send(client, ("large.png", picture(1))).json())
        listed = client.get("/api/v1/quarantine").json()["pictures"]
    asked = Desk(Tools())(Show(Original(picture(1)), 100, 32 * 32 - 1), ask=lambda _: True)
    assert isinstance(asked, Refusal)
    assert asked.status == 413
    assert asked.detail.endswith("more than the limit of 1,023; send a smaller one")
    assert job["report"]["quarantined"] == [{"name": "large.png", "reason": asked.detail}]
    assert [one["reason"] for one in listed] == [asked.detail]
    with serving(empty, upload_pixels=32 * 32) as client:  # another limit, and it is sent again
        assert client.delete(f"/api/v1/quarantine/{listed[0]['id']}").status_code == 204
        job = ended(client, send(client, ("large.png", picture(1))).json())
    assert (job["report"]["added"], job["report"]["quarantined"]) == (1, [])


@pytest.mark.parametrize("moment", [0, 2])
def test_a_collection_that_goes_while_pictures_are_added_loses_none(
    tmp_path, monkeypatch, moment
) -> None:
    elsewhere = tmp_path / "elsewhere"
    with fake_collection(tmp_path / "pictures") as collection:
        folder = collection.directory

        def go(number: int) -> None:
            if number == moment:
                folder.rename(elsewhere)

        with serving(collection) as client:
            sent = [(f"{number}.png", picture(number)) for number in range(5)]
            monkeypatch.setattr(InProcess, "before", staticmethod(go))
            job = send(client, *sent).json()
            jobs, deadline = client.app.state.service.jobs, time.monotonic() + 60
            while not jobs.get(job["id"]).is_over:  # asked directly: no route answers now
                assert time.monotonic() < deadline
                time.sleep(0.005)
            monkeypatch.setattr(InProcess, "before", staticmethod(lambda _: None))
            elsewhere.rename(folder)
            told = client.get(f"/api/v1/jobs/{job['id']}").json()
            assert "the collection is gone; bring it back" in told["error"]
            assert client.get("/api/v1/quarantine").json()["pictures"] == []
        with serving(collection) as client:
            for job in client.get("/api/v1/jobs").json()["jobs"]:
                assert ended(client, job)["state"] == "done"
            assert client.get("/api/v1/images").json()["total"] == 5


def test_names_that_some_disks_take_for_one_are_told_apart(empty) -> None:
    with serving(empty) as client:
        sent = [("IMG.png", picture(1)), ("img.PNG", picture(2)), ("Img.png", picture(3))]
        assert ended(client, send(client, *sent).json())["report"]["added"] == 3
    assert len({name.casefold() for name in files_of(empty)}) == 3
