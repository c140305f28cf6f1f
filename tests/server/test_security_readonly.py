"""A readonly server changes nothing."""

from __future__ import annotations

import pytest

from server.probes import make_client


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/api/v1/things"), ("POST", "/api/v1/images"), ("DELETE", "/api/v1/images/1"),
     ("POST", "/api/v1/labels"), ("POST", "/api/v1/atlas"), ("POST", "/api/v1/unknown"),
     ("PATCH", "/api/v1/search/x"), ("DELETE", "/api/v1/jobs/1")],
)  # fmt: skip
def test_changes_are_forbidden(method: str, path: str) -> None:
    answer = make_client(readonly=True).request(method, path, json={"number": 1})
    assert answer.status_code == 403
    assert "readonly" in answer.json()["detail"]


def test_asking_is_not() -> None:
    client = make_client(readonly=True)
    assert client.post("/api/v1/search", files={"image": b"x"}).status_code == 200
    assert client.get("/api/v1/things/1/thumbnail").status_code == 200
    assert client.post("/api/v1/session", json={"token": "x"}).status_code == 204
