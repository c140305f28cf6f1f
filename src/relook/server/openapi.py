"""What the OpenAPI document says of every route: who may ask, and how errors look."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from relook.server.problems import PROBLEM_TYPE, Problem
from relook.server.security.tokens import COOKIE, PUBLIC

__all__ = ["complete_openapi"]

_ANY = (400, 403, 414, 421, 429, 431, 503)
"""Statuses that any request may get from the layers around the routes."""
_WITH_BODY = (408, 413, 415, 422, 507)
_UNUSED = ("HTTPValidationError", "ValidationError")
_PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}
_METHODS = frozenset({"delete", "get", "patch", "post", "put"})


def complete_openapi(app: FastAPI) -> None:
    """Let ``app.openapi()`` document what FastAPI does not see."""
    plain = app.openapi

    def completed() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _complete(
                plain(), login=app.state.service.settings.token is not None
            )
        return app.openapi_schema

    app.openapi = completed  # type: ignore[method-assign]  # FastAPI's way to extend it


def _complete(document: dict[str, Any], *, login: bool) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in _UNUSED:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    if login:
        components["securitySchemes"] = {
            "bearer": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        }
        document["security"] = [{"bearer": []}, {"cookie": []}]
    for path, methods in document.get("paths", {}).items():
        for method, operation in methods.items():
            if method in _METHODS:
                _complete_operation(operation, public=path in PUBLIC, login=login)
    return document


def _complete_operation(operation: dict[str, Any], *, public: bool, login: bool) -> None:
    responses = operation.setdefault("responses", {})
    statuses = set(_ANY) | (set(_WITH_BODY) if "requestBody" in operation else set())
    if login and public:
        operation["security"] = []
    elif login:
        statuses.add(401)
    for status in statuses:
        responses.setdefault(str(status), {})
    for status, answer in responses.items():
        if status.isdigit() and int(status) >= 400:
            answer["description"] = HTTPStatus(int(status)).phrase
            answer["content"] = {PROBLEM_TYPE: _PROBLEM}
    operation["responses"] = dict(sorted(responses.items()))
