"""Who does not know the token gets nothing but the page and a sign of life."""

from __future__ import annotations

import hmac

import pytest

from relook.core.errors import UsageError
from relook.server.security.tokens import is_token
from relook.server.settings import ServerSettings
from server.probes import TOKEN, make_client

ASKED = "/api/v1/things/1/thumbnail"


def test_without_a_token_in_the_settings_everybody_may_ask() -> None:
    assert make_client().get(ASKED).status_code == 200


def test_strangers_are_challenged() -> None:
    answer = make_client(token=TOKEN).get(ASKED)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert answer.json()["status"] == 401


@pytest.mark.parametrize("path", ["/page.html", "/api/v1/health"])
def test_the_page_and_health_are_public(path: str) -> None:
    assert make_client(token=TOKEN).get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/v1/", "/api/v1/health/", "/api/v1/openapi.json", "/api/v1/metrics",
     "/api/v1/nothing", "/api/v1/%68ealth2", "/api//v1/health", "/api/v1/health/../metrics"],
)  # fmt: skip
def test_everything_else_of_the_interface_is_not(path: str) -> None:
    assert make_client(token=TOKEN).get(path).status_code == 401


def test_the_token_opens() -> None:
    client = make_client(token=TOKEN)
    for scheme in ("Bearer", "bearer", "BEARER"):
        headers = {"Authorization": f"{scheme} {TOKEN}"}
        assert client.get(ASKED, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}",
     f"Bearer {TOKEN.upper()}", "Bearer \xff", "Bearer " + "x" * 5000],
)  # fmt: skip
def test_anything_else_does_not(given: str) -> None:
    headers = {"Authorization": given.encode("latin-1")}
    assert make_client(token=TOKEN).get(ASKED, headers=headers).status_code == 401


def test_tokens_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    assert is_token(TOKEN, TOKEN)
    assert not is_token("wröng \udcff", TOKEN)
    assert compared[0] == (TOKEN.encode(), TOKEN.encode())
    assert all(isinstance(one, bytes) for pair in compared for one in pair)


def test_who_guesses_has_to_wait_and_who_knows_the_token_has_not() -> None:
    client = make_client(token=TOKEN)
    answers = [client.get(ASKED, headers={"Authorization": f"Bearer wrong{i}"}) for i in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert client.get(ASKED, headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
    assert client.post("/api/v1/session", json={"token": "wrong"}).status_code == 429
    assert client.post("/api/v1/session", json={"token": TOKEN}).status_code == 204
    assert client.get(ASKED).status_code == 200


def test_a_flood_of_guesses_uses_up_nothing_of_those_who_are_known() -> None:
    client = make_client(token=TOKEN, rate=0.01, burst=5)
    assert client.post("/api/v1/session", json={"token": TOKEN}).status_code == 204
    cookies, known = dict(client.cookies), {"Authorization": f"Bearer {TOKEN}"}
    client.cookies.clear()
    while client.get("/api/v1/fail", headers={"Authorization": "Bearer x"}).status_code == 401:
        pass
    assert client.get("/api/v1/fail", headers=known).status_code == 200
    client.cookies.update(cookies)
    assert client.get("/api/v1/fail").status_code == 200
    client.cookies.update({"relook_session": "made up"})
    assert client.get("/api/v1/fail").status_code == 429


@pytest.mark.parametrize("token", ["", "fifteen letters", "x" * 40, "abcabcabcabcabcabc"])
def test_a_token_that_could_be_guessed_is_none(token: str) -> None:
    with pytest.raises(UsageError, match="make one with"):
        ServerSettings(token=token)
