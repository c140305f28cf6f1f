"""Who may use the interface: whoever knows the token, or logged in with it."""

from __future__ import annotations

import hmac
import math

from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

from relook.server.problems import send_problem
from relook.server.security.layer import API, Layer, client_of, header, is_api, path_of
from relook.server.security.rates import Buckets
from relook.server.security.sessions import Sessions

__all__ = ["COOKIE", "PUBLIC", "Acquaintances", "TokenLayer", "is_token", "make_attempts"]

COOKIE = "relook_session"
PUBLIC = frozenset({f"{API}/health", f"{API}/session"})
"""What needs no login, beside the files of the page."""


def make_attempts() -> Buckets:
    """How often a client may be wrong: ten times at once, then once in six seconds."""
    return Buckets(rate=1 / 6, burst=10)


def is_token(given: str, token: str) -> bool:
    """Whether somebody knows the token; takes as long for one that is nearly right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


class Acquaintances:
    """Those who may use the interface.

    Args:
        token: that they know; None where nobody has to.
        sessions: of those who logged in with it.
    """

    def __init__(self, token: str | None, sessions: Sessions) -> None:
        self._token = token
        self._sessions = sessions

    def name_of(self, scope: Scope) -> str | None:
        """What a request can be counted under that is no stranger's; None for one that is.

        The token comes as ``Authorization: Bearer``, or stands behind the cookie of a session.
        """
        if self._token is None:
            return None
        given = header(scope, b"authorization")
        if given is not None:
            scheme, _, rest = given.partition(" ")
            right = is_token(rest.strip(), self._token) and scheme.lower() == "bearer"
            return f"token {client_of(scope)}" if right else None
        name = cookie_parser(header(scope, b"cookie") or "").get(COOKIE)
        return None if name is None else self._sessions.mark(name)


class TokenLayer(Layer):
    """Answers 401 to strangers, and 429 to those who guess.

    Whoever knows the token need not wait for others at the same address who guess: the token is
    too long to be guessed at the rate at which one may ask, see :class:`ServerSettings`.
    """

    def __init__(
        self, app: ASGIApp, *, token: str | None, known: Acquaintances, attempts: Buckets
    ) -> None:
        super().__init__(app)
        self._token = token
        self._known = known
        self._attempts = attempts

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        is_open = self._token is None or not is_api(scope) or path_of(scope) in PUBLIC
        if is_open or self._known.name_of(scope) is not None:
            await self.app(scope, receive, send)
        elif header(scope, b"authorization") is None:
            await _refuse(send, "log in, or send the token as Authorization: Bearer")
        elif (seconds := self._attempts.take(client_of(scope))) > 0:
            await _too_many(send, seconds)
        else:
            await _refuse(send, "the token is wrong; look into the file that the server was given")


async def _refuse(send: Send, detail: str) -> None:
    await send_problem(send, 401, detail, headers={"WWW-Authenticate": 'Bearer realm="relook"'})


async def _too_many(send: Send, seconds: float) -> None:
    detail = "too many wrong tokens; try again later, as Retry-After says"
    await send_problem(send, 429, detail, headers={"Retry-After": str(math.ceil(seconds))})
