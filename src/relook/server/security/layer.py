"""What the layers around the routes share: reading the head of a request."""

from __future__ import annotations

import ipaddress

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["API", "SAFE", "Layer", "client_of", "header", "is_api", "path_of"]

API = "/api/v1"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


class Layer:
    """Wraps an application: what is no request passes, the rest goes to :meth:`handle`.

    Layers are plain ASGI, so that streams and server-sent events pass through them untouched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server, as ASGI says."""
        if scope["type"] == "http":
            await self.handle(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it pass."""
        raise NotImplementedError


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of this name (in lower case)."""
    found = (value for key, value in scope["headers"] if key == name)
    value = next(found, None)
    return None if value is None else value.decode("latin-1").strip()


def path_of(scope: Scope) -> str:
    """The path as the routes see it: below the one that the application is mounted at, if any."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    rest = path.removeprefix(root)
    return rest if not rest or rest.startswith("/") else path


def is_api(scope: Scope) -> bool:
    """Whether a request asks the REST interface; everything else can only be a file of the page."""
    path = path_of(scope)
    return path == "/api" or path.startswith("/api/")


def client_of(scope: Scope) -> str:
    """Whom limits count: an address, or the network of one household (IPv6, /64)."""
    client = scope.get("client")
    if not client:
        return ""
    try:
        address = ipaddress.ip_address(client[0].partition("%")[0])
    except ValueError:
        return str(client[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
