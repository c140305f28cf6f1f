"""Counting what is answered."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from relook.server.security.layer import API, Layer, is_api
from relook.server.watching.metrics import Metrics

__all__ = ["MeasuringLayer"]

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class MeasuringLayer(Layer):
    """Counts requests and seconds by the template of the route, never by what was asked."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        super().__init__(app)
        self._metrics = metrics

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the class."""
        status = 0
        started = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = _template(scope)
            self._metrics.requests.labels(method, route, str(status or "none")).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - started)


def _template(scope: Scope) -> str:
    """Few values, whatever strangers ask for."""
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return "none"
    if not is_api(scope):
        return "page"
    return str(path) if path.startswith(API) else f"{API}{path}"
