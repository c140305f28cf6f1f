"""Files that cannot be searched, as they go over the wire."""

from __future__ import annotations

from pydantic import BaseModel, Field

__all__ = ["Quarantine", "QuarantinedFile"]


class QuarantinedFile(BaseModel):
    """A file that cannot be searched, and why."""

    id: str = Field(description="Of the file; it has no picture's number.")
    name: str
    path: str = Field(description="In the folder that was indexed.")
    reason: str
    uploaded: bool = Field(description="Whether it came by the server.")


class Quarantine(BaseModel):
    """All of them in order of path; at most `limit`."""

    pictures: list[QuarantinedFile]
    total: int
