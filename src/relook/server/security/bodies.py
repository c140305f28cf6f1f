"""How large a body may be, and how long it may take to arrive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relook.server.problems import send_problem
from relook.server.security.layer import API, Layer, header
from relook.server.settings import ServerSettings

__all__ = ["BodyLayer"]

_PLAIN = 2 << 20
"""Bytes of a body without files."""
_BESIDE = 1 << 20
"""Bytes of what is sent beside one file."""
_CLOSE = {"Connection": "close"}
"""Nobody wants to read the rest."""


class BodyLayer(Layer):
    """Answers 413 to bodies that are too large, 408 to those that come too slowly.

    Every ``upload_bytes`` that arrived earn ``upload_seconds`` more.
    """

    def __init__(
        self, app: ASGIApp, *, settings: ServerSettings, arrived: Callable[[int], None]
    ) -> None:
        super().__init__(app)
        self._settings = settings
        self._arrived = arrived

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        limit = self._limit(scope)
        declared = header(scope, b"content-length") or "0"
        if not (declared.isascii() and declared.isdigit()):
            await send_problem(send, 400, "Content-Length has to be a number", headers=_CLOSE)
        elif len(declared) > 18 or int(declared) > limit:
            await send_problem(send, 413, _too_large(limit), headers=_CLOSE)
        else:
            body = _Body(receive, limit=limit, settings=self._settings)
            try:
                await self.app(scope, body.receive, send)
            finally:
                self._arrived(body.bytes)

    def _limit(self, scope: Scope) -> int:
        if not (header(scope, b"content-type") or "").lower().startswith("multipart/"):
            return _PLAIN
        if scope["path"] == f"{API}/images":
            return self._settings.request_bytes + _BESIDE
        return self._settings.upload_bytes + _BESIDE


class _Body:
    """A body that is counted and timed while it arrives."""

    def __init__(self, receive: Receive, *, limit: int, settings: ServerSettings) -> None:
        self.bytes = 0
        self._receive = receive
        self._limit = limit
        self._settings = settings
        self._started = time.monotonic()
        self._whole = False

    async def receive(self) -> Message:
        """The next part; after the last one, waits for the client to hang up, as long as it takes.

        Raises:
            HTTPException: 408 or 413, which FastAPI passes on from wherever a body is read.
        """
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(self._seconds_left()):
                message = await self._receive()
        except TimeoutError:
            self._whole = True
            detail = "the request took too long to arrive; send less, or by a faster way"
            raise HTTPException(408, detail, _CLOSE) from None
        if message["type"] == "http.request":
            self.bytes += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
        if self.bytes > self._limit:
            self._whole = True
            raise HTTPException(413, _too_large(self._limit), _CLOSE)
        return message

    def _seconds_left(self) -> float:
        settings = self._settings
        earned = settings.upload_seconds * (1 + self.bytes / settings.upload_bytes)
        return max(0.0, self._started + earned - time.monotonic())


def _too_large(limit: int) -> str:
    return f"the request is larger than {limit:,} bytes; send less at a time"
