"""A collection → an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

import relook
from relook.collection import Collection
from relook.server.assets import read_assets
from relook.server.openapi import complete_openapi
from relook.server.problems import install_problems
from relook.server.routes import (
    adding,
    atlas,
    duplicates,
    explain,
    health,
    images,
    info,
    jobs,
    labels,
    landmark,
    metrics,
    page,
    quarantine,
    recognize,
    removing,
    search,
    session,
    thumbnails,
)
from relook.server.security.guard import guard
from relook.server.security.layer import API
from relook.server.service import make_service
from relook.server.settings import ServerSettings

__all__ = ["create_app"]

ROUTERS: tuple[APIRouter, ...] = (
    adding.router,
    atlas.router,
    duplicates.router,
    explain.router,
    health.router,
    images.router,
    info.router,
    jobs.router,
    labels.router,
    landmark.router,
    metrics.router,
    quarantine.router,
    recognize.router,
    removing.router,
    search.router,
    session.router,
    thumbnails.router,
)
"""Under ``API``; one line each, in alphabetical order."""


def create_app(collection: Collection, *, settings: ServerSettings | None = None) -> FastAPI:
    """The application that serves a collection: the REST interface under ``/api/v1``, and the page.

    Args:
        collection: stays open as long as the application runs; whoever opened it closes it.
        settings: limits, token, readonly mode.
    """
    app = FastAPI(
        title="relook",
        version=relook.__version__,
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        lifespan=_lifespan,
    )
    app.state.service = make_service(collection, settings or ServerSettings())
    app.state.assets = read_assets()
    install_problems(app)
    for router in ROUTERS:
        app.include_router(router, prefix=API)
    app.include_router(page.router)
    guard(app, app.state.service)
    complete_openapi(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service = app.state.service
    _build_routes(app)
    await run_in_threadpool(service.start)
    try:
        yield
    finally:
        await run_in_threadpool(service.close)


def _build_routes(app: FastAPI) -> None:
    """Let FastAPI build now what it would build for the first request.

    The first client would wait for it; and while it builds it silences warnings of the whole
    process, which no other thread may do at the same time.
    """
    nowhere = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(dict(nowhere))


def _operation_id(route: APIRoute) -> str:
    return route.name
