"""The map of the collection."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Event
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Header, Response

from relook.mapping.atlas import Atlas, Stopped, make_atlas, read_atlas
from relook.server.jobs.records import Report, StoppedError
from relook.server.problems import Problem
from relook.server.requests.dependencies import ServiceDep
from relook.server.schemas.atlas import AtlasColumns
from relook.server.schemas.jobs import Job, to_job
from relook.server.service import Service

__all__ = ["router"]

router = APIRouter(tags=["atlas"])

_AT_ONCE = 8
_SMALL = 1000
"""So few new pictures, on so small a map, are placed while the client waits; others by a job."""
_PLACING = "placing new pictures"
_STEPS = {
    "learn": "learning what sets the pictures apart",
    "describe": "describing",
    "neighbors": "finding neighbors",
    "map": "laying out",
    "place": _PLACING,
}
_DIGITS = 4
"""Of coordinates: a map of 10,000 pixels needs no more."""


@router.get(
    "/atlas",
    response_model=AtlasColumns,
    responses={304: {"description": "It is as the client has it (If-None-Match)."}},
)
def get_atlas(
    service: ServiceDep,
    if_none_match: Annotated[str | None, Header(description="ETag of an earlier answer.")] = None,
) -> Response:
    """Say where the pictures lie on the map; new ones are placed, and nothing else moves."""
    atlas = _present(service)
    tag = _tag(service, atlas)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and tag in [one.strip() for one in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    # Written at once: FastAPI would go through all the numbers twice more.
    text = _columns(service, atlas).model_dump_json()
    return Response(text, media_type="application/json", headers=headers)


@router.post(
    "/atlas",
    status_code=202,
    responses={503: {"model": Problem, "description": "Too many jobs wait already."}},
)
def make_map(service: ServiceDep) -> Job:
    """Make the map anew, in the background; where that is under way already, say so."""
    job = service.jobs.find("atlas")
    if job is None or job.message == _PLACING:
        job = service.jobs.submit("atlas", lambda report, stop: _make(service, report, stop))
    return to_job(job)


def _present(service: Service) -> Atlas | None:
    """The map with what can be placed at once; a job is begun for the rest."""
    atlas = read_atlas(service.collection, place_new=False)
    if atlas is None or not atlas.missing:
        return atlas
    if atlas.missing <= _AT_ONCE and len(atlas) <= _SMALL:
        return read_atlas(service.collection)
    if service.jobs.find("atlas") is None:
        service.jobs.submit("atlas", lambda report, stop: _place(service, report, stop))
    return atlas


def _make(service: Service, report: Report, stop: Event) -> Mapping[str, Any]:
    try:
        atlas = make_atlas(service.collection, progress=_words(report), stop=stop.is_set)
    except Stopped as stopped:
        raise StoppedError from stopped
    return {"images": len(atlas)}


def _place(service: Service, report: Report, stop: Event) -> Mapping[str, Any]:
    try:
        atlas = read_atlas(service.collection, progress=_words(report), stop=stop.is_set)
    except Stopped as stopped:
        raise StoppedError from stopped
    return {"images": 0 if atlas is None else len(atlas)}


def _words(report: Report) -> Callable[[str, int, int], None]:
    return lambda what, done, total: report(done, total, _STEPS.get(what, what))


def _tag(service: Service, atlas: Atlas | None) -> str:
    """Changes with the catalog, so with labels too, and with every place."""
    found = hashlib.sha256(str(service.collection.catalog.generation()).encode())
    if atlas is not None:
        found.update(atlas.ids.tobytes() + atlas.xy.tobytes() + bytes([atlas.stale]))
        found.update(str(atlas.missing).encode())
    return f'"{found.hexdigest()[:32]}"'


def _columns(service: Service, atlas: Atlas | None) -> AtlasColumns:
    if atlas is None:
        return AtlasColumns(
            state="missing", count=0, waiting=0, ids=[], x=[], y=[], label=[], names=[]
        )
    ids = atlas.ids.tolist()
    labelled = service.collection.catalog.labelled()
    first = [labelled[id_][0] if id_ in labelled else None for id_ in ids]
    counts = Counter(name for name in first if name is not None)
    names = sorted(counts, key=lambda name: (-counts[name], name))
    place_of = {name: place for place, name in enumerate(names)}
    x, y = np.round(atlas.xy.astype(np.float64), _DIGITS).T.tolist() if ids else ([], [])
    return AtlasColumns(
        state="stale" if atlas.stale else "ready",
        count=len(ids),
        waiting=atlas.missing,
        ids=ids,
        x=x,
        y=y,
        label=[-1 if name is None else place_of[name] for name in first],
        names=names,
    )
