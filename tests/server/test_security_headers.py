"""Every answer carries the headers that keep a page to itself."""

from __future__ import annotations

import pytest

from server.probes import TOKEN, make_client


@pytest.mark.parametrize("path", ["/api/v1/health", "/page.html", "/nothing", "/api/v1/fail"])
def test_every_answer_has_them(path: str) -> None:
    answer = make_client(ZeroDivisionError("secret")).get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=(self)" in answer.headers["permissions-policy"]


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.example"])
def test_refusals_have_them_too(host: str) -> None:
    answer = make_client(token=TOKEN).get("/api/v1/metrics", headers={"Host": host})
    assert answer.status_code in (401, 421)
    assert answer.headers["x-frame-options"] == "DENY"


def test_answers_of_the_interface_are_not_stored_unless_the_route_says_so() -> None:
    client = make_client()
    assert client.get("/api/v1/health").headers["cache-control"] == "no-store"
    thumbnail = client.get("/api/v1/things/1/thumbnail")
    assert thumbnail.headers["cache-control"] == "max-age=5"


def test_nobody_is_told_what_serves() -> None:
    assert "server" not in make_client().get("/api/v1/things/1/thumbnail").headers


def test_streams_pass_whole() -> None:
    with make_client().stream("GET", "/api/v1/stream") as answer:
        assert list(answer.iter_lines()) == ["data: 0", "", "data: 1", "", "data: 2", ""]
