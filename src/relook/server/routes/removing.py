"""Forgetting pictures."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Response

from relook.server.jobs.writing import write
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import PictureInPath, ServiceDep
from relook.server.service import Service
from relook.server.uploads.folder import told_when_full

__all__ = ["router"]

router = APIRouter(tags=["collection"])


@router.delete("/images/{id}", status_code=204, responses={404: {}, 409: {}, 503: {}})
async def delete_image(
    service: ServiceDep,
    number: PictureInPath,
) -> Response:
    """Forget a picture with its labels and thumbnails.

    A file of it that was uploaded is deleted. Files elsewhere are never touched: they are only
    not searched any more, until their folder is indexed again.
    """
    await write(service.jobs.turn, partial(_remove, service, number))
    return Response(status_code=204)


def _remove(service: Service, number: int) -> None:
    collection = service.collection
    if not collection.catalog.places(number):
        raise ProblemError(404, f"there is no picture {number} in the collection")
    digests = collection.catalog.rows("SELECT sha256 FROM contents WHERE id = ?", (number,))
    with told_when_full(), service.uploads.removing(collection.files_of(number)):
        collection.remove([number])
    for (digest,) in digests:
        service.asking.thumbnails.forget(bytes(digest))
