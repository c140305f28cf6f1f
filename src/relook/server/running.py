"""uvicorn with the limits and manners of a server that faces strangers."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from relook.server.connections import make_protocol

__all__ = ["make_server"]

_HEAD_BYTES = 16 << 10
_KEEP_ALIVE_SECONDS = 20
_CONNECTIONS = 2000
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

    for name in ("python_multipart", "multipart"):  # strangers' mistakes are none of ours
        logging.getLogger(name).setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        app,
        http=make_protocol(_connections(), certificate=certificate, key=key),
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
