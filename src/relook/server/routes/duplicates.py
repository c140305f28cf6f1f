"""Copies among the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath, PurePosixPath
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from relook.collection import Picture
from relook.server.jobs import duplicates
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import ServiceDep
from relook.server.schemas.duplicates import CopiedFile, DuplicateGroup, DuplicateGroups
from relook.server.schemas.jobs import Job, to_job
from relook.server.schemas.picture import PictureCard
from relook.server.scrubbing import without_paths
from relook.server.service import Service

__all__ = ["router"]

router = APIRouter(tags=["collection"])


@router.post("/duplicates", status_code=202, responses={409: {}, 503: {}})
async def find_copies(request: Request, response: Response, service: ServiceDep) -> Job:
    """Look for copies, re-encoded, resized, cropped, marked or mirrored ones too: a job.

    Where one is under way already, that is the answer.
    """
    if await run_in_threadpool(lambda: service.collection.engine.kind) == "global":
        raise ProblemError(
            409,
            "finding copies needs local features, which this collection's recipe has none of; "
            "index the photos into a new directory with --recipe sift-asmk",
        )
    job = service.jobs.find("duplicates")
    if job is None:
        job = service.jobs.submit("duplicates", duplicates.make_work(service.collection))
    response.headers["Location"] = f"{request.url.path.removesuffix('/duplicates')}/jobs/{job.id}"
    return to_job(job)


@router.get("/duplicates", responses={503: {}})
async def list_copies(
    service: ServiceDep,
    limit: Annotated[int, Query(description="Groups to list at most.", ge=1, le=1000)] = 200,
) -> DuplicateGroups:
    """List the copies that were found last; `stale` where pictures came or went since."""
    return await run_in_threadpool(_list, service, limit)


def _list(service: Service, limit: int) -> DuplicateGroups:
    found = duplicates.read(service.collection)
    if found is None:
        return DuplicateGroups(state="missing", groups=[], total=0)
    ids = {int(file["id"]) for group in found.groups for file in group}
    pictures = service.collection.pictures(sorted(ids))
    present = [[file for file in group if file["id"] in pictures] for group in found.groups]
    whole = [group for group in present if len(group) > 1]
    return DuplicateGroups(
        state="stale" if found.is_stale else "ready",
        groups=[_group(service, group, pictures) for group in whole[:limit]],
        total=len(whole),
    )


def _group(
    service: Service, files: Sequence[Mapping[str, Any]], pictures: Mapping[int, Picture]
) -> DuplicateGroup:
    ids = dict.fromkeys(file["id"] for file in files)
    changes = dict.fromkeys(change for file in files for change in file["changes"])
    return DuplicateGroup(
        images=[PictureCard.of(pictures[number]) for number in ids],
        relation=", ".join(changes) or "copies",
        files=[_file(service, file) for file in files],
    )


def _file(service: Service, file: Mapping[str, Any]) -> CopiedFile:
    path = str(file["path"])
    if PurePath(path).is_absolute():  # where several folders have a file of that path
        path = without_paths(path, service.collection)
    return CopiedFile(
        id=file["id"], name=PurePosixPath(path).name, path=path, changes=file["changes"]
    )
