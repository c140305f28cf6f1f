"""Copies as they go over the wire."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from relook.server.schemas.picture import PictureCard

__all__ = ["CopiedFile", "DuplicateGroup", "DuplicateGroups"]


class CopiedFile(BaseModel):
    """A file of a group."""

    id: int = Field(description="Of its picture; files with the same bytes have the same.")
    name: str
    path: str
    changes: list[str] = Field(
        description="What was done to it, such as `resized` or `same bytes`; none for the original."
    )


class DuplicateGroup(BaseModel):
    """One picture in several files, the likely original first."""

    images: list[PictureCard]
    relation: str = Field(description="How the copies differ from the original, in words.")
    files: list[CopiedFile]


class DuplicateGroups(BaseModel):
    """What the last search for copies found, the largest groups first."""

    state: Literal["ready", "missing", "stale"]
    groups: list[DuplicateGroup]
    total: int = Field(description="Groups in all.")
