"""The map of a collection as it goes over the wire: columns, of 10,000 pictures and more."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

__all__ = ["AtlasColumns"]


class AtlasColumns(BaseModel, title="Atlas"):
    """Where every picture lies. All columns have one entry per picture, in the same order."""

    state: Literal["ready", "stale", "missing"] = Field(
        description="`missing`: none was made yet. `stale`: so many pictures came since that it "
        "should be made again; those are on it all the same."
    )
    count: int = Field(ge=0, description="Pictures on the map.")
    waiting: int = Field(ge=0, description="Pictures that are still being placed; ask again soon.")
    ids: list[int]
    x: list[float] = Field(description="0 (left) … 1, of a square.")
    y: list[float] = Field(description="0 (top) … 1, of a square.")
    label: list[int] = Field(description="Place of its first label in `names`; -1 without one.")
    names: list[str] = Field(description="Labels, the most frequent first.")
