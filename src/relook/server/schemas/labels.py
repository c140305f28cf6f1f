"""Labels as they go over the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from relook.collection.labels import Mode

__all__ = [
    "MOST_ID",
    "Changed",
    "LabelChange",
    "LabelCount",
    "LabelCounts",
    "LabelName",
    "Labels",
    "Renaming",
]

MOST_ID = 2**63 - 1
"""Of pictures, as the catalog stores it."""

LabelName = Annotated[str, Field(min_length=1, max_length=1000)]
"""Kept in Unicode NFC with single spaces; 200 characters at most then, none of control."""
_PictureId = Annotated[int, Field(ge=1, le=MOST_ID)]
_MOST = 100


class Labels(BaseModel):
    """The labels of a picture."""

    model_config = ConfigDict(extra="forbid")

    labels: list[LabelName] = Field(max_length=_MOST)


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

    ids: list[_PictureId] = Field(min_length=1, max_length=10_000)
    labels: list[LabelName] = Field(max_length=_MOST)
    mode: Mode = "add"


class Renaming(BaseModel):
    """A label, and what it shall be called."""

    model_config = ConfigDict(extra="forbid")

    old: LabelName
    new: LabelName


class Changed(BaseModel):
    """How many pictures changed."""

    changed: int
