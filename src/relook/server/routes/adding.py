"""Adding pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from relook.collection.labels import make_label
from relook.core.errors import UsageError
from relook.server.jobs.adding import add
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import ServiceDep
from relook.server.schemas.jobs import Job, to_job
from relook.server.schemas.labels import PLAIN
from relook.server.service import Service
from relook.server.uploads.folder import Batch, told_when_full
from relook.server.uploads.receiving import Limits, Received, Receiver

__all__ = ["router"]

router = APIRouter(tags=["collection"])

_LABELS = 100
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["images"],
                    "additionalProperties": False,
                    "properties": {
                        "images": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                            "description": "Files of pictures.",
                        },
                        "labels": {
                            "type": "array",
                            "maxItems": _LABELS,
                            "items": {"type": "string", "maxLength": 200, "pattern": PLAIN},
                            "description": "Labels for all of them.",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/images", status_code=202, openapi_extra=_FORM, responses={413: {}, 415: {}, 422: {}, 507: {}}
)
async def add_images(request: Request, response: Response, service: ServiceDep) -> Job:
    """Add pictures; a job describes them.

    They are kept in the collection's own folder. What is no picture is not kept, and named in
    the report of the job; what looks like one and cannot be read goes to quarantine.
    """
    service.jobs.check_room()
    with told_when_full():
        batch = await _receive(request, service)
    try:
        job = add(
            batch,
            collection=service.collection,
            uploads=service.uploads,
            jobs=service.jobs,
            settings=service.settings,
        )
    except BaseException:
        await run_in_threadpool(service.uploads.give_up, batch)
        raise
    response.headers["Location"] = f"{request.url.path.removesuffix('/images')}/jobs/{job.id}"
    return to_job(job)


async def _receive(request: Request, service: Service) -> Batch:
    settings, uploads = service.settings, service.uploads
    limits = Limits(file_bytes=settings.upload_bytes, files=settings.upload_files, labels=_LABELS)
    receiver = Receiver(
        request.headers.get("content-type", ""), limits=limits, new_file=uploads.new_file
    )
    try:
        async for chunk in request.stream():
            if chunk:
                await run_in_threadpool(receiver.feed, chunk)
        receiver.finish()
        labels = _labels(receiver.labels)
        if not receiver.files:
            raise ProblemError(422, "the form has no pictures; send each as `images`")
        return await run_in_threadpool(_keep, receiver.files, labels, service)
    except ClientDisconnect as error:  # nobody reads the answer
        raise ProblemError(400, "the form is cut off; send it again") from error
    finally:
        _clean(receiver)  # nothing is awaited, so that it is done for a cancelled request too


def _keep(files: Sequence[Received], labels: Sequence[str], service: Service) -> Batch:
    batch = service.uploads.keep(files, labels=labels)
    if batch.names:
        return batch
    first = batch.refused[0]
    raise ProblemError(
        415, f"nothing here is a picture that relook reads ({first.name}: {first.reason})"
    )


def _labels(texts: Sequence[str]) -> list[str]:
    try:
        return list(dict.fromkeys(make_label(text) for text in texts if text.strip()))
    except UsageError as error:
        raise ProblemError(422, str(error)) from error


def _clean(receiver: Receiver) -> None:
    receiver.close()
    for file in receiver.files:
        file.path.unlink(missing_ok=True)
