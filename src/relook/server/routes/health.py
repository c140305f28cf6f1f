"""Whether the server lives."""

from __future__ import annotations

from fastapi import APIRouter

from relook.server.schemas.info import Health

__all__ = ["router"]

router = APIRouter(tags=["server"])


@router.get("/health")
async def health() -> Health:
    """Answer as long as the server lives; reads nothing, needs no login."""
    return Health()
