"""Logging in with the token, and out."""

from __future__ import annotations

import math

from fastapi import APIRouter, Request, Response

from relook.server.problems import ProblemError
from relook.server.requests.dependencies import ServiceDep
from relook.server.schemas.info import Login
from relook.server.security.layer import client_of
from relook.server.security.tokens import COOKIE, is_token

__all__ = ["router"]

router = APIRouter(tags=["server"])


@router.post("/session", status_code=204, responses={401: {}, 429: {}})
async def log_in(login: Login, request: Request, service: ServiceDep) -> Response:
    """Log in with the token: the answer sets a cookie that scripts cannot read."""
    answer = Response(status_code=204)
    token = service.settings.token
    if token is None:
        return answer
    if not is_token(login.token.strip(), token):
        seconds = service.attempts.take(client_of(request.scope))
        if seconds > 0:
            retry = {"Retry-After": str(math.ceil(seconds))}
            raise ProblemError(429, "too many wrong tokens; wait, then try again", headers=retry)
        challenge = {"WWW-Authenticate": 'Bearer realm="relook"'}
        raise ProblemError(
            401, "that is not the token; ask whoever runs the server", headers=challenge
        )
    answer.set_cookie(
        COOKIE,
        service.sessions.open(),
        max_age=int(service.sessions.seconds),
        path="/",
        secure=_is_secure(request),
        httponly=True,
        samesite="strict",
    )
    return answer


@router.delete("/session", status_code=204)
async def log_out(request: Request, service: ServiceDep) -> Response:
    """Log out: the session ends."""
    name = request.cookies.get(COOKIE)
    if name is not None:
        service.sessions.close(name)
    answer = Response(status_code=204)
    answer.delete_cookie(
        COOKIE, path="/", secure=_is_secure(request), httponly=True, samesite="strict"
    )
    return answer


def _is_secure(request: Request) -> bool:
    """Whether the browser came by TLS, also where something in front of the server has added it."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https:")
