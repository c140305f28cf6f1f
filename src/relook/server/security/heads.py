"""How long the head of a request may be."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from relook.server.problems import send_problem
from relook.server.security.layer import Layer

__all__ = ["HeadLayer"]

_ADDRESS = 8 << 10
_HEADERS = 16 << 10
_CLOSE = {"Connection": "close"}


class HeadLayer(Layer):
    """Answers 414 to long addresses, 431 to long headers.

    The parser bounds only heads that come in several pieces.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        address = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
        headers = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
        if address > _ADDRESS:
            await send_problem(send, 414, "the address is too long; ask for less", headers=_CLOSE)
        elif headers > _HEADERS:
            await send_problem(
                send, 431, "the headers are too long; clear the cookies", headers=_CLOSE
            )
        else:
            await self.app(scope, receive, send)
