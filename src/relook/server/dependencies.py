"""What routes ask FastAPI for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from relook.server.service import Service

__all__ = ["ServiceDep"]


async def _service(request: Request) -> Service:
    """The service, as long as its collection is there; asynchronous, so that no thread is taken."""
    service: Service = request.app.state.service
    service.presence.check()
    return service


ServiceDep = Annotated[Service, Depends(_service)]
