"""The pictures of the collection, to be looked at."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Query

from relook.server.problems import ProblemError
from relook.server.requests.dependencies import PictureInPath, ServiceDep
from relook.server.requests.questions import Absent, QueryFilter
from relook.server.schemas.picture import MOST_ID, PictureCard, PictureDetails, PicturePage

__all__ = ["router"]

router = APIRouter(tags=["images"])


@router.get("/images", responses={503: {}})
async def list_images(
    service: ServiceDep,
    among: QueryFilter,
    cursor: Annotated[str | Absent, Query(description="From the last page.", max_length=64)] = None,
    limit: Annotated[int, Query(description="Pictures on a page.", ge=1, le=500)] = 60,
) -> PicturePage:
    """List pictures in the order in which they came; what comes or goes moves no page."""
    after = 0 if cursor is None else _read(cursor)
    collection = service.collection
    page = await asyncio.to_thread(collection.browse, among, after=after, limit=limit)
    total = await asyncio.to_thread(collection.count, among)
    more = len(page) == limit
    return PicturePage(
        images=[PictureCard.of(picture) for picture in page],
        next=_cursor(page[-1].id) if more else None,
        total=total,
    )


@router.get("/images/{id}", responses={404: {}, 503: {}})
async def get_image(
    service: ServiceDep,
    number: PictureInPath,
) -> PictureDetails:
    """Say what is known of a picture."""
    found = await asyncio.to_thread(service.collection.pictures, [number])
    if number not in found:
        raise ProblemError(404, f"there is no picture {number} in the collection")
    return PictureDetails.of(found[number])


def _cursor(last: int) -> str:
    return base64.urlsafe_b64encode(last.to_bytes(8, "big")).decode().rstrip("=")


def _read(cursor: str) -> int:
    try:
        found = base64.b64decode(f"{cursor}=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        found = b""
    last = int.from_bytes(found, "big")
    if len(found) != 8 or last > MOST_ID:
        raise ProblemError(422, "cursor is none that this server gave; begin without one")
    return last
