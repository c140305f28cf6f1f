"""A small application behind the real layers: what is tested is the way to the routes."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Annotated, Any

from fastapi import FastAPI, Response, UploadFile
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from relook.server.openapi import complete_openapi
from relook.server.problems import install_problems
from relook.server.routes import health, metrics, session
from relook.server.security.guard import guard
from relook.server.security.layer import API
from relook.server.security.sessions import Sessions
from relook.server.security.tokens import make_attempts
from relook.server.settings import ServerSettings
from relook.server.watching.metrics import Metrics

with warnings.catch_warnings():  # it would like another package than the one it still takes
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ORIGIN = "http://127.0.0.1:8000"
TOKEN = "a token of 24 characters"
CALM = ServerSettings(rate=1e6, burst=1_000_000)


class Thing(BaseModel):
    number: Annotated[int, Field(ge=0)]


class Present:
    def check(self) -> None:
        """Always there."""


def make_app(error: Exception | None = None, **settings: Any) -> FastAPI:
    """An application with a few routes; ``error`` is what ``GET /api/v1/fail`` raises."""
    chosen = replace(CALM, **settings)
    app = FastAPI(openapi_url=f"{API}/openapi.json", redirect_slashes=False)
    app.state.service = SimpleNamespace(
        collection=None,
        settings=chosen,
        metrics=Metrics(),
        presence=Present(),
        sessions=Sessions(),
        attempts=make_attempts(),
    )
    install_problems(app)
    for router in (health.router, metrics.router, session.router):
        app.include_router(router, prefix=API)
    _add_routes(app, error)
    _add_answers(app)
    guard(app, app.state.service)
    complete_openapi(app)
    return app


def _add_routes(app: FastAPI, error: Exception | None) -> None:
    @app.get(f"{API}/fail")
    def fail() -> None:
        if error is not None:
            raise error

    @app.get(f"{API}/things/{{number}}/thumbnail")
    async def thumbnail(number: int) -> Response:
        return Response(b"jpeg", headers={"Cache-Control": "max-age=5", "Server": "secret/1.0"})

    @app.post(f"{API}/search")
    async def search(image: UploadFile) -> int:
        return len(await image.read())

    @app.post(f"{API}/images")
    async def add(images: list[UploadFile]) -> int:
        return sum([len(await image.read()) for image in images])

    @app.put(f"{API}/things")
    async def put(thing: Thing) -> Thing:
        return thing


def _add_answers(app: FastAPI) -> None:
    @app.get(f"{API}/stream")
    async def stream() -> StreamingResponse:
        async def ticks() -> AsyncIterator[str]:
            for tick in range(3):
                await asyncio.sleep(0.01)
                yield f"data: {tick}\n\n"

        return StreamingResponse(ticks(), media_type="text/event-stream")

    @app.get("/page.html")
    async def page() -> Response:
        return Response("<p>", media_type="text/html")


def client_of(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=ORIGIN, raise_server_exceptions=False)


def make_client(error: Exception | None = None, **settings: Any) -> TestClient:
    return client_of(make_app(error, **settings))
