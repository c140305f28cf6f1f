"""Who may use the interface: whoever knows the token, or logged in with it."""

from __future__ import annotations

import hmac
import math

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from relook.server.problems import send_problem
from relook.server.security.layer import API, Layer, client_of, header, is_api
from relook.server.security.rates import Buckets
from relook.server.security.sessions import Sessions

__all__ = ["COOKIE", "PUBLIC", "TokenLayer", "is_token", "make_attempts"]

COOKIE = "relook_session"
PUBLIC = frozenset({f"{API}/health", f"{API}/session"})
"""What needs no login, beside the files of the page."""


def make_attempts() -> Buckets:
    """How often a client may be wrong: ten times at once, then once in six seconds."""
    return Buckets(rate=1 / 6, burst=10)


def is_token(given: str, token: str) -> bool:
    """Whether somebody knows the token; takes as long for one that is nearly right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


class TokenLayer(Layer):
    """Answers 401 to strangers, and 429 to those who guess.

    The token comes as ``Authorization: Bearer``, or stands behind the cookie of a session.
    """

    def __init__(
        self, app: ASGIApp, *, token: str | None, sessions: Sessions, attempts: Buckets
    ) -> None:
        super().__init__(app)
        self._token = token
        self._sessions = sessions
        self._attempts = attempts

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        if self._token is None or not is_api(scope) or scope["path"] in PUBLIC:
            await self.app(scope, receive, send)
            return
        given = header(scope, b"authorization")
        if given is None:
            if self._has_session(scope):
                await self.app(scope, receive, send)
            else:
                await _refuse(send, "log in, or send the token as Authorization: Bearer")
            return
        client = client_of(scope)
        seconds = self._attempts.wait(client)
        if seconds > 0:
            await _too_many(send, seconds)
        elif self._is_bearer(given, self._token):
            await self.app(scope, receive, send)
        else:
            self._attempts.take(client)
            await _refuse(send, "the token is wrong; look into the file that the server was given")

    def _has_session(self, scope: Scope) -> bool:
        name = cookie_parser(header(scope, b"cookie") or "").get(COOKIE)
        return name is not None and self._sessions.knows(name)

    @staticmethod
    def _is_bearer(given: str, token: str) -> bool:
        scheme, _, rest = given.partition(" ")
        return is_token(rest.strip(), token) and scheme.lower() == "bearer"


async def _refuse(send: Send, detail: str) -> None:
    await send_problem(send, 401, detail, headers={"WWW-Authenticate": 'Bearer realm="relook"'})


async def _too_many(send: Send, seconds: float) -> None:
    detail = "too many wrong tokens; try again later, as Retry-After says"
    await send_problem(send, 429, detail, headers={"Retry-After": str(math.ceil(seconds))})
