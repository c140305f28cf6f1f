"""A real server on a real port, and what strangers do to it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import trustme
from starlette.responses import Response, StreamingResponse

from relook.server import connections, running
from relook.server.assets import Asset
from relook.server.routes import page
from server.probes import TOKEN, make_app

PATIENCE = 60.0
"""Seconds after which a test has failed; none waits as long as that for what is right."""


@contextmanager
def served(
    *, certificate: Path | None = None, key: Path | None = None, **settings: Any
) -> Iterator[SimpleNamespace]:
    """Runs a server in a thread: its ``port``, ``server`` and ``thread``; a flood has ``begun``."""
    app = make_app(**settings)
    app.state.service.stopping = threading.Event()
    app.state.assets = {"": Asset(b"the page", None, "text/html; charset=utf-8", '"1"')}

    @app.get("/api/v1/endless")
    async def endless() -> StreamingResponse:
        async def ticks() -> AsyncIterator[str]:
            while not app.state.service.stopping.is_set():
                yield "data: x\n\n"
                await asyncio.sleep(0.02)
            yield "event: end\n\n"

        return StreamingResponse(ticks(), media_type="text/event-stream")

    begun = threading.Event()

    @app.get("/api/v1/flood")
    async def flood() -> Response:
        begun.set()
        return Response(b"x" * (64 << 20))

    @app.get("/api/v1/forever")
    async def forever() -> None:
        await asyncio.sleep(1000)

    app.include_router(page.router)
    ready = threading.Event()
    server = running.make_server(app, ready=ready.set, certificate=certificate, key=key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        assert ready.wait(PATIENCE)
        try:
            yield SimpleNamespace(port=port, server=server, thread=thread, begun=begun)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with served(upload_seconds=0.3, upload_bytes=1000, token=TOKEN) as found:
        yield found.port


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the server hangs up."""
    received = b""
    with suppress(ConnectionError):
        while part := connection.recv(65536):
            received += part
    return received


def exchange(port: int, request: bytes) -> bytes:
    with connect(port) as connection:
        with suppress(ConnectionError):
            connection.sendall(request)
        return read_all(connection)


def get(port: int, target: str, *headers: str, host: str = "localhost") -> bytes:
    lines = (f"GET {target} HTTP/1.1", f"Host: {host}", "Connection: close", *headers, "", "")
    return exchange(port, "\r\n".join(lines).encode("latin-1"))


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_the_page_and_the_interface_are_there(port: int) -> None:
    assert get(port, "/").endswith(b"the page")
    answer = get(port, "/api/v1/health")
    assert status(answer) == 200
    assert b"\r\nserver:" not in answer.lower()
    assert b"\r\nx-frame-options: DENY" in answer


@pytest.mark.parametrize(
    "target",
    ["/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd", "//etc/passwd",
     "/%2fetc%2fpasswd", "/..%5c..%5cetc", "/%00", "/index.html%00", "/a%ff%fe", "/.git/config",
     "/%c0%ae%c0%ae/etc/passwd", "/....//etc/passwd", "/;/etc/passwd", "/" + "a" * 8000],
)  # fmt: skip
def test_tricks_with_paths_find_nothing(port: int, target: str) -> None:
    answer = get(port, target)
    assert status(answer) == 404
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "target",
    ["/api/v1/metrics", "/api/v1/../v1/metrics", "/api/v1/./metrics", "/api/v1/%6detrics",
     "/api%2fv1%2fmetrics", "/api/v1/metrics?a=/../health", "/api/v1/metrics%00",
     "/api/v1/health%2f..%2fmetrics", "/api/v1/metrics#/api/v1/health"],
)  # fmt: skip
def test_tricks_with_paths_open_nothing(port: int, target: str) -> None:
    answer = get(port, target)
    assert status(answer) in (400, 401)
    assert b"relook_requests" not in answer


@pytest.mark.parametrize("target", ["//api/v1/metrics", "/x/../api/v1/metrics", "/API/v1/metrics"])
def test_other_spellings_are_other_addresses(port: int, target: str) -> None:
    answer = get(port, target)
    assert status(answer) == 404
    assert b"relook_requests" not in answer


def test_an_absolute_address_does_not_get_around_the_host(port: int) -> None:
    target = f"http://evil.example:{port}/api/v1/health"
    assert status(get(port, target, host="evil.example")) == 421
    assert status(get(port, "/", host="evil.example")) == 421


@pytest.mark.parametrize(
    "request_",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\x00c\r\n\r\n",
        b"PUT /api/v1/things HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"PUT / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
    ],
    ids=lambda value: repr(value[:40]),
)
def test_what_is_no_request_is_refused(port: int, request_: bytes) -> None:
    answer = exchange(port, request_)
    assert answer == b"" or 400 <= status(answer) < 500
    assert status(get(port, "/")) == 200


@pytest.mark.parametrize("given", ["Bearer wrong", f"Basic {TOKEN}", "Bearer \xe4"])
def test_wrong_tokens_open_nothing(port: int, given: str) -> None:
    assert status(get(port, "/api/v1/metrics", f"Authorization: {given}")) == 401


def test_the_right_token_opens(port: int) -> None:
    assert status(get(port, "/api/v1/metrics", f"Authorization: Bearer {TOKEN}")) == 200


