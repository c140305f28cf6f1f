"""A server that lets nobody change anything."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from relook.server.problems import send_problem
from relook.server.security.layer import API, SAFE, Layer, is_api, path_of

__all__ = ["ASKING", "ReadonlyLayer"]

ASKING = frozenset(
    f"{API}/{name}" for name in ("explain", "landmark", "recognize", "search", "session")
)
"""What is posted, or deleted, without changing the collection."""


class ReadonlyLayer(Layer):
    """Answers 403 to whatever is not known to change nothing."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        harmless = scope["method"] in SAFE or path_of(scope) in ASKING
        if harmless or not is_api(scope):
            await self.app(scope, receive, send)
        else:
            await send_problem(
                send, 403, "this server is readonly; start it without --readonly to change things"
            )
