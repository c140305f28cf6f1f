"""What tests of uploads share: pictures as bytes, a server of the fake recipe, ends of jobs."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow
from starlette.testclient import TestClient

from collection import fakes
from relook.collection import Collection
from relook.collection.pool import Outcome
from relook.server.app import create_app
from relook.server.settings import ServerSettings

ORIGIN = "http://127.0.0.1:8000"


class InProcess:
    """In place of :class:`relook.collection.pool.Pool`: the same work without other processes.

    ``before`` is called before each picture, with its number.
    """

    before: Callable[[int], object] = staticmethod(lambda _: None)

    def __class_getitem__(cls, _: Any) -> type[InProcess]:
        return cls

    def __init__(self, make_job: Any, *, answer: Any, **_: Any) -> None:
        self._job = make_job()
        self._answer = answer

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def run(self, tasks: Iterable[str]) -> Iterator[Outcome[str]]:
        for number, task in enumerate(tasks):
            type(self).before(number)
            result = self._job(task, lambda key, task=task: self._answer(task, key))
            yield Outcome(task, result)


def picture(seed: int = 0, kind: str = "PNG") -> bytes:
    """A small picture of random blocks."""
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Pillow.fromarray(blocks).resize((32, 32), Pillow.Resampling.NEAREST).save(file, kind)
    return file.getvalue()


def marked(color: tuple[int, int, int]) -> bytes:
    """A picture whose first pixel makes the fake recipe fail in the way of this color."""
    file = io.BytesIO()
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[0, 0] = color
    Pillow.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def send(client: TestClient, *files: tuple[str, bytes], labels: tuple[str, ...] = ()) -> Any:
    """POST these files."""
    return client.post(
        "/api/v1/images", files=[("images", file) for file in files], data={"labels": list(labels)}
    )


def ended(client: TestClient, job: dict[str, Any]) -> dict[str, Any]:
    """The job when it is over."""
    deadline = time.monotonic() + 300
    while job["state"] in {"waiting", "running"}:
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
        job = client.get(f"/api/v1/jobs/{job['id']}").json()
    return job


@contextmanager
def serving(collection: Collection, **settings: Any) -> Iterator[TestClient]:
    """A client of a server over a collection."""
    chosen = ServerSettings(**{"workers": 1, "rate": 1e6, "burst": 1_000_000, **settings})
    app = create_app(collection, settings=chosen)
    with TestClient(app, base_url=ORIGIN, raise_server_exceptions=False) as client:
        yield client


@contextmanager
def fake_collection(directory: Path) -> Iterator[Collection]:
    """A collection of the fake recipe, made where it is missing."""
    if Collection.exists(directory):
        with Collection.open(directory, engine=lambda _: fakes.engine()) as opened:
            yield opened
    else:
        with Collection.create(directory, engine=fakes.engine()) as made:
            yield made
