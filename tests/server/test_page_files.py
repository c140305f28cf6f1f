"""The page: only the files that came with the package."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI

from relook.server.assets import read_assets
from relook.server.problems import install_problems
from relook.server.routes import page
from server.probes import TestClient, client_of

SCRIPT = "export const title = 'Grüße';\n" * 50


@pytest.fixture
def files(tmp_path: Path) -> TestClient:
    folder = tmp_path / "page"
    (folder / "views").mkdir(parents=True)
    (folder / "views" / "search.js").write_text(SCRIPT, "utf-8")
    (folder / "index.html").write_text("<!doctype html>", "utf-8")
    (folder / "icon.svg").write_text("<svg/>", "utf-8")
    (folder / "photo.png").write_bytes(b"\x89PNG" * 100)
    (folder / "notes.py").write_text("secret = 1", "utf-8")
    (folder / ".hidden.js").write_text("secret", "utf-8")
    (tmp_path / "outside.js").write_text("secret", "utf-8")
    app = FastAPI()
    app.state.service = SimpleNamespace(collection=None)
    app.state.assets = read_assets(folder)
    install_problems(app)
    app.include_router(page.router)
    return client_of(app)


def test_the_root_is_the_index(files: TestClient) -> None:
    answer = files.get("/")
    assert answer.text == "<!doctype html>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert files.get("/index.html").text == answer.text


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/views/search.js", "text/javascript; charset=utf-8"), ("/icon.svg", "image/svg+xml"),
     ("/photo.png", "image/png"), ("/favicon.ico", "image/svg+xml")],
)  # fmt: skip
def test_files_have_their_types(files: TestClient, path: str, kind: str) -> None:
    answer = files.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)


@pytest.mark.parametrize(
    "path",
    ["/notes.py", "/.hidden.js", "/views", "/views/", "/../outside.js", "/..%2foutside.js",
     "/%2e%2e/outside.js", "/views/../../outside.js", "/views/%2e%2e/%2e%2e/outside.js",
     "/views\\..\\..\\outside.js", "/index.html%00.js", "/%00", "/INDEX.HTML",
     "/etc/passwd", "//etc/passwd", "/%ff", "/index.html/", "/" + "a" * 3000],
)  # fmt: skip
def test_there_are_no_others(files: TestClient, path: str) -> None:
    answer = files.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_what_the_browser_has_is_not_sent_again(files: TestClient) -> None:
    first = files.get("/views/search.js")
    assert first.headers["cache-control"] == "no-cache"
    for tag in (first.headers["etag"], f'W/{first.headers["etag"]}, "x"'):
        again = files.get("/views/search.js", headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    assert files.get("/icon.svg", headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("", False), ("br", False),
     ("gzip;q=0", False), ("gzip; q=0.0", False)],
)  # fmt: skip
def test_text_is_packed_for_those_who_take_it(
    files: TestClient, accepted: str, packed: bool
) -> None:
    answer = files.get("/views/search.js", headers={"Accept-Encoding": accepted})
    assert (answer.headers.get("content-encoding") == "gzip") == packed
    assert answer.text == SCRIPT
    assert answer.headers["vary"] == "Accept-Encoding"
    assert (int(answer.headers["content-length"]) < 300) == packed


def test_packed_pictures_are_not_packed_again(files: TestClient) -> None:
    assert "content-encoding" not in files.get("/photo.png").headers


def test_a_head_is_a_get_without_the_content(files: TestClient) -> None:
    head, whole = files.head("/views/search.js"), files.get("/views/search.js")
    assert head.content == b""
    assert head.headers["content-length"] == whole.headers["content-length"]
    assert files.post("/").status_code == 405


def test_packing_gives_the_same_bytes_every_time(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a{color:red}" * 100, "utf-8")
    first, second = read_assets(tmp_path)["a.css"], read_assets(tmp_path)["a.css"]
    assert first == second
    assert gzip.decompress(first.packed or b"") == first.content


def test_all_that_the_package_brings_is_small_and_refers_to_itself_alone() -> None:
    assets = read_assets()
    assert sum(len(asset.content) for name, asset in assets.items() if name) <= 500_000
