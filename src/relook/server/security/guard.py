"""All layers in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relook.server.security.bodies import BodyLayer
from relook.server.security.crashes import CrashLayer
from relook.server.security.headers import HeadersLayer
from relook.server.security.heads import HeadLayer
from relook.server.security.hosts import HostLayer
from relook.server.security.measuring import MeasuringLayer
from relook.server.security.origins import OriginLayer
from relook.server.security.rates import CrowdLayer, RateLayer
from relook.server.security.readonly import ReadonlyLayer
from relook.server.security.tokens import Acquaintances, TokenLayer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from relook.server.service import Service

__all__ = ["guard"]

_AT_ONCE = 400
"""Requests; many of them wait, for a body, for a free process, or for progress to tell of."""


def guard(app: FastAPI, service: Service) -> None:
    """Put the layers around the routes: the cheapest refusals are outside."""
    settings, metrics = service.settings, service.metrics
    known = Acquaintances(settings.token, service.sessions)
    # From the inside out: each that is added wraps those before.
    app.add_middleware(CrashLayer)
    app.add_middleware(BodyLayer, settings=settings, arrived=metrics.upload_bytes.inc)
    if settings.readonly:
        app.add_middleware(ReadonlyLayer)
    app.add_middleware(TokenLayer, token=settings.token, known=known, attempts=service.attempts)
    app.add_middleware(OriginLayer)
    app.add_middleware(CrowdLayer, most=_AT_ONCE)
    app.add_middleware(RateLayer, rate=settings.rate, burst=settings.burst, name_of=known.name_of)
    app.add_middleware(HeadLayer)
    app.add_middleware(HostLayer, hosts=settings.hosts)
    app.add_middleware(MeasuringLayer, metrics=metrics)
    app.add_middleware(HeadersLayer)
