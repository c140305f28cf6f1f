"""What pictures show, as people say."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from relook.collection import Collection
from relook.collection.labels import Mode, make_label
from relook.core.errors import UsageError
from relook.server.jobs.writing import write
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import PictureInPath, ServiceDep
from relook.server.schemas.labels import (
    Changed,
    LabelChange,
    LabelCount,
    LabelCounts,
    Labels,
    Renaming,
)

__all__ = ["router"]

router = APIRouter(tags=["labels"])

_UNKNOWN = "there is no picture {} in the collection; nothing was changed"


@router.get("/labels", responses={503: {}})
async def list_labels(service: ServiceDep) -> LabelCounts:
    """List all labels in order with their pictures, and count the pictures without any."""
    counts = await run_in_threadpool(service.collection.label_counts)
    numbers = await run_in_threadpool(service.counter.counts)
    return LabelCounts(
        labels=[LabelCount(label=label, images=count) for label, count in counts.items()],
        unlabelled=numbers.images - numbers.labelled,
    )


@router.put("/images/{id}/labels", responses={404: {}, 409: {}, 503: {}})
async def set_labels(
    service: ServiceDep,
    wanted: Labels,
    number: PictureInPath,
) -> Labels:
    """Give a picture these labels in place of those it has; none take all away."""
    labels = _meant(wanted.labels)
    change = partial(_apply, service.collection, {number: labels}, mode="replace")
    await write(service.jobs.turn, change)
    return Labels(labels=sorted(labels))


@router.post("/labels", responses={404: {}, 409: {}, 503: {}})
async def change_labels(service: ServiceDep, wanted: LabelChange) -> Changed:
    """Add labels to pictures, replace theirs, or take some away; all of it or nothing."""
    labels = _meant(wanted.labels)
    pictures = dict.fromkeys(wanted.ids, labels)
    change = partial(_apply, service.collection, pictures, mode=wanted.mode)
    return Changed(changed=await write(service.jobs.turn, change))


@router.post("/labels/rename", responses={404: {}, 409: {}, 503: {}})
async def rename_label(service: ServiceDep, wanted: Renaming) -> Changed:
    """Call a label otherwise; where there is one called so, the two become one."""
    _meant([wanted.old, wanted.new])
    rename = partial(service.collection.rename_label, wanted.old, wanted.new)
    try:
        return Changed(changed=await write(service.jobs.turn, rename))
    except UsageError as error:  # both are labels, so nobody has the old one
        raise ProblemError(404, str(error)) from error


def _apply(collection: Collection, wanted: dict[int, set[str]], *, mode: Mode) -> int:
    shown = collection.catalog.paths(list(wanted))
    for number in wanted:
        if number not in shown:
            raise ProblemError(404, _UNKNOWN.format(number))
    return collection.apply_labels(wanted, mode=mode)


def _meant(texts: Iterable[str]) -> set[str]:
    try:
        return {make_label(text) for text in texts}
    except UsageError as error:
        raise ProblemError(422, str(error)) from error
