"""The last resort: what nobody expected is answered, too."""

from __future__ import annotations

import logging

from starlette.types import Message, Receive, Scope, Send

from relook.server.problems import is_full, send_problem
from relook.server.security.layer import Layer

__all__ = ["CrashLayer"]

_LOG = logging.getLogger(__name__)


class CrashLayer(Layer):
    """Answers 500 without details, which are logged; 507 where the disk is full."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if started:  # the client sees that the answer ends early
                raise
            if is_full(error):
                await send_problem(send, 507, "the disk is full; free some space and try again")
                return
            _LOG.exception("%s %r failed", scope["method"], scope["path"])
            await send_problem(
                send, 500, "this is a bug; please report it with what the server printed"
            )
