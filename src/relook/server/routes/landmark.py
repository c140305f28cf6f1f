"""Places: where was this taken, and what may it be called?"""

from __future__ import annotations

from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Form, Request

from relook.mapping.landmarks import Landmark, locate
from relook.server.asking import Question
from relook.server.asking.queries import Asked
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import ServiceDep
from relook.server.requests.leaving import unless_gone
from relook.server.requests.questions import QuestionDep
from relook.server.schemas.landmark import LandmarkAnswer, NeighborCard, PlaceCard, TagCard
from relook.server.schemas.query import QueryCard
from relook.server.schemas.search import HitCard, rounded_times
from relook.server.service import Service

__all__ = ["router"]

router = APIRouter(tags=["ask"])


@router.post("/landmark", responses={404: {}, 408: {}, 413: {}, 415: {}, 503: {}})
async def landmark(
    request: Request,
    service: ServiceDep,
    question: QuestionDep,
    top: Annotated[int, Form(description="Pictures to look at.", ge=1, le=200)] = 50,
) -> LandmarkAnswer:
    """Estimate where a picture was taken, and suggest tags, by what geometry verified."""
    return await unless_gone(request, _locate(service, question, top))


async def _locate(service: Service, question: Question, top: int) -> LandmarkAnswer:
    started = perf_counter()
    if question.boxes is not None and len(question.boxes) > 1:
        raise ProblemError(422, "one box alone can be located; send one")
    asked = await service.asking.understand(question)
    found = await service.asking.finder.run(
        lambda: locate(service.collection, asked.queries[0], top=top)
    )
    return _answer(asked, found, total=1e3 * (perf_counter() - started))


def _answer(asked: Asked, found: Landmark, *, total: float) -> LandmarkAnswer:
    return LandmarkAnswer(
        query=QueryCard.of(asked),
        location=None if found.location is None else PlaceCard.of(found.location),
        similar=[
            NeighborCard(
                **HitCard.of(neighbor.hit, neighbor.picture).model_dump(), role=neighbor.role
            )
            for neighbor in found.similar
        ],
        suggested=[TagCard.of(tag) for tag in found.suggested],
        frequent=[TagCard.of(tag) for tag in found.frequent],
        milliseconds=rounded_times(found.milliseconds, total=total),
    )
