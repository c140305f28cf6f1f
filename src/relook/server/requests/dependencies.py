"""What routes ask FastAPI for."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from relook.server.schemas.picture import PictureId
from relook.server.service import Service

__all__ = ["JobInPath", "PictureInPath", "ServiceDep"]


async def _service(request: Request) -> Service:
    """The service, as long as its collection is there; asynchronous, so that no thread is taken."""
    service: Service = request.app.state.service
    service.presence.check()
    return service


ServiceDep = Annotated[Service, Depends(_service)]

PictureInPath = Annotated[PictureId, Path(alias="id", description="Of a picture.")]
JobInPath = Annotated[str, Path(description="Id of a job.")]
