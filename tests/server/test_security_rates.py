"""Nobody may ask more than their share."""

from __future__ import annotations

import pytest

from relook.server.security.layer import client_of
from relook.server.security.rates import Buckets
from server.probes import make_client


def test_a_bucket_empties_and_fills() -> None:
    now = [100.0]
    buckets = Buckets(rate=2.0, burst=3, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b") == 0
    now[0] += 0.5
    assert buckets.wait("a") == 0
    assert buckets.take("a") == 0
    assert buckets.take("a") == pytest.approx(0.5)
    now[0] += 100
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_the_table_of_clients_is_bounded() -> None:
    buckets = Buckets(rate=1.0, burst=1, most=10)
    for client in range(1000):
        buckets.take(str(client))
    assert len(buckets) == 10


@pytest.mark.usefixtures("no_time_passes")
def test_who_asks_too_much_is_told_when_to_come_again() -> None:
    client = make_client(rate=0.1, burst=3)
    answers = [client.get("/api/v1/fail") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].headers["retry-after"] == "10"
    assert answers[-1].json()["status"] == 429


@pytest.mark.usefixtures("no_time_passes")
def test_thumbnails_files_and_signs_of_life_are_cheap() -> None:
    client = make_client(rate=0.1, burst=3)
    for path in ("/api/v1/things/1/thumbnail", "/page.html", "/api/v1/health"):
        assert [client.get(path).status_code for _ in range(15)] == [200] * 15


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.168.1.7", "192.168.1.7"),
        ("::ffff:192.168.1.7", "192.168.1.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("somewhere", "somewhere"),
    ],
)
def test_one_household_is_one_client(address: str, counted: str) -> None:
    assert client_of({"client": (address, 1)}) == counted


def test_a_client_without_an_address_is_counted_too() -> None:
    assert client_of({"client": None}) == ""
