"""How large a body may be, and how long it may take to arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relook.server.problems import send_problem
from relook.server.security.layer import API, Layer, client_of, header, path_of
from relook.server.settings import ServerSettings

__all__ = ["BodyLayer"]

_PLAIN = 2 << 20
"""Bytes of a body without files."""
_BESIDE = 1 << 20
"""Bytes of what is sent beside one file."""
_ARRIVING, _ARRIVING_FROM_ONE = 200, 100
"""Bodies that may be on their way, so that slow ones cannot take all the room there is."""
_SURE_SECONDS = 3.0
"""That a body may be on its way before another may take its place."""
_CLOSE = {"Connection": "close"}
"""Nobody wants to read the rest."""


class BodyLayer(Layer):
    """Answers 413 to bodies that are too large, 408 to those that come too slowly.

    Every ``upload_bytes`` that arrived earn ``upload_seconds`` more. Where many are on their way,
    the slowest gives way to the next one; what has no body is answered meanwhile.
    """

    def __init__(
        self, app: ASGIApp, *, settings: ServerSettings, arrived: Callable[[int], None]
    ) -> None:
        super().__init__(app)
        self._settings = settings
        self._arrived = arrived
        self._arriving: dict[_Body, str] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        limit = self._limit(scope)
        declared = header(scope, b"content-length") or "0"
        if not (declared.isascii() and declared.isdigit()):
            await send_problem(send, 400, "Content-Length has to be a number", headers=_CLOSE)
        elif len(declared) > 18 or int(declared) > limit:
            await send_problem(send, 413, _too_large(limit), headers=_CLOSE)
        elif declared == "0" and header(scope, b"transfer-encoding") is None:
            await self.app(scope, receive, send)
        else:
            await self._pass(scope, receive, send, limit)

    async def _pass(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        client = client_of(scope)
        if not self._has_room(client):
            await send_problem(
                send, 503, "the server is busy; try again in a moment", headers={"Retry-After": "2"}
            )
            return
        body = _Body(receive, limit=limit, settings=self._settings, end=self._end)
        self._arriving[body] = client
        try:
            await self.app(scope, body.receive, send)
        finally:
            body.end()
            self._arrived(body.bytes)

    def _has_room(self, client: str) -> bool:
        own = [body for body, whose in self._arriving.items() if whose == client]
        if len(own) < _ARRIVING_FROM_ONE and len(self._arriving) < _ARRIVING:
            return True
        rivals = own if len(own) >= _ARRIVING_FROM_ONE else list(self._arriving)
        slow = [body for body in rivals if body.seconds > _SURE_SECONDS]
        if slow:
            min(slow, key=lambda body: body.bytes / body.seconds).give_up()
        return bool(slow)

    def _end(self, body: _Body) -> None:
        self._arriving.pop(body, None)

    def _limit(self, scope: Scope) -> int:
        if not (header(scope, b"content-type") or "").lower().startswith("multipart/"):
            return _PLAIN
        if path_of(scope) == f"{API}/images":
            return self._settings.request_bytes + _BESIDE
        return self._settings.upload_bytes + _BESIDE


class _Body:
    """A body that is counted and timed while it arrives; ``end`` is called when it is done."""

    def __init__(
        self,
        receive: Receive,
        *,
        limit: int,
        settings: ServerSettings,
        end: Callable[[_Body], None],
    ) -> None:
        self.bytes = 0
        self._receive = receive
        self._limit = limit
        self._settings = settings
        self._started = time.monotonic()
        self._whole = False
        self._late = False
        self._tell = end
        self._waiting: asyncio.Timeout | None = None

    @property
    def seconds(self) -> float:
        """For which it has been on its way."""
        return time.monotonic() - self._started

    def end(self) -> None:
        """Nothing more is waited for."""
        self._whole = True
        self._tell(self)

    def give_up(self) -> None:
        """Let it be too late."""
        self._late = True
        self._tell(self)
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(asyncio.get_running_loop().time())

    async def receive(self) -> Message:
        """The next part; after the last one, waits for the client to hang up, as long as it takes.

        Raises:
            HTTPException: 408 or 413, which FastAPI passes on from wherever a body is read.
        """
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(self._seconds_left()) as self._waiting:
                message = await self._receive()
        except TimeoutError:
            self.end()
            detail = "the request took too long to arrive; send less, or by a faster way"
            raise HTTPException(408, detail, _CLOSE) from None
        finally:
            self._waiting = None
        if message["type"] == "http.request":
            self.bytes += len(message.get("body", b""))
        if self.bytes > self._limit:
            self.end()
            raise HTTPException(413, _too_large(self._limit), _CLOSE)
        if not message.get("more_body", False):
            self.end()
        return message

    def _seconds_left(self) -> float:
        if self._late:
            return 0.0
        settings = self._settings
        earned = settings.upload_seconds * (1 + self.bytes / settings.upload_bytes)
        return max(0.0, earned - self.seconds)


def _too_large(limit: int) -> str:
    return f"the request is larger than {limit:,} bytes; send less at a time"
