"""Errors as they go over the wire: application/problem+json (RFC 9457)."""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.types import Send

from relook.core.errors import (
    ImageError,
    RelookError,
    ShapeError,
    UsageError,
)
from relook.server.methods import methods_of
from relook.server.scrubbing import without_paths

__all__ = ["PROBLEM_TYPE", "Problem", "ProblemError", "install_problems", "is_full", "send_problem"]

PROBLEM_TYPE = "application/problem+json"

_LOG = logging.getLogger(__name__)
_BUSY_SECONDS = "2"
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_NO_SPACE = "the disk is full; free some space and try again"
_SHOWN = 5
"""Complaints about one request that are told."""

_STATUSES: tuple[tuple[type[RelookError], int], ...] = (
    (ImageError, 415),
    (UsageError, 400),
    (ShapeError, 400),
    (RelookError, 503),
)
"""The first that fits; 503 is what only whoever runs the server can help."""


class Problem(BaseModel):
    """Why a request was not answered with success (RFC 9457)."""

    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="Of HTTP.", ge=400, le=599, examples=[404])
    detail: str = Field(description="One line that says what to do next.")


class ProblemError(Exception):
    """An answer other than success.

    Attributes:
        status: of HTTP.
        detail: one line that says what to do next; never a path of the disk.
        headers: of the answer, such as Retry-After.
    """

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def install_problems(app: FastAPI) -> None:
    """Answer every error of a route, or of finding one, with a problem."""
    handlers: tuple[tuple[type[Exception], Callable[..., Awaitable[Response]]], ...] = (
        (ProblemError, _on_problem),
        (RelookError, _on_relook),
        (RequestValidationError, _on_invalid),
        (HTTPException, _on_http),
    )
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)


def is_full(error: BaseException | None) -> bool:
    """Whether a disk had no space left."""
    if isinstance(error, RelookError):
        return "disk is full" in str(error) or is_full(error.__cause__)
    return isinstance(error, OSError) and error.errno in _FULL


async def send_problem(
    send: Send, status: int, detail: str, *, headers: Mapping[str, str] | None = None
) -> None:
    """A problem from below the routes, as an ASGI answer."""
    answer = _answer(status, detail, headers=headers)
    await send({"type": "http.response.start", "status": status, "headers": answer.raw_headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _on_problem(request: Request, error: ProblemError) -> Response:
    detail = _clean(request, error.detail)
    return _answer(error.status, detail, headers=error.headers)


async def _on_relook(request: Request, error: RelookError) -> Response:
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    status = 507 if is_full(error) else status
    if status >= 500:
        _LOG.warning("%s %r: %s", request.method, request.scope["path"], error)
    headers = {"Retry-After": _BUSY_SECONDS} if status == 503 else None
    detail = _NO_SPACE if status == 507 else str(error)  # what helps at a prompt misleads here
    return _answer(status, _clean(request, detail), headers=headers)


async def _on_invalid(_: Request, error: RequestValidationError) -> Response:
    """What is wrong and where, without what was sent."""
    found = [f"{_place(one)}: {_words(one.get('msg'))}" for one in error.errors()[:_SHOWN]]
    return _answer(422, "; ".join(found) or "the request cannot be read")


async def _on_http(request: Request, error: HTTPException) -> Response:
    words = {
        404: "there is nothing here; see /api/v1/openapi.json for what there is",
        405: "this address takes another method; see /api/v1/openapi.json",
    }
    if is_full(error.__cause__):  # FastAPI blames the client for a body that could not be kept
        return _answer(507, _NO_SPACE)
    detail = words.get(error.status_code, _words(error.detail))
    methods = methods_of(request.app, request.scope["path"]) if error.status_code == 405 else ()
    headers = {"Allow": ", ".join(methods)} if methods else error.headers
    return _answer(error.status_code, detail, headers=headers)


def _answer(status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> Response:
    problem = {"title": _title(status), "status": status, "detail": " ".join(detail.split())}
    body = json.dumps(problem, ensure_ascii=True).encode()
    return Response(body, status, headers, media_type=PROBLEM_TYPE)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _clean(request: Request, text: str) -> str:
    return without_paths(text, request.app.state.service.collection)


def _place(complaint: Mapping[str, Any]) -> str:
    return _words(".".join(str(part) for part in complaint.get("loc", ())))


def _words(text: object) -> str:
    """At most 200 characters of one line."""
    line = " ".join(str(text).split())
    return line if len(line) <= 200 else line[:199] + "…"
