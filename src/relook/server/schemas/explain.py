"""Why two pictures are called similar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from relook.collection import Picture
from relook.server.asking.explaining import Explanation
from relook.server.asking.queries import Asked
from relook.server.schemas.picture import PictureCard
from relook.server.schemas.query import QueryCard
from relook.server.schemas.search import SIMILARITY, HitCard, finite

if TYPE_CHECKING:
    from relook.search.explaining import Grid, SimilarityMaps

__all__ = ["ExplainAnswer", "GridCard", "MapsCard"]

Points = list[tuple[float, float]]


class GridCard(BaseModel, title="Grid"):
    """What each part of a picture contributes to a similarity."""

    columns: int
    rows: int
    values: list[float] = Field(
        description="Row by row, of any sign; they sum to the similarity. Where they are all "
        "alike, each is the similarity divided by their number."
    )
    frame: tuple[float, float, float, float] = Field(
        description="x, y, width and height of what the grid divides, in pixels of the upright "
        "original."
    )

    @classmethod
    def of(cls, grid: Grid) -> Self:
        """A grid as it goes over the wire."""
        rows, columns = grid.values.shape
        values = [finite(value) for value in grid.values.ravel().tolist()]
        x, y, width, height = (round(float(side), 2) for side in grid.frame)
        return cls(columns=columns, rows=rows, values=values, frame=(x, y, width, height))


class MapsCard(BaseModel, title="SimilarityMaps"):
    """Two pictures explained by one another."""

    query: GridCard
    result: GridCard
    similarity: float = Field(description="Of the vectors of both pictures; a copy has 1.")

    @classmethod
    def of(cls, maps: SimilarityMaps) -> Self:
        """Maps as they go over the wire."""
        return cls(
            query=GridCard.of(maps.query),
            result=GridCard.of(maps.result),
            similarity=finite(maps.similarity),
        )


class ExplainAnswer(BaseModel):
    """Why a query and a picture are called similar."""

    query: QueryCard
    result: PictureCard
    verified: bool = Field(description="Whether geometry proves that both show the same.")
    inliers: int = Field(description="Matches that agree on one geometry.")
    strength: float = Field(description="What these are worth together.")
    transform: list[list[float]] | None = Field(
        description="3 × 3, homogeneous: points of the query to points of the result."
    )
    query_points: Points = Field(description="Matches that agree, in the query.")
    points: Points = Field(description="The same matches in the result.")
    query_region: Points | None = Field(description="Four corners of what matched in the query.")
    region: Points | None = Field(description="The same outline in the result.")
    similarity: float | None = Field(description=SIMILARITY, ge=0, le=1)
    maps: MapsCard | None = Field(
        description="What each part contributes to the similarity; null where pictures are not "
        "compared as a whole, or that has no parts."
    )
    preview: str | None = Field(description="Address of a JPEG of an upload, where one was asked.")

    @classmethod
    def of(cls, asked: Asked, picture: Picture, found: Explanation, *, preview: str | None) -> Self:
        """An explanation as it goes over the wire."""
        hit = None if found.hit is None else HitCard.of(found.hit, picture)
        proof = None if found.hit is None else found.hit.evidence
        return cls(
            query=QueryCard.of(asked),
            result=PictureCard.of(picture),
            verified=hit is not None and hit.verified,
            inliers=0 if hit is None else hit.inliers,
            strength=0.0 if proof is None else finite(proof.strength),
            transform=None if proof is None else _numbers(proof.transform),
            query_points=[] if proof is None else _points(proof.query_points),
            points=[] if proof is None else _points(proof.points),
            query_region=None if hit is None else hit.query_region,
            region=None if hit is None else hit.region,
            similarity=None if hit is None else hit.similarity,
            maps=None if found.maps is None else MapsCard.of(found.maps),
            preview=preview,
        )


def _numbers(matrix: NDArray[np.float64]) -> list[list[float]] | None:
    if not np.isfinite(matrix).all():
        return None
    return [[finite(value, digits=9) for value in row] for row in matrix.tolist()]


def _points(points: NDArray[np.float32]) -> Points:
    return [
        (round(finite(x, digits=9), 1), round(finite(y, digits=9), 1)) for x, y in points.tolist()
    ]
