"""By which names the server may be called.

A page elsewhere can let its own name point at this computer (DNS rebinding), and would then count
as being of our origin. So the name has to be one that we know.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from relook.server.problems import send_problem
from relook.server.security.layer import Layer

__all__ = ["HostLayer", "split_host"]

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>\d{1,5}))?")


class HostLayer(Layer):
    """Lets pass what is addressed to loopback, to the address it came in at, or to a known name."""

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str]) -> None:
        super().__init__(app)
        known = [split_host(host) or split_host(f"[{host}]") for host in hosts]
        self._known = {one for one in known if one is not None}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        given = [value for name, value in scope["headers"] if name == b"host"]
        host = split_host(given[0].decode("latin-1")) if len(given) == 1 else None
        if host is None:
            await send_problem(send, 400, "the request needs one Host header, such as localhost")
        elif not self._is_ours(*host, scope):
            await send_problem(
                send, 421, "the server is not called that; start it with --allow-host NAME"
            )
        else:
            await self.app(scope, receive, send)

    def _is_ours(self, name: str, port: str, scope: Scope) -> bool:
        if name == "localhost" or {(name, port), (name, "")} & self._known:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        # An address cannot be rebound: a browser that names it has connected to it.
        server = scope.get("server")
        return address.is_loopback or (server is not None and name == _plain(str(server[0])))


def split_host(text: str) -> tuple[str, str] | None:
    """(name, port or nothing) of a Host header; None for what is none."""
    found = _HOST.fullmatch(text.strip())
    if found is None:
        return None
    return _plain(found["name"]), found["port"] or ""


def _plain(name: str) -> str:
    """One spelling of a name or an address."""
    bare = name.strip("[]").partition("%")[0].lower().rstrip(".")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return bare
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
