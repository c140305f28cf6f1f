"""What a search answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from relook.collection import Hit, Picture
from relook.server.schemas.picture import PictureCard
from relook.server.schemas.query import QueryCard

__all__ = ["SIMILARITY", "HitCard", "SearchAnswer", "finite", "rounded_times"]

Outline = list[tuple[float, float]]

SIMILARITY = (
    "From 0 to 1, to the query and without geometry: the cosine of vectors, the root of a match "
    "kernel, or the larger of both; null where several boxes or marked pictures were asked for."
)
"""What a similarity is, in the document of the interface."""


class HitCard(BaseModel, title="Hit"):
    """One result."""

    rank: int = Field(description="From 1.")
    image: PictureCard
    score: float = Field(description="Higher is better; comparable within one answer.")
    similarity: float | None = Field(description=SIMILARITY, ge=0, le=1)
    verified: bool = Field(description="Whether geometry proves that it shows the same.")
    inliers: int = Field(description="Matches that agree on one geometry.")
    region: Outline | None = Field(description="Four corners of what matched in the result.")
    query_region: Outline | None = Field(description="The same outline in the query.")

    @classmethod
    def of(cls, hit: Hit, picture: Picture) -> Self:
        """A hit as it goes over the wire."""
        return cls(
            rank=hit.rank,
            image=PictureCard.of(picture),
            score=finite(hit.score),
            similarity=None if hit.similarity is None else round(hit.similarity, 4),
            verified=hit.verified,
            inliers=hit.inliers,
            region=_outline(hit.region),
            query_region=_outline(hit.query_region),
        )


class SearchAnswer(BaseModel):
    """The answer to a search."""

    query: QueryCard
    results: list[HitCard]
    milliseconds: dict[str, float] = Field(
        description="Of decode, describe, search, verify, and in total."
    )
    geometry: bool = Field(description="Whether results were verified by geometry.")
    skipped: int = Field(description="Pictures whose description cannot be read.")
    preview: str | None = Field(description="Address of a JPEG of the upload, if asked for.")


def finite(value: float, *, digits: int = 6) -> float:
    """A number that JSON can say, with so many significant digits."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else 0.0


def rounded_times(milliseconds: Mapping[str, float], *, total: float) -> dict[str, float]:
    """Milliseconds by stage, and since the request came."""
    stages = dict.fromkeys(("decode", "describe", "search", "verify"), 0.0)
    return {
        name: round(finite(value, digits=9), 2)
        for name, value in {**stages, **milliseconds, "total": total}.items()
    }


def _outline(region: NDArray[np.float32] | None) -> Outline | None:
    if region is None or not np.isfinite(region).all():
        return None
    return [(round(x, 1), round(y, 1)) for x, y in region.tolist()]
