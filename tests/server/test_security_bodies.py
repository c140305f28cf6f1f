"""Bodies are bounded, and have to arrive."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException

from relook.server.security import bodies
from relook.server.settings import ServerSettings
from server.probes import make_app, make_client

MEBI = 1 << 20


def test_what_fits_passes() -> None:
    answer = make_client(upload_bytes=MEBI).post("/api/v1/search", files={"image": b"x" * MEBI})
    assert (answer.status_code, answer.json()) == (200, MEBI)


@pytest.mark.parametrize(
    ("path", "field", "count"),
    [("/api/v1/search", "image", 2 * MEBI + 1), ("/api/v1/images", "images", 4 * MEBI + 1)],
)
def test_what_does_not_is_too_large(path: str, field: str, count: int) -> None:
    client = make_client(upload_bytes=MEBI, request_bytes=3 * MEBI)
    answer = client.post(path, files={field: b"x" * count})
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


def test_several_pictures_may_be_more_than_one() -> None:
    client = make_client(upload_bytes=MEBI, request_bytes=3 * MEBI)
    files = [("images", (f"{i}.jpg", b"x" * MEBI)) for i in range(3)]
    assert client.post("/api/v1/images", files=files).json() == 3 * MEBI


def test_what_was_announced_smaller_is_counted_as_it_comes() -> None:
    def parts() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        for _ in range(5):
            yield b"x" * MEBI

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = make_client(upload_bytes=MEBI).post("/api/v1/search", content=parts(), headers=headers)
    assert answer.status_code == 413


def test_json_is_never_large() -> None:
    content = b'{"number": 1, "more": "' + b"x" * 3 * MEBI + b'"}'
    answer = make_client().put(
        "/api/v1/things", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "٣", "1 1", "0x10"])
def test_a_length_has_to_be_a_number(length: str) -> None:
    headers = {"Content-Length": length.encode(), "Content-Type": "application/json"}
    assert make_client().put("/api/v1/things", content=b"", headers=headers).status_code == 400


def test_a_length_beyond_all_numbers_is_too_large() -> None:
    headers = {"Content-Length": "9" * 5000, "Content-Type": "application/json"}
    assert make_client().put("/api/v1/things", content=b"", headers=headers).status_code == 413


class Clock:
    """In place of the module ``time``: it goes on when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """How long bodies have been on their way."""
    clock = Clock()
    monkeypatch.setattr(bodies, "time", clock)
    return clock


def test_slow_bodies_are_given_up(clock: Clock) -> None:
    sent = asyncio.run(_post_slowly(clock, parts=3, pause=40.0, upload_seconds=60.0))
    assert sent == 408


def test_large_bodies_may_take_longer(clock: Clock) -> None:
    settings = {"upload_seconds": 60.0, "upload_bytes": 50}
    assert asyncio.run(_post_slowly(clock, parts=6, pause=40.0, **settings)) == 422


def test_a_body_that_stops_is_given_up() -> None:
    assert asyncio.run(send_slowly(make_app(upload_seconds=0.05), 1)) == 408


def test_uploaded_bytes_are_counted() -> None:
    client = make_client()
    client.post("/api/v1/search", files={"image": b"x" * 1000})
    lines = client.get("/api/v1/metrics").text.splitlines()
    counted = next(line for line in lines if line.startswith("relook_upload_bytes_total"))
    assert 1000 < float(counted.split()[1]) < 2000


def test_slow_bodies_take_no_room_from_requests_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_ARRIVING", 5)
    monkeypatch.setattr(bodies, "_ARRIVING_FROM_ONE", 3)

    async def crowd() -> list[int]:
        app, rest = make_app(), asyncio.Event()
        slow = [asyncio.create_task(send_slowly(app, 1, rest)) for _ in range(3)]
        await _settled()
        from_same = await send_slowly(app, 1)
        from_other = asyncio.create_task(send_slowly(app, 2, rest))
        await _settled()
        without = await send_slowly(app, 1, method="GET", path="/api/v1/health")
        rest.set()
        whole = await asyncio.gather(*slow, from_other)
        return [from_same, without, *whole, await send_slowly(app, 1, rest)]

    assert asyncio.run(crowd()) == [503, 200, 200, 200, 200, 200, 200]


def test_slow_bodies_give_way_to_others(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(bodies, "_ARRIVING_FROM_ONE", 3)

    async def crowd() -> list[int]:
        app = make_app()  # where a body may take a minute
        slow = [asyncio.create_task(send_slowly(app, 1)) for _ in range(3)]
        await _settled()
        clock.now += 2 * bodies._SURE_SECONDS
        more = [asyncio.create_task(send_slowly(app, 1)) for _ in range(2)]
        await _settled()
        done = [task for task in slow if task.done()]
        rest = [task for task in [*slow, *more] if not task.done()]
        assert len(rest) == 3
        for task in rest:
            task.cancel()
        return [task.result() for task in done]

    assert asyncio.run(crowd()) == [408, 408]


def test_a_body_may_be_too_late_and_give_way_at_the_same_moment() -> None:
    settings, ended = ServerSettings(upload_seconds=0.01), []
    body = bodies._Body(asyncio.Event().wait, limit=9, settings=settings, end=ended.append)

    async def both() -> None:
        waiting = asyncio.create_task(body.receive())
        given_way = asyncio.get_running_loop().create_future()
        await asyncio.sleep(0)
        time.sleep(0.02)
        asyncio.get_running_loop().call_later(0, lambda: given_way.set_result(body.give_up()))
        await given_way
        with pytest.raises(HTTPException, match="too long"):
            await waiting

    asyncio.run(both())
    assert ended == [body] * 2


async def _settled() -> None:
    """Let everybody go on as far as they get without more of a body."""
    for _ in range(200):
        await asyncio.sleep(0)


async def send_slowly(
    app: FastAPI,
    client: int,
    rest: asyncio.Event | None = None,
    *,
    method: str = "PUT",
    path: str = "/api/v1/things",
) -> int:
    """Send the head of a request, and the body after ``rest``; the status of the answer."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        await (rest or asyncio.Event()).wait()
        return {"type": "http.request", "body": b'{"number":1}', "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    length = [(b"content-length", b"12")] if method == "PUT" else []
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json"), *length],
        "client": (f"10.0.0.{client}", 5), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    await app(scope, receive, send)
    return statuses[0]


async def _post_slowly(clock: Clock, *, parts: int, pause: float, **settings: Any) -> int:
    """Send a body that is no JSON in parts of 100 bytes; the status of the answer."""
    left = parts
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        nonlocal left
        await asyncio.sleep(0)
        clock.now += pause
        left -= 1
        return {"type": "http.request", "body": b"x" * 100, "more_body": left > 0}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http", "http_version": "1.1", "method": "PUT", "path": "/api/v1/things",
        "raw_path": b"/api/v1/things", "query_string": b"", "root_path": "", "scheme": "http",
        "headers": [
            (b"host", b"localhost"), (b"content-type", b"application/json"),
            (b"transfer-encoding", b"chunked"),
        ],
        "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    await make_app(**settings)(scope, receive, send)
    return statuses[0]
