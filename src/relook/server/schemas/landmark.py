"""What is said of a place."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field

from relook.mapping.landmarks import Location, TagScore
from relook.server.schemas.query import QueryCard
from relook.server.schemas.search import HitCard

__all__ = ["LandmarkAnswer", "NeighborCard", "PlaceCard", "TagCard"]


class PlaceCard(BaseModel, title="Place"):
    """Where something is, as the pictures that show it say."""

    latitude: float = Field(description="Degrees, north is positive.")
    longitude: float = Field(description="Degrees, east is positive.")
    spread_m: float | None = Field(
        description="Meters within which two thirds of the evidence lie; null for one witness."
    )
    neighbors: int = Field(description="Pictures that agree on it.")

    @classmethod
    def of(cls, place: Location) -> Self:
        """A place as it goes over the wire."""
        return cls(
            latitude=round(place.latitude, 6),
            longitude=round(place.longitude, 6),
            spread_m=None if place.spread_m is None else round(place.spread_m, 1),
            neighbors=place.neighbors,
        )


class NeighborCard(HitCard, title="Neighbor"):
    """A picture that may show the same thing."""

    role: Literal["agrees", "disagrees", "nowhere"] = Field(
        description="Whether its place agrees with the estimated one; nowhere without a place."
    )


class TagCard(BaseModel, title="Tag"):
    """A label of pictures that show the same thing."""

    tag: str
    score: float = Field(description="Share of the evidence, 0 to 1.")
    images: int = Field(description="Verified pictures that have it.")

    @classmethod
    def of(cls, tag: TagScore) -> Self:
        """A tag as it goes over the wire."""
        return cls(tag=tag.tag, score=tag.score, images=tag.images)


class LandmarkAnswer(BaseModel):
    """Where a picture was taken and what it may be called."""

    query: QueryCard
    location: PlaceCard | None = Field(description="Null where no verified picture has a place.")
    similar: list[NeighborCard]
    suggested: list[TagCard] = Field(description="Labels that fit best; rare ones speak louder.")
    frequent: list[TagCard] = Field(description="Labels that most verified pictures have.")
    milliseconds: dict[str, float]
