"""Connections of strangers: bounded in number, and in what they may take their time for."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from relook.server.problems import PROBLEM_TYPE, Problem

__all__ = ["make_protocol"]

_HEAD_SECONDS = 15.0
"""That the head of a request may take to arrive."""
_READ_SECONDS = 60.0
"""That a client may take to read some of what waits for it."""
_NO_HTTP = Problem(
    title="Bad Request", status=400, detail="this is no HTTP/1.1; look at what sent it"
).model_dump_json().encode()  # fmt: skip


class ImpatientH11(H11Protocol):
    """HTTP/1.1 that hangs up on whoever takes too long to ask, or to read what they asked for.

    uvicorn itself waits forever for both.
    """

    most: ClassVar[int]

    _heard: float = 0.0
    _patience: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._heard = self.loop.time()
        self._make_room()
        self._wait()

    def data_received(self, data: bytes) -> None:
        self._heard = self.loop.time()
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._unread is not None:
            self._unread.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Called when much of an answer waits for the client to read."""
        super().pause_writing()
        self._unread = self.loop.call_later(_READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Called when it has read some."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP like every other mistake."""
        del msg
        headers = [
            (b"content-type", PROBLEM_TYPE.encode()),
            (b"content-length", str(len(_NO_HTTP)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),
        ]
        head = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (head, h11.Data(data=_NO_HTTP), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _make_room(self) -> None:
        """Whoever opens many connections and asks nothing keeps nobody else out."""
        if len(self.connections) <= self.most:
            return
        here: Any = [one for one in self.connections if not one.transport.is_closing()]
        if len(here) > self.most:
            quiet = (one for one in here if not one._is_answering())
            min(quiet, key=lambda one: one._heard).transport.abort()

    def _wait(self) -> None:
        """Run the clock while no request is being answered, from the first byte on."""
        if self._is_answering() or self.transport.is_closing():
            self._stop_waiting()
        elif self._patience is None:
            self._patience = self.loop.call_later(_HEAD_SECONDS, self._hang_up)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _hang_up(self) -> None:
        self._patience = None
        if not self._is_answering():
            self.transport.close()

    def _is_answering(self) -> bool:
        cycle: Any = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete


class SecureH11(ImpatientH11):
    """The same by TLS. A handshake has to come in time like the head of a request, and counts too.

    asyncio's own way to serve TLS shows a connection only after its handshake.
    """

    context: ClassVar[ssl.SSLContext]

    _is_secure: bool = False
    _early: bytes = b""
    _task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self._heard = self.loop.time()
        self.connections.add(self)
        self._make_room()
        self._task = self.loop.create_task(self._shake_hands(transport))

    def data_received(self, data: bytes) -> None:
        if self._is_secure:
            super().data_received(data)
        else:  # it comes with the end of the handshake
            self._early += data

    def eof_received(self) -> None:
        if self._is_secure:
            super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_secure:
            super().connection_lost(exc)
        else:
            self.connections.discard(self)

    async def _shake_hands(self, plain: asyncio.Transport) -> None:
        try:
            secure = await self.loop.start_tls(
                plain,
                self,
                self.context,
                server_side=True,
                ssl_handshake_timeout=_HEAD_SECONDS,
            )
        except (OSError, EOFError):  # no TLS, too late, or gone
            secure = None
        if secure is None or secure.is_closing():
            self.connections.discard(self)
            plain.abort()
            return
        self._is_secure = True
        super().connection_made(secure)
        if self._early:
            super().data_received(self._early)


def make_protocol(
    most: int, *, certificate: Path | None = None, key: Path | None = None
) -> type[H11Protocol]:
    """The protocol of a server.

    Args:
        most: connections that may be open; past them, the one that was quiet longest is closed for
            a new one.
        certificate: PEM file for TLS; plain HTTP without.
        key: PEM file of its private key, where that is another one.
    """
    if certificate is None:
        return type("PlainProtocol", (ImpatientH11,), {"most": most})
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return type("SecureProtocol", (SecureH11,), {"most": most, "context": context})
