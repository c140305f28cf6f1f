"""Heads of requests are short."""

from __future__ import annotations

import pytest

from server.probes import make_client


@pytest.mark.parametrize("path", ["/page.html?" + "a" * 9000, "/" + "a" * 9000])
def test_long_addresses_are_refused(path: str) -> None:
    assert make_client().get(path).status_code == 414


@pytest.mark.parametrize(
    "headers", [{"X": "a" * 17_000}, {f"X-{i:040}": "" for i in range(450)}], ids=["long", "many"]
)
def test_long_headers_are_refused(headers: dict[str, str]) -> None:
    assert make_client().get("/page.html", headers=headers).status_code == 431


def test_what_browsers_send_passes() -> None:
    headers = {"Cookie": "a" * 8000, "Authorization": "b" * 2000}
    assert make_client().get("/page.html?" + "a" * 4000, headers=headers).status_code == 200
