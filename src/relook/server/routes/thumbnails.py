"""Small pictures of the collection's, and a picture of an upload that every browser can show."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Query, Request, Response

from relook.server.describing.tasks import Original, Show
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import PictureInPath, ServiceDep
from relook.server.requests.leaving import unless_gone
from relook.server.requests.questions import Absent

__all__ = ["router"]

router = APIRouter(tags=["images"])

_LONGEST = {"small": 320, "large": 1280}
_JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}
_FOREVER = "private, max-age=31536000, immutable"


@router.get(
    "/images/{id}/thumbnail",
    response_class=Response,
    responses={**_JPEG, 304: {"description": "It is as it was."}, 404: {}, 415: {}, 503: {}},
)
async def thumbnail(
    request: Request,
    service: ServiceDep,
    number: PictureInPath,
    size: Annotated[Literal["small", "large"], Query(description="320 or 1280 pixels.")] = "small",
    if_none_match: Annotated[
        str | Absent, Header(description="ETag of an earlier answer.", max_length=200)
    ] = None,
) -> Response:
    """Show a picture, upright, as a JPEG; an id never comes to mean another picture."""
    asking = service.asking
    digest = await asking.digest(number)
    tag = f'"{digest.hex()[:32]}-{size}"'
    headers = {"ETag": tag, "Cache-Control": _FOREVER}
    if if_none_match is not None and tag in if_none_match:
        return Response(status_code=304, headers=headers)

    async def original() -> Original:
        return (await asking.original(number))[1]

    work = asking.thumbnails.get(digest, longest=_LONGEST[size], original=original)
    return Response(await unless_gone(request, work), headers=headers, media_type="image/jpeg")


@router.get(
    "/queries/{key}/picture",
    response_class=Response,
    responses={**_JPEG, 404: {}, 413: {}, 415: {}, 503: {}},
)
async def query_picture(
    request: Request,
    service: ServiceDep,
    key: Annotated[str, Path(description="Of a query.", max_length=100)],
) -> Response:
    """Show an upload, upright, as a JPEG of at most 1280 pixels: browsers cannot show HEIC."""
    asked = service.asking.queries.get(key)
    if asked is None:
        raise ProblemError(404, "this query is no longer known; send the picture again")
    task = Show(asked.original, _LONGEST["large"], service.settings.upload_pixels)
    data = await unless_gone(request, service.asking.pool.run(task, lane="show"))
    headers = {"Cache-Control": "private, max-age=900"}
    return Response(data, headers=headers, media_type="image/jpeg")
