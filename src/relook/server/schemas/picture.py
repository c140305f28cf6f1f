"""Pictures of the collection."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, Field

from relook.collection import Picture

__all__ = ["MOST_ID", "PictureCard", "PictureDetails", "PictureId", "PicturePage"]

MOST_ID = 2**53 - 1
"""Above it, JavaScript and floats in schemas round; no collection counts that far."""


def _plain(value: object) -> object:
    """One spelling alone: Python's own reading takes ``1_0`` and ``1.0``, too."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,16}", value) is None:
        raise ValueError("a picture's id is written in digits")
    return value


PictureId = Annotated[int, Field(ge=1, le=MOST_ID), BeforeValidator(_plain)]
"""As the catalog stores it."""


class PictureCard(BaseModel, title="Picture"):
    """A picture of the collection."""

    id: int
    name: str = Field(description="Of its file.")
    path: str = Field(description="Of its file, in the folder that was indexed.")
    width: int = Field(description="Of the upright original in pixels.")
    height: int
    taken: str | None = Field(description="When, in local time (ISO 8601).")
    latitude: float | None
    longitude: float | None
    labels: list[str]

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """A picture as it goes over the wire."""
        return cls(**_fields(picture))


class PictureDetails(PictureCard, title="PictureDetails"):
    """A picture of the collection, and its files."""

    bytes: int = Field(description="Of its file.")
    files: int = Field(description="Files that show it.")

    @classmethod
    def of(cls, picture: Picture) -> Self:
        """A picture as it goes over the wire."""
        return cls(**_fields(picture), bytes=picture.bytes, files=picture.files)


class PicturePage(BaseModel):
    """Some pictures, in the order in which they came to the collection."""

    images: list[PictureCard]
    next: str | None = Field(description="Cursor of the next page; null on the last.")
    total: int = Field(description="Pictures on all pages.")


def _fields(picture: Picture) -> dict[str, Any]:
    return {
        "id": picture.id,
        "name": PurePosixPath(picture.path).name,
        "path": picture.path,
        "width": picture.width,
        "height": picture.height,
        "taken": picture.taken,
        "latitude": picture.latitude,
        "longitude": picture.longitude,
        "labels": list(picture.labels),
    }
