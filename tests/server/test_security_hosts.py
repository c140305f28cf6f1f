"""Only names that we know lead to the server (DNS rebinding)."""

from __future__ import annotations

import pytest

from relook.server.security.hosts import split_host
from server.probes import make_client


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8000", "localhost:9", "LOCALHOST", "localhost.", "[::1]:8000",
     "127.0.0.2", "photos.lan", "Photos.LAN:80", "other.lan:8443"],
)  # fmt: skip
def test_loopback_and_known_names_pass(host: str) -> None:
    client = make_client(hosts=("photos.lan", "other.lan:8443", "::"))
    assert client.get("/api/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "other.lan:8000",
     "other.lan", "192.168.1.7", "8.8.8.8:8000", "[2001:db8::1]"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/page.html"])
def test_other_names_are_misdirected(host: str, path: str) -> None:
    client = make_client(hosts=("photos.lan", "other.lan:8443"))
    assert client.get(path, headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["", "a b", "localhost/x", "user@localhost", "[::1", "a:b:c", "ä"])
def test_what_is_no_name_is_bad(host: str) -> None:
    answer = make_client().get("/api/v1/health", headers={"Host": host.encode()})
    assert answer.status_code == 400


def test_two_names_are_bad() -> None:
    headers = [("Host", "localhost"), ("Host", "evil.example")]
    assert make_client().get("/api/v1/health", headers=headers).status_code == 400


def test_an_address_is_ours_when_the_connection_came_in_there() -> None:
    client = make_client()
    client.base_url = "http://192.168.1.7:8000"  # the test client connects to what it names
    assert client.get("/api/v1/health").status_code == 200
    client.base_url = "http://evil.example:8000"
    assert client.get("/api/v1/health").status_code == 421


def test_hosts_are_split_into_name_and_port() -> None:
    assert split_host("[::1]:80") == ("::1", "80")
    assert split_host("[0:0:0:0:0:0:0:1]") == ("::1", "")
    assert split_host("A.b.") == ("a.b", "")
    assert split_host("a:123456") is None
