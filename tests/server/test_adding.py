"""Pictures that come by the server: kept, indexed, labelled, and never lost silently."""

from __future__ import annotations

import json
import time

import numpy as np
from PIL import Image as Pillow


def picture(seed: int = 0, kind: str = "JPEG") -> bytes:
    """A picture with corners enough to be described."""
    import io

    blocks = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(blocks).resize((320, 240), Pillow.Resampling.NEAREST).save(file, kind)
    return file.getvalue()


def ended(client, job: dict) -> dict:
    deadline = time.monotonic() + 60
    while job["state"] in {"waiting", "running"}:
        assert time.monotonic() < deadline, job
        time.sleep(0.05)
        job = client.get(f"/api/v1/jobs/{job['id']}").json()
    return job


def test_a_picture_is_added_by_a_job_and_found_again(client, collection) -> None:
    answer = client.post(
        "/api/v1/images",
        files=[("images", ("Überblick.jpg", picture(1))), ("images", ("notes.txt", b"hello"))],
        data={"labels": ["new", "bright"]},
    )
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert answer.headers["location"] == f"/api/v1/jobs/{job['id']}"
    with client.stream("GET", f"/api/v1/jobs/{job['id']}/events") as stream:
        lines = [line for line in stream.iter_lines() if line]
    assert lines[-2] == "event: end"
    last = json.loads(lines[-1].removeprefix("data: "))
    assert last["state"] == "done"
    assert last["report"]["added"] == 1
    assert [one["name"] for one in last["report"]["refused"]] == ["notes.txt"]
    (key,) = last["report"]["images"]
    assert collection.labels([key]) == {key: ("bright", "new")}
    assert collection.search(picture(1)).results[0].id == key
    assert (collection.directory / "uploads" / "Überblick.jpg").read_bytes() == picture(1)
    assert sorted(one.name for one in (collection.directory / "uploads").iterdir()) == [
        "Überblick.jpg"
    ]