def _head(length: int) -> bytes:
    return (
        f"PUT /api/v1/things HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def test_a_body_that_drips_is_given_up_and_the_line_is_cut(port: int) -> None:
    answer = b""
    with connect(port) as connection:
        connection.sendall(_head(1000))
        with suppress(ConnectionError):
            drip(connection, b" ")
        with suppress(ConnectionError):
            answer = read_all(connection)
    # Writing after the line was cut may lose what was answered before.
    assert answer == b"" or status(answer) == 408


def drip(connection: socket.socket, byte: bytes) -> None:
    """Send a byte now and then, until the server cuts the line."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        connection.sendall(byte)
        time.sleep(0.02)
    pytest.fail("nobody lost patience")


def test_a_body_that_stops_gets_408(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(_head(1000) + b'{"number"')
        assert status(read_all(connection)) == 408


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n",
     b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 30_000],
)  # fmt: skip
def test_what_is_no_http_is_a_problem(port: int, sent: bytes) -> None:
    answer = exchange(port, sent)
    assert status(answer) == 400
    assert b"application/problem+json" in answer
    assert b'"status":400' in answer


def test_a_body_that_is_announced_too_large_is_not_waited_for(port: int) -> None:
    with connect(port) as connection:
        connection.sendall(_head(1 << 40))
        assert status(read_all(connection)) == 413


def test_who_hangs_up_in_between_harms_nobody(port: int) -> None:
    for sent in (b"", b"G", b"GET / HT", _head(100), _head(100) + b"{"):
        with connect(port) as connection:
            connection.sendall(sent)
    assert status(get(port, "/")) == 200


def test_a_head_that_never_ends_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with served() as found, ExitStack() as stack:
        second = stack.enter_context(connect(found.port))
        second.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while b"the page" not in received:
            received += (part := second.recv(65536))
            assert part
        monkeypatch.setattr(connections, "_HEAD_SECONDS", 0.2)
        second.sendall(b"GET / HTTP/1.1\r\nHo")
        silent, dripping = (stack.enter_context(connect(found.port)) for _ in range(2))
        for connection in (silent, second):
            assert read_all(connection) == b""
        with suppress(ConnectionError):
            drip(dripping, b"G")


def test_a_slow_answer_is_not_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_HEAD_SECONDS", 0.2)
    with served() as found, ExitStack() as stack:
        connection = begin_endless(found.port, stack)
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            assert connection.recv(1024)


def begin_endless(port: int, stack: ExitStack) -> socket.socket:
    """Ask for an answer without end; where we are too slow to ask in time, once more."""
    while True:
        connection = stack.enter_context(connect(port))
        with suppress(ConnectionError):
            connection.sendall(b"GET /api/v1/endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if b"200 OK" in connection.recv(1024):
                return connection


def test_an_answer_that_nobody_reads_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_READ_SECONDS", 0.1)
    with served() as found, connect(found.port) as connection:
        connection.sendall(b"GET /api/v1/flood HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert found.begun.wait(PATIENCE)
        wait_until(lambda: not found.server.server_state.connections)
        assert len(read_all(connection)) < 64 << 20


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_many_clients_are_all_answered(port: int) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(connect(port)) for _ in range(200)]
        for connection in crowd:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert {status(read_all(connection)) for connection in crowd} == {200}


def test_connections_that_ask_nothing_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_connections", lambda: 5)
    with served() as found, ExitStack() as stack:
        busy = begin_endless(found.port, stack)
        idle = [stack.enter_context(connect(found.port)) for _ in range(20)]
        assert status(get(found.port, "/")) == 200
        assert read_all(idle[0]) == b""
        assert busy.recv(1024)
        wait_until(lambda: len(found.server.server_state.connections) <= 5)


def test_handshakes_that_never_come_keep_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_connections", lambda: 5)
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    files = {"certificate": tmp_path / "cert.pem", "key": tmp_path / "key.pem"}
    issued.cert_chain_pems[0].write_to_path(files["certificate"])
    issued.private_key_pem.write_to_path(files["key"])
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    with served(**files) as found, ExitStack() as stack:
        idle = [stack.enter_context(connect(found.port)) for _ in range(20)]
        stack.enter_context(connect(found.port)).sendall(b"GET / HTTP/1.1\r\n\r\n")
        with httpx.Client(base_url=f"https://127.0.0.1:{found.port}", verify=trust) as client:
            assert client.get("/").text == "the page"
            thing = {"number": 5, "more": "x" * 1_000_000}
            assert client.put("/api/v1/things", json=thing).json() == {"number": 5}
        assert [read_all(one) for one in idle[:15]] == [b""] * 15  # they made room
        monkeypatch.setattr(connections, "_HEAD_SECONDS", 0.1)
        with connect(found.port) as late:
            assert read_all(late) == b""


def test_a_server_that_is_stopped_lets_streams_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_LAST_SECONDS", PATIENCE)
    with served() as found, ExitStack() as stack:
        connection = begin_endless(found.port, stack)
        found.server.should_exit = True
        assert b"event: end" in read_all(connection)


def test_a_server_that_is_stopped_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(running, "_LAST_SECONDS", 0.1)
    with served() as found, connect(found.port) as slow, connect(found.port) as stuck:
        slow.sendall(_head(1000))
        stuck.sendall(b"GET /api/v1/forever HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: len(found.server.server_state.tasks) == 2)
        found.server.should_exit = True
        found.thread.join(PATIENCE)
        assert not found.thread.is_alive()


def test_an_error_in_the_middle_of_an_answer_ends_it(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        answer = client.get("/api/v1/stream", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.text.count("data:") == 3
