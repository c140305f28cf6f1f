"""Copies by the server: found in another process, kept, and told apart from what came since."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collection import fakes
from relook.collection import Collection
from relook.core.errors import UsageError
from relook.mapping.duplicates import Copy, CopyGroup, Duplicates
from relook.server.jobs import duplicates
from server.uploading import InProcess, ended, fake_collection, picture, send, serving


def found(collection: Collection, *, progress: object) -> Duplicates:
    """As if the second photo were the first, smaller."""
    progress("read", 1, 2)  # type: ignore[operator]
    groups = (
        CopyGroup(
            Copy(1, f"{collection.catalog.roots()[0]}/0001.png"),
            (Copy(2, "0002.png", ("resized", "cropped"), "0001.png"),),
        ),
    )
    return Duplicates(groups, collection.info().images, (), ("blank.png",))


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    for module in ("relook.collection.ingest", "relook.server.jobs.duplicates"):
        monkeypatch.setattr(f"{module}.Pool", InProcess)
    monkeypatch.setattr(duplicates, "find_duplicates", found)
    monkeypatch.setattr(
        duplicates.make_work, "__kwdefaults__", {"opener": lambda text: _open(Path(text))}
    )
    fakes.save_photos(tmp_path / "photos", 4, start=1)
    with fake_collection(tmp_path / "pictures") as collection:
        collection.add([tmp_path / "photos"], jobs=1)
        yield collection


def _open(directory: Path) -> Collection:
    return Collection.open(directory, engine=lambda _: fakes.engine())


def test_copies_are_found_by_a_job_and_survive_a_restart(filled) -> None:
    with serving(filled) as client:
        answer = client.post("/api/v1/duplicates")
        assert answer.status_code == 202
        assert answer.headers["location"] == f"/api/v1/jobs/{answer.json()['id']}"
        job = ended(client, answer.json())
        assert (job["kind"], job["state"]) == ("duplicates", "done")
        assert job["report"] == {"groups": 1, "copies": 1, "images": 4, "unreadable": 0, "blank": 1}
    with serving(filled) as client:
        told = client.get("/api/v1/duplicates").json()
        assert (told["state"], told["total"]) == ("ready", 1)
        (group,) = told["groups"]
        assert [one["id"] for one in group["images"]] == [1, 2]
        assert group["relation"] == "resized, cropped"
        assert group["files"][0] == {"id": 1, "name": "0001.png", "path": "0001.png", "changes": []}
        client.put("/api/v1/images/1/labels", json={"labels": ["a"]})
        assert client.get("/api/v1/duplicates").json()["state"] == "ready"
        ended(client, send(client, ("new.png", picture(50))).json())
        assert client.get("/api/v1/duplicates").json()["state"] == "stale"
        assert client.delete("/api/v1/images/2").status_code == 204
        assert client.get("/api/v1/duplicates").json()["groups"] == []
    assert filled.check().ok


def test_an_error_in_the_other_process_fails_the_job(filled, monkeypatch) -> None:
    def fail(collection: Collection, *, progress: object) -> Duplicates:
        raise UsageError(f"{collection.directory} has no pictures; add some")

    monkeypatch.setattr(duplicates, "find_duplicates", fail)
    with serving(filled) as client:
        job = ended(client, client.post("/api/v1/duplicates").json())
        assert (job["state"], job["error"]) == (
            "failed",
            "the collection has no pictures; add some",
        )
        assert client.get("/api/v1/duplicates").json()["state"] == "missing"
