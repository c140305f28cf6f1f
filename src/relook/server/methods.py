"""Which methods an address takes."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import compile_path

__all__ = ["methods_of"]


def methods_of(app: FastAPI, path: str) -> tuple[str, ...]:
    """The methods that the OpenAPI document has for an address; nothing for one that it lacks.

    Routes with the same address know of themselves only, each of its own method.
    """
    found: set[str] = set()
    for template, methods in app.openapi().get("paths", {}).items():
        pattern, _, _ = compile_path(template)
        if pattern.fullmatch(path):
            found |= {method.upper() for method in methods}
    return tuple(sorted(found))
