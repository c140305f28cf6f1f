"""A little museum behind a server: rendered, described and labelled once, copied for each test."""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import relook
from relook.collection import Collection
from relook.datasets.museum import Exhibition, write_museum
from relook.server.app import create_app
from relook.server.security.rates import Buckets
from relook.server.settings import ServerSettings

with warnings.catch_warnings():  # it would like another package than the one it still takes
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ORIGIN = "http://127.0.0.1:8000"
SMALL = Exhibition(paintings=3, views=3, queries=3, unknown=1, empty=2)
CALM = ServerSettings(workers=1, rate=1e6, burst=1_000_000)
"""One process, no limit of requests."""

Serve = Callable[..., TestClient]


@pytest.fixture
def no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For counting what somebody may ask: on a slow computer they could ask once more meanwhile."""
    monkeypatch.setitem(Buckets.__init__.__kwdefaults__, "clock", lambda: 0.0)


@pytest.fixture(scope="session")
def museum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that must not be changed.

    ``museum/photos`` (11, of 3 paintings and of empty rooms), ``museum/queries`` (4), and
    ``pictures``, a collection of the photos with sift-asmk, labelled by painting.
    """
    own = tmp_path_factory.mktemp("server")
    if "PYTEST_XDIST_WORKER" not in os.environ:
        make_museum(own)
        return own
    shared = tmp_path_factory.getbasetemp().parent / "server-museum"
    try:
        shared.mkdir()
    except FileExistsError:  # another process of this run makes it
        deadline = time.monotonic() + 300
        while not (shared / "whole").exists():
            assert time.monotonic() < deadline, "nobody made the museum"
            time.sleep(0.1)
    else:
        make_museum(shared)
        (shared / "whole").touch()
    shutil.copytree(shared, own, dirs_exist_ok=True)  # nobody opens what others copy
    return own


def make_museum(folder: Path) -> None:
    files = write_museum(folder / "museum", exhibition=SMALL)
    with relook.create(folder / "pictures") as collection:
        collection.add([folder / "museum" / "photos"], jobs=1)
        painted = [path for path in files.photos if "empty" not in path.name]
        ids = collection.ids_of(painted)
        names = [path.stem.rpartition("-")[0] for path in painted]
        collection.apply_labels({one: [name] for one, name in zip(ids, names, strict=True)})


@pytest.fixture
def photos(museum: Path) -> Path:
    """The folder of the collection's photos; not to be changed."""
    return museum / "museum" / "photos"


@pytest.fixture
def queries(museum: Path) -> list[Path]:
    """Photos by visitors: three of paintings in the collection, one of another."""
    return sorted((museum / "museum" / "queries").iterdir())


@pytest.fixture
def directory(museum: Path, tmp_path: Path) -> Path:
    """A collection of one's own to change; its photos are shared."""
    return Path(shutil.copytree(museum / "pictures", tmp_path / "pictures"))


@pytest.fixture
def collection(directory: Path) -> Iterator[Collection]:
    """The same, open."""
    with relook.open(directory) as opened:
        yield opened


@pytest.fixture
def serve(collection: Collection) -> Iterator[Serve]:
    """Start servers over the collection: ``serve(readonly=True)``; they stop with the test."""
    with ExitStack() as stack:

        def start(**settings: object) -> TestClient:
            chosen = {name: getattr(CALM, name) for name in ("workers", "rate", "burst")}
            app = create_app(collection, settings=ServerSettings(**{**chosen, **settings}))
            client = TestClient(app, base_url=ORIGIN, raise_server_exceptions=False)
            return stack.enter_context(client)

        yield start


@pytest.fixture
def client(serve: Serve) -> TestClient:
    """A client of a server that allows everything."""
    return serve()


@pytest.fixture(scope="session")
def shared_client(museum: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One server for all tests that only ask; not to be changed."""
    copy = shutil.copytree(museum / "pictures", tmp_path_factory.mktemp("shared") / "pictures")
    with relook.open(os.fspath(copy)) as collection:
        app = create_app(collection, settings=CALM)
        with TestClient(app, base_url=ORIGIN, raise_server_exceptions=False) as client:
            yield client
