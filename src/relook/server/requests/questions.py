"""What routes take from a client who asks: a picture, boxes in it, and which pictures to search."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, File, Form, Query, Request, UploadFile
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema

from relook.collection import Filter
from relook.core.errors import UsageError
from relook.core.records import Box
from relook.server.asking import Question
from relook.server.asking.queries import Asked
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import ServiceDep
from relook.server.schemas.picture import PictureId

__all__ = [
    "Absent",
    "FormFilter",
    "QueryFilter",
    "QuestionDep",
    "preview_of",
    "read_boxes",
    "read_filter",
]

Absent = SkipJsonSchema[None]
"""A field that is left out; forms and addresses have no null."""
_MOST_BOXES = 8
_ONE = "Send exactly one of image, id and key."

_Label = Annotated[str, StringConstraints(max_length=500)]
_LABELS = "A picture has at least one of these labels."
_UNLABELLED = "A picture has no label."
_DAY = r"^\d{4}-\d{2}-\d{2}$"
_SINCE = "First day on which it was taken, such as 2019-05-01."
_UNTIL = "Last day on which it was taken."
_PLACE = "latitude,longitude,kilometers: taken within this distance."


async def _question(
    service: ServiceDep,
    image: Annotated[UploadFile | Absent, File(description=f"A picture. {_ONE}")] = None,
    number: Annotated[
        PictureId | Absent, Form(alias="id", description=f"Of an indexed picture. {_ONE}")
    ] = None,
    key: Annotated[
        str | Absent, Form(description=f"Of an earlier query. {_ONE}", max_length=100)
    ] = None,
    boxes: Annotated[
        str | Absent,
        Form(
            description="[[x, y, width, height], …] in pixels of the upright original: what is "
            "looked for in it. Left out: all of it, or the boxes that the query of the key had.",
            max_length=2000,
        ),
    ] = None,
    preview: Annotated[
        bool, Form(description="Answer with the address of a JPEG of the upload.")
    ] = False,
) -> AsyncIterator[Question]:
    if image is not None and not image.filename and not image.size:
        image = None  # a form with no file chosen
    if (image is not None) + (number is not None) + (key is not None) != 1:
        raise ProblemError(422, "send exactly one of image, id and key")
    parts = None if boxes is None else read_boxes(boxes)
    if image is None:
        yield Question(id=number, key=key, boxes=parts, preview=preview)
        return
    size, limit = image.size or 0, service.settings.upload_bytes
    if size > limit:
        raise ProblemError(413, f"a picture may have {limit >> 20} MiB; send a smaller one")
    with service.asking.budget.hold(size):
        yield Question(image=await image.read(), boxes=parts, preview=preview)


QuestionDep = Annotated[Question, Depends(_question)]
"""The form fields image, id, key, boxes and preview."""


def preview_of(request: Request, question: Question, asked: Asked) -> str | None:
    """The address of a JPEG of an upload, where the client wants one."""
    if not question.preview or asked.id is not None:
        return None
    return str(request.app.url_path_for("query_picture", key=asked.key))


def read_boxes(text: str) -> tuple[Box, ...]:
    """Boxes from JSON.

    Raises:
        ProblemError: 422 unless they are at most 8 of four finite numbers, not empty.
    """
    try:
        rows: Any = json.loads(text)
        boxes = tuple(Box(*(float(value) for value in row)) for row in rows)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ProblemError(
            422, "boxes must be JSON such as [[10, 20, 300, 200]]: x, y, width, height"
        ) from error
    if len(boxes) > _MOST_BOXES:
        raise ProblemError(422, f"there may be {_MOST_BOXES} boxes, not {len(boxes)}")
    for box in boxes:
        if not all(map(math.isfinite, box)) or min(box.width, box.height) <= 0:
            raise ProblemError(422, "a box has finite numbers, and width and height above 0")
    return boxes


def read_filter(
    labels: list[str],
    *,
    unlabelled: bool,
    since: str | None,
    until: str | None,
    place: str | None,
) -> Filter:
    """Which pictures are meant.

    Raises:
        ProblemError: 422 where a day or the place is none.
    """
    try:
        return Filter(
            labels=tuple(labels),
            unlabelled=unlabelled,
            since=since,
            until=until,
            place=None if place is None else _place(place),
        )
    except UsageError as error:
        raise ProblemError(422, str(error)) from error


def _place(text: str) -> tuple[float, float, float]:
    try:
        latitude, longitude, kilometers = map(float, text.split(","))
    except ValueError as error:
        raise UsageError("place must be latitude,longitude,kilometers") from error
    if not all(map(math.isfinite, (latitude, longitude, kilometers))):
        raise UsageError("place must have finite numbers")
    return latitude, longitude, kilometers


def _form_filter(
    labels: Annotated[list[_Label], Form(description=_LABELS, default_factory=list)],
    unlabelled: Annotated[bool, Form(description=_UNLABELLED)] = False,
    since: Annotated[str | Absent, Form(description=_SINCE, pattern=_DAY)] = None,
    until: Annotated[str | Absent, Form(description=_UNTIL, pattern=_DAY)] = None,
    place: Annotated[str | Absent, Form(description=_PLACE, max_length=100)] = None,
) -> Filter:
    return read_filter(labels, unlabelled=unlabelled, since=since, until=until, place=place)


def _query_filter(
    labels: Annotated[list[_Label], Query(description=_LABELS, default_factory=list)],
    unlabelled: Annotated[bool, Query(description=_UNLABELLED)] = False,
    since: Annotated[str | Absent, Query(description=_SINCE, pattern=_DAY)] = None,
    until: Annotated[str | Absent, Query(description=_UNTIL, pattern=_DAY)] = None,
    place: Annotated[str | Absent, Query(description=_PLACE, max_length=100)] = None,
) -> Filter:
    return read_filter(labels, unlabelled=unlabelled, since=since, until=until, place=place)


FormFilter = Annotated[Filter, Depends(_form_filter)]
"""The form fields labels, unlabelled, since, until and place."""

QueryFilter = Annotated[Filter, Depends(_query_filter)]
"""The same in the address."""
