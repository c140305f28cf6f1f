"""What was asked."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field

from relook.server.asking.queries import Asked

__all__ = ["QueryCard"]


class QueryCard(BaseModel, title="Query"):
    """What was asked, to be asked again."""

    key: str = Field(description="Asks this query again, with its boxes, for 15 minutes.")
    id: int | None = Field(description="Of the indexed picture that it is.")
    width: int = Field(description="Of the upright original in pixels.")
    height: int
    boxes: list[tuple[float, float, float, float]] = Field(
        description="x, y, width and height of what is looked for; none means all of it."
    )

    @classmethod
    def of(cls, asked: Asked) -> Self:
        """A query as it goes over the wire."""
        width, height = asked.size
        boxes = [(box.x, box.y, box.width, box.height) for box in asked.boxes]
        return cls(key=asked.key, id=asked.id, width=width, height=height, boxes=boxes)
