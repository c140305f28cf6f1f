"""Below a path of another application, or of a proxy, the same is refused as at the root."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from relook.server.security.layer import path_of
from server.probes import ORIGIN, TOKEN, make_app

KNOWN = {"Authorization": f"Bearer {TOKEN}"}


def below(root: str, **settings: object) -> TestClient:
    """A client of an application that another one has mounted."""
    outer = Starlette(routes=[Mount(root, app=make_app(**settings))])
    return TestClient(outer, base_url=ORIGIN, raise_server_exceptions=False)


@pytest.mark.parametrize("root", ["/relook", "/a/b", "/api", "/api/v1"])
def test_a_mounted_application_asks_for_the_token_too(root: str) -> None:
    client = below(root, token=TOKEN)
    assert client.get(f"{root}/api/v1/things/1/thumbnail").status_code == 401
    assert client.get(f"{root}/api/v1/things/1/thumbnail", headers=KNOWN).status_code == 200
    assert client.get(f"{root}/api/v1/health").status_code == 200
    assert client.get(f"{root}/page.html").status_code == 200


def test_a_mounted_application_is_readonly_too() -> None:
    client = below("/relook", readonly=True)
    assert client.put("/relook/api/v1/things", json={"number": 1}).status_code == 403
    files = {"image": b"x"}
    assert client.post("/relook/api/v1/search", files=files).status_code == 200


def test_a_mounted_application_refuses_other_sites_too() -> None:
    client = below("/relook")
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    answer = client.get("/relook/api/v1/things/1/thumbnail", headers=elsewhere)
    assert answer.status_code == 403


def test_a_root_path_that_a_server_adds_counts_as_well() -> None:
    client = TestClient(make_app(token=TOKEN), base_url=ORIGIN, root_path="/relook")
    assert client.get("/relook/api/v1/things/1/thumbnail").status_code == 401
    assert client.get("/api/v1/things/1/thumbnail").status_code == 401


@pytest.mark.parametrize(
    ("path", "root", "seen"),
    [("/api/v1/x", "", "/api/v1/x"), ("/r/api", "/r", "/api"), ("/r", "/r", ""),
     ("/room/api", "/r", "/room/api"), ("/api", "/r", "/api"), ("/x", "/", "/x")],
)  # fmt: skip
def test_paths_are_seen_as_routes_see_them(path: str, root: str, seen: str) -> None:
    assert path_of({"path": path, "root_path": root}) == seen
