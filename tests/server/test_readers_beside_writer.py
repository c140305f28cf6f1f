"""While the server adds pictures, those who search get right answers, whoever they are."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from collection import fakes
from relook.collection import Collection, launch
from relook.collection.ingest import Limits
from server.uploading import InProcess, ended, fake_collection, picture, send, serving

KNOWN = 12
NEW = 16


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    monkeypatch.setattr("relook.collection.ingest.Pool", InProcess)
    monkeypatch.setattr(InProcess, "before", lambda _: time.sleep(0.01))
    monkeypatch.setattr("relook.server.jobs.adding._limits", _often)
    fakes.save_photos(tmp_path / "photos", KNOWN)
    with fake_collection(tmp_path / "pictures") as collection:
        collection.add([tmp_path / "photos"], jobs=1)
        yield collection


def _often(_: float) -> Limits:
    """A transaction for every four pictures, so that readers have much to follow."""
    return Limits(jobs=1, batch=4)


def test_readers_of_this_and_another_process_never_fail(filled, tmp_path) -> None:
    photos = sorted((tmp_path / "photos").iterdir())
    truth = {path: filled.search(path).results[0].id for path in photos}
    stop = threading.Event()
    problems: list[str] = []
    counts = [0, 0]

    def read(slot: int) -> None:
        while not stop.is_set():
            for path, wanted in truth.items():
                try:
                    hits = filled.search(path, top=5).results
                except Exception as error:  # noqa: BLE001 - any is a failure of the reader
                    problems.append(repr(error))
                    return
                if hits[0].id != wanted or len({hit.id for hit in hits}) != 5:
                    problems.append(f"{path.name}: {[hit.id for hit in hits]}")
                counts[slot] += 1

    threads = [threading.Thread(target=read, args=(slot,)) for slot in range(2)]
    context = launch.multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    other = context.Process(
        target=read_elsewhere, args=(theirs, filled.directory, truth), daemon=True
    )
    other.start()
    assert ours.poll(300)
    assert ours.recv() == "ready"
    with serving(filled) as client:
        for thread in threads:
            thread.start()
        job = send(client, *[(f"n{i}.png", picture(1000 + i)) for i in range(NEW)]).json()
        report = ended(client, job)["report"]
    stop.set()
    for thread in threads:
        thread.join()
    ours.send("stop")
    assert ours.poll(300)
    searched, problem = ours.recv()
    other.join()
    assert (problems, problem) == ([], None)
    assert report["added"] == NEW
    assert min(*counts, searched) > 10
    for i in range(NEW):
        pixels = np.asarray(Pillow.open(io.BytesIO(picture(1000 + i))).convert("RGB"))
        assert filled.search(pixels).results[0].id in report["images"]


def read_elsewhere(connection: object, directory: Path, truth: dict[Path, int]) -> None:
    """Search until told to stop, and tell how often and what was wrong."""
    searched, problem = 0, None
    with Collection.open(directory, engine=lambda _: fakes.engine()) as collection:
        collection.search(next(iter(truth)))
        connection.send("ready")  # type: ignore[attr-defined]
        while not connection.poll(0):  # type: ignore[attr-defined]
            for path, wanted in truth.items():
                try:
                    hits = collection.search(path, top=5).results
                    if hits[0].id != wanted:
                        problem = f"{path.name}: {hits[0].id}"
                except Exception as error:  # noqa: BLE001 - any is a failure of the reader
                    problem = repr(error)
                searched += 1
    connection.send((searched, problem))  # type: ignore[attr-defined]
