"""What the collection holds, and what the server allows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

import relook
from relook.server.requests.dependencies import ServiceDep
from relook.server.schemas.info import Info, Limits

__all__ = ["router"]

router = APIRouter(tags=["server"])


@router.get("/info")
def info(service: ServiceDep) -> Info:
    """Say what the collection holds, and what the server allows."""
    settings, collection = service.settings, service.collection
    kind: Any = collection.engine.kind
    return Info(
        **asdict(service.counter.counts()),
        name=collection.directory.absolute().name,
        recipe=collection.engine.name,
        kind=kind,
        readonly=settings.readonly,
        version=relook.__version__,
        login=settings.token is not None,
        limits=Limits(
            bytes=settings.upload_bytes,
            pixels=settings.upload_pixels,
            files=settings.upload_files,
            request_bytes=settings.request_bytes,
        ),
    )
