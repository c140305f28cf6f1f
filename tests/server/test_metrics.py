"""What the server did, for Prometheus."""

from __future__ import annotations

import math

import pytest

from relook.server.watching.metrics import Metrics
from server.probes import TOKEN, make_client


def _lines(text: str) -> set[str]:
    return {line for line in text.splitlines() if not line.startswith("#")}


def test_requests_are_counted_by_template_and_never_by_what_was_asked() -> None:
    client = make_client(ZeroDivisionError())
    for number in (1, 2):
        client.get(f"/api/v1/things/{number}/thumbnail")
    client.get("/api/v1/fail")
    client.get("/api/v1/nobody/asked/this")
    client.get("/page.html")
    client.request("BREW", "/api/v1/health")
    answer = client.get("/api/v1/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines, head = _lines(answer.text), "relook_requests_total"
    template = "/api/v1/things/{number}/thumbnail"
    assert f'{head}{{method="GET",route="{template}",status="200"}} 2.0' in lines
    assert f'{head}{{method="GET",route="/api/v1/fail",status="500"}} 1.0' in lines
    assert f'{head}{{method="GET",route="none",status="404"}} 1.0' in lines
    assert f'{head}{{method="GET",route="page",status="200"}} 1.0' in lines
    assert f'relook_request_seconds_count{{route="{template}"}} 2.0' in lines
    assert "asked" not in answer.text
    assert "BREW" not in answer.text


@pytest.mark.usefixtures("no_time_passes")
def test_refusals_are_counted() -> None:
    client = make_client(rate=0.1, burst=1)
    for _ in range(3):
        client.get("/api/v1/fail")
    text = client.app.state.service.metrics.text().decode()
    assert 'status="429"} 2.0' in text


def test_numbers_that_are_watched_are_read_when_asked_for() -> None:
    metrics, values = Metrics(), iter([3.0, 4.0])
    metrics.watch("relook_waiting", "Requests that wait.", lambda: next(values))
    assert b"\nrelook_waiting 3.0" in metrics.text()
    assert b"\nrelook_waiting 4.0" in metrics.text()


def test_a_number_that_cannot_be_read_does_not_hide_the_others() -> None:
    def fail() -> float:
        raise OSError

    metrics = Metrics()
    metrics.watch("relook_waiting", "Requests that wait.", fail)
    metrics.upload_bytes.inc(7)
    text = metrics.text().decode()
    waiting = next(line for line in text.splitlines() if line.startswith("relook_waiting"))
    assert math.isnan(float(waiting.split()[1]))
    assert "relook_upload_bytes_total 7.0" in text


def test_two_applications_count_apart() -> None:
    one, other = make_client(), make_client()
    one.get("/api/v1/health")
    assert "/api/v1/health" not in other.get("/api/v1/metrics").text


def test_strangers_see_no_numbers() -> None:
    assert make_client(token=TOKEN).get("/api/v1/metrics").status_code == 401
