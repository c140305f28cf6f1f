"""Labels as they go over the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from relook.collection.labels import Mode
from relook.server.schemas.picture import PictureId

__all__ = [
    "PLAIN",
    "Changed",
    "LabelChange",
    "LabelCount",
    "LabelCounts",
    "LabelName",
    "Labels",
    "Renaming",
]

PLAIN = r"^[^\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]*$"
"""What a label looks like, as documentation; the collection has words for what is wrong."""

LabelName = Annotated[
    str, Field(min_length=1, max_length=200, json_schema_extra={"pattern": PLAIN})
]
"""Kept in Unicode NFC with single spaces; it has no characters of control."""
_MOST = 100


class Labels(BaseModel):
    """The labels of a picture."""

    model_config = ConfigDict(extra="forbid")

    labels: list[LabelName] = Field(description="All that it shall have.", max_length=_MOST)


class LabelCount(BaseModel):
    """A label, and how many pictures have it."""

    label: str
    images: int


class LabelCounts(BaseModel):
    """All labels in order, and how many pictures have none."""

    labels: list[LabelCount]
    unlabelled: int


class LabelChange(BaseModel):
    """What to do with the labels of some pictures."""

    model_config = ConfigDict(extra="forbid")

    ids: list[PictureId] = Field(description="Of pictures.", min_length=1, max_length=10_000)
    labels: list[LabelName] = Field(description="To add, set or remove.", max_length=_MOST)
    mode: Mode = Field("add", description="What becomes of the labels that they have.")


class Renaming(BaseModel):
    """A label, and what it shall be called."""

    model_config = ConfigDict(extra="forbid")

    old: LabelName = Field(description="As it is called now.")
    new: LabelName = Field(description="As it shall be called.")


class Changed(BaseModel):
    """How many pictures changed."""

    changed: int
