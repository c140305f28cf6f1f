"""Requests that another site makes in the name of whoever looks at it."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from relook.server.problems import send_problem
from relook.server.security.hosts import split_host
from relook.server.security.layer import SAFE, Layer, header, is_api

__all__ = ["OriginLayer"]

_ELSEWHERE = frozenset({"cross-site", "same-site"})
"""``same-site`` is another port or a sister domain: not ours either."""
_PORTS = {"http": "80", "https": "443"}


class OriginLayer(Layer):
    """Refuses what browsers say comes from elsewhere: changes, and any use of the interface.

    Programs send neither header and pass. The page itself may be linked to.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        guarded = scope["method"] not in SAFE or is_api(scope)
        if guarded and _is_foreign(scope):
            await send_problem(
                send, 403, "requests from other sites are refused; use the server's own page"
            )
        else:
            await self.app(scope, receive, send)


def _is_foreign(scope: Scope) -> bool:
    if header(scope, b"sec-fetch-site") in _ELSEWHERE:
        return True
    origin = header(scope, b"origin")
    if origin is None:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return True
    default = _PORTS.get(parts.scheme)
    theirs, ours = split_host(parts.netloc), split_host(header(scope, b"host") or "")
    if default is None or theirs is None or ours is None:
        return True
    # Something in front of the server may add TLS, so only the name and the port have to agree.
    return (theirs[0], theirs[1] or default) != (ours[0], ours[1] or default)
