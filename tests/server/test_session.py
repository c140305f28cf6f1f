"""Logging in by a form: a cookie that scripts cannot read, and that ends."""

from __future__ import annotations

import pytest

from relook.server.security.sessions import Sessions
from server.probes import ORIGIN, TOKEN, make_client

ASKED = "/api/v1/things/1/thumbnail"


def test_logging_in_opens_and_logging_out_closes() -> None:
    client = make_client(token=TOKEN)
    assert client.get(ASKED).status_code == 401
    assert client.post("/api/v1/session", json={"token": TOKEN}).status_code == 204
    assert client.get(ASKED).status_code == 200
    kept = dict(client.cookies)
    assert client.delete("/api/v1/session").status_code == 204
    assert client.get(ASKED).status_code == 401
    client.cookies.update(kept)
    assert client.get(ASKED).status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites() -> None:
    answer = make_client(token=TOKEN).post("/api/v1/session", json={"token": f" {TOKEN}\n"})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie
    assert TOKEN not in cookie


def test_the_cookie_is_secure_where_the_page_is() -> None:
    headers = {"Origin": ORIGIN.replace("http:", "https:")}
    answer = make_client(token=TOKEN).post(
        "/api/v1/session", json={"token": TOKEN}, headers=headers
    )
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.usefixtures("no_time_passes")
def test_a_wrong_token_gets_no_cookie_and_few_tries() -> None:
    client = make_client(token=TOKEN)
    answers = [client.post("/api/v1/session", json={"token": "no"}) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert not any("set-cookie" in answer.headers for answer in answers)
    assert answers[-1].headers["retry-after"]


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": 7}, {"token": "x" * 2000}, [], "x"])
def test_what_is_no_login_is_said_without_repeating_it(body: object) -> None:
    answer = make_client(token=TOKEN).post("/api/v1/session", json=body)
    assert answer.status_code == 422
    assert "xxxx" not in answer.text


@pytest.mark.parametrize("cookie", ["", "x", "relook_session=", "relook_session=wrong", '";=,'])
def test_other_cookies_open_nothing(cookie: str) -> None:
    answer = make_client(token=TOKEN).get(ASKED, headers={"Cookie": cookie})
    assert answer.status_code == 401


def test_where_nothing_is_asked_for_logging_in_is_no_error() -> None:
    answer = make_client().post("/api/v1/session", json={"token": "whatever"})
    assert answer.status_code == 204
    assert "set-cookie" not in answer.headers


def test_sessions_expire_and_the_oldest_gives_way() -> None:
    now = [0.0]
    sessions = Sessions(seconds=10.0, most=2, clock=lambda: now[0])
    first, second = sessions.open(), sessions.open()
    assert sessions.knows(first)
    third = sessions.open()
    assert not sessions.knows(first)
    assert sessions.knows(second)
    now[0] = 10.0
    assert not sessions.knows(second)
    assert not sessions.knows(third)
    assert len(sessions) == 0
    assert len({first, second, third}) == 3
    assert min(map(len, (first, second, third))) >= 40
