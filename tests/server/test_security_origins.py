"""What other sites ask in somebody's name is refused."""

from __future__ import annotations

import pytest

from server.probes import ORIGIN, make_client

FOREIGN = (
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1:9000"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "null"},
    {"Origin": "file://"},
    {"Origin": "http://[::1"},
    {"Origin": ""},
    {"Origin": "https://127.0.0.1:8000.evil.example"},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
)
OURS = (
    {},
    {"Origin": ORIGIN},
    {"Origin": "https://127.0.0.1:8000"},
    {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/api/v1/things"), ("DELETE", "/api/v1/session"), ("GET", "/api/v1/health"),
     ("GET", "/api/v1/things/1/thumbnail"), ("OPTIONS", "/api/v1/things"), ("POST", "/page.html")],
)  # fmt: skip
def test_requests_from_elsewhere_are_forbidden(method: str, path: str, headers: dict) -> None:
    answer = make_client().request(method, path, headers=headers, json={"number": 1})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("headers", OURS, ids=str)
def test_our_own_page_and_programs_pass(headers: dict) -> None:
    client = make_client()
    assert client.put("/api/v1/things", json={"number": 1}, headers=headers).status_code == 200
    assert client.get("/api/v1/health", headers=headers).status_code == 200


def test_the_page_may_be_linked_to() -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert make_client().get("/page.html", headers=headers).status_code == 200


def test_a_form_of_another_site_cannot_smuggle_json() -> None:
    content = b'{"number": 1}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = make_client().put(
            "/api/v1/things", content=content, headers={"Content-Type": kind}
        )
        assert answer.status_code == 422
