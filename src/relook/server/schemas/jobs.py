"""Jobs as they go over the wire."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from relook.server.jobs import records

__all__ = ["Job", "JobList", "to_job"]


class Job(BaseModel):
    """Work that goes on after the request."""

    id: str
    kind: records.Kind
    state: records.State
    done: int = Field(ge=0)
    total: int = Field(ge=0, description="0 where it is not known yet.")
    message: str = Field(description="What is under way, in words.")
    error: str | None = Field(description="Why it failed, and what to do.")
    report: dict[str, Any] | None = Field(
        description="What was done, once it is over. Of pictures that were added: `added`, "
        "`known`, `images` (their ids), `quarantined` and `refused` (each with `name` and "
        "`reason`)."
    )


class JobList(BaseModel):
    """The jobs that the server remembers, the newest first."""

    jobs: list[Job]


def to_job(job: records.Job) -> Job:
    """A job as it stands."""
    return Job(
        id=job.id,
        kind=job.kind,
        state=job.state,
        done=job.done,
        total=job.total,
        message=job.message,
        error=job.error,
        report=None if job.report is None else dict(job.report),
    )
