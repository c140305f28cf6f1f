"""uvicorn with the limits and manners of a server that faces strangers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["make_server"]

_HEAD_SECONDS = 15.0
"""That the head of a request may take to arrive."""
_READ_SECONDS = 60.0
"""That a client may take to read some of what waits for it."""
_HEAD_BYTES = 16 << 10
_KEEP_ALIVE_SECONDS = 20
_CONNECTIONS = 2000
"""That may be open; past them, the one that was quiet longest is closed for a new one."""
_ACCEPTED, _WAITING = 64, 1024
"""Connections that asyncio accepts in one go, and that the system keeps waiting for that."""
_OTHER_FILES = 512
"""Files that the server needs for other things, and until it has closed what is too much."""
_LAST_SECONDS = 2
"""That answers under way have to end in when the server is stopped."""


class Server(uvicorn.Server):
    """Says when it is ready, and tells endless answers to end before it waits for them."""

    def __init__(self, config: uvicorn.Config, *, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(_WAITING)
        if self.started and not self.should_exit:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop; streams see it first."""
        app: Any = self.config.app
        app.state.service.stopping.set()
        await super().shutdown(sockets)


class ImpatientH11(H11Protocol):
    """HTTP/1.1 that hangs up on whoever takes too long to ask, or to read what they asked for.

    uvicorn itself waits forever for both.
    """

    most: ClassVar[int] = _CONNECTIONS

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


def make_server(
    app: FastAPI,
    *,
    ready: Callable[[], None] = lambda: None,
    verbose: bool = False,
    certificate: Path | None = None,
    key: Path | None = None,
) -> Server:
    """A server of one process for ``run(sockets)``; it stops on Ctrl-C.

    Args:
        app: to serve.
        ready: called when it listens.
        verbose: log every request.
        certificate: PEM file for TLS; plain HTTP without.
        key: PEM file of its private key, where that is another one.
    """
    if verbose:
        _tell_all()

    class Protocol(ImpatientH11):
        most = _connections()

    for name in ("python_multipart", "multipart"):  # strangers' mistakes are none of ours
        logging.getLogger(name).setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        log_level="info" if verbose else "error",
        access_log=verbose,
        proxy_headers=False,
        server_header=False,
        backlog=_ACCEPTED,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_LAST_SECONDS,
        h11_max_incomplete_event_size=_HEAD_BYTES,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    return Server(config, ready=ready)


def _tell_all() -> None:
    """Show every request on stderr; without it, Python shows what goes wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    for name in ("relook.server", "uvicorn"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.addHandler(handler)


def _connections() -> int:
    """How many connections may be open: each is a file, of which a process may have so many."""
    try:
        import resource  # noqa: PLC0415 - only Unix has it
    except ImportError:
        return _CONNECTIONS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
        return max(16, min(_CONNECTIONS, soft - _OTHER_FILES))
    return _CONNECTIONS
