"""Files that cannot be searched."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path as File
from pathlib import PurePosixPath
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Path, Query, Response
from starlette.concurrency import run_in_threadpool

from relook.server.describing.tools import for_senders
from relook.server.jobs.writing import write
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import ServiceDep
from relook.server.schemas.quarantine import Quarantine, QuarantinedFile
from relook.server.scrubbing import without_paths
from relook.server.service import Service
from relook.server.uploads.folder import told_when_full

__all__ = ["router"]

router = APIRouter(tags=["collection"])

_ROWS = (
    "SELECT r.path, b.path, b.reason FROM ("
    "SELECT root, path, reason FROM paths WHERE content IS NULL UNION ALL "
    "SELECT p.root, p.path, c.reason FROM contents c CROSS JOIN paths p ON p.content = c.id "
    "WHERE c.state = 'quarantined') b JOIN roots r ON r.id = b.root ORDER BY b.path, r.path"
)


class _Bad(NamedTuple):
    root: str
    path: str
    reason: str

    @property
    def id(self) -> str:
        """The same for a file at any time, and none of its path can be read from it."""
        return hashlib.sha256(f"{self.root}\0{self.path}".encode("utf-8", "replace")).hexdigest()[
            :24
        ]

    @property
    def file(self) -> File:
        return File(f"{self.root.rstrip('/')}/{self.path}")


@router.get("/quarantine", responses={503: {}})
async def list_quarantine(
    service: ServiceDep,
    limit: Annotated[int, Query(description="Files to list at most.", ge=1, le=10_000)] = 1000,
) -> Quarantine:
    """List the files that cannot be searched, with reasons."""
    return await run_in_threadpool(_list, service, limit)


@router.delete("/quarantine/{id}", status_code=204, responses={404: {}, 409: {}, 503: {}})
async def delete_quarantined(
    service: ServiceDep,
    key: Annotated[str, Path(alias="id", description="Of the file, as listed.", max_length=64)],
) -> Response:
    """Forget a file that cannot be searched.

    One that was uploaded is deleted. A file elsewhere is never touched: it is only not listed any
    more, until its folder is indexed again.
    """
    await write(service.jobs.turn, partial(_remove, service, key))
    return Response(status_code=204)


def _list(service: Service, limit: int) -> Quarantine:
    found = list(_bad(service))
    uploads = service.uploads.folder
    pictures = [
        QuarantinedFile(
            id=bad.id,
            name=PurePosixPath(bad.path).name,
            path=bad.path,
            reason=without_paths(for_senders(bad.reason), service.collection),
            uploaded=bad.file.parent == uploads,
        )
        for bad in found[:limit]
    ]
    return Quarantine(pictures=pictures, total=len(found))


def _remove(service: Service, key: str) -> None:
    bad = next((bad for bad in _bad(service) if bad.id == key), None)
    if bad is None:
        raise ProblemError(404, "there is no such file in quarantine; list it to see what there is")
    with told_when_full(), service.uploads.removing([bad.file]):
        service.collection.remove([bad.file])


def _bad(service: Service) -> Iterator[_Bad]:
    return (_Bad(*row) for row in service.collection.catalog.rows(_ROWS))
