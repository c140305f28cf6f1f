"""Work that goes on after a request: how it stands, and ending it."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from relook.server.jobs import records
from relook.server.jobs.events import Streams
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import JobInPath, ServiceDep
from relook.server.schemas.jobs import Job, JobList, to_job
from relook.server.service import Service

__all__ = ["router"]

router = APIRouter(tags=["jobs"])

_EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"type": "string", "enum": ["progress", "end"]},
        "data": {"type": "string", "description": "The job, as JSON."},
    },
}
"""Of each event of the stream."""


@router.get("/jobs")
async def list_jobs(service: ServiceDep) -> JobList:
    """List what runs, what waits, and the last hundred jobs that are over, the newest first."""
    return JobList(jobs=[to_job(job) for job in service.jobs.all()])


@router.get("/jobs/{job}", responses={404: {}})
async def get_job(job: JobInPath, service: ServiceDep) -> Job:
    """Say how a job stands."""
    return to_job(_known(service, job))


@router.delete("/jobs/{job}", responses={404: {}})
async def cancel_job(job: JobInPath, service: ServiceDep) -> Job:
    """Ask a job to end. What it has done stays; one that is over stays as it is."""
    _known(service, job)
    service.jobs.cancel(job)
    return to_job(_known(service, job))


@router.get(
    "/jobs/{job}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `progress`, whenever the job changed, and at last `end`; the "
            "data of each is the job.",
            "content": {"text/event-stream": {"schema": _EVENT}},
        },
        404: {},
        503: {},
    },
)
async def job_events(job: JobInPath, service: ServiceDep) -> StreamingResponse:
    """Follow a job by server-sent events, at most ten a second, until it is over."""
    _known(service, job)
    return _Events(service.streams, job)


class _Events(StreamingResponse):
    """Takes its place when it begins, so that all who ask at once are counted."""

    def __init__(self, streams: Streams, job: str) -> None:
        super().__init__(
            _encoded(streams.follow(job)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )
        self._place = streams.place(job)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


async def _encoded(jobs: AsyncIterator[records.Job | None]) -> AsyncIterator[str]:
    """Server-sent events; a comment where there is nothing new, so that nobody hangs up."""
    async for job in jobs:
        if job is None:
            yield ": still there\n\n"
            continue
        data = to_job(job).model_dump_json()
        yield f"event: progress\ndata: {data}\n\n"
        if job.is_over:
            yield f"event: end\ndata: {data}\n\n"


def _known(service: Service, key: str) -> records.Job:
    job = service.jobs.get(key)
    if job is None:
        raise ProblemError(404, "there is no such job; list the jobs to see what there is")
    return job
