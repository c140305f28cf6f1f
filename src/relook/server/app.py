"""A collection → an ASGI application."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI

import relook
from relook.collection import Collection, Recognizer
from relook.server.service import Service
from relook.server.settings import ServerSettings

__all__ = ["create_app"]

API = "/api/v1"
ROUTERS: tuple[APIRouter, ...] = ()


def create_app(collection: Collection, *, settings: ServerSettings | None = None) -> FastAPI:
    """The application that serves a collection: the REST interface under ``/api/v1``, and the page.

    Args:
        collection: stays open as long as the application runs; whoever opened it closes it.
        settings: limits, token, readonly mode.
    """
    app = FastAPI(title="relook", version=relook.__version__)
    app.state.service = Service(collection, settings or ServerSettings(), Recognizer(collection))
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    return app
