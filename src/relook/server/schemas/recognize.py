"""What recognition answers."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from relook.server.schemas.picture import PictureCard
from relook.server.schemas.query import QueryCard
from relook.server.schemas.search import HitCard

__all__ = ["Candidate", "RecognizeAnswer"]


class Candidate(BaseModel):
    """A label that may be right."""

    label: str
    probability: float = Field(ge=0, le=1)
    image: PictureCard = Field(description="The labelled picture that speaks for it most.")


class RecognizeAnswer(BaseModel):
    """What a picture shows, or that nothing in the collection shows it."""

    query: QueryCard
    answer: Literal["known", "unsure", "unknown"]
    label: str | None = Field(description="The name; null unless it is known.")
    confidence: float = Field(description="Probability that the answer is right.", ge=0, le=1)
    sentence: str = Field(description="The whole answer in words.")
    candidates: list[Candidate] = Field(description="By decreasing probability.")
    none: float = Field(description="Probability that no label is right.", ge=0, le=1)
    evidence: HitCard | None = Field(description="What speaks most for the first candidate.")
    threshold: float = Field(description="Probability from which a label is given.")
    calibration: Literal["collection", "shipped"]
    warnings: list[str]
    milliseconds: dict[str, float]
    preview: str | None = Field(description="Address of a JPEG of the upload, if asked for.")
