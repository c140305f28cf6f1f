"""Recognition: what is this?"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import Annotated

from fastapi import APIRouter, Form, Request

from relook.collection import Picture, Recognition
from relook.core.errors import UsageError
from relook.plots.wording import kind_of, sentence, shown_confidence
from relook.server.asking import Question
from relook.server.asking.queries import Asked
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import ServiceDep
from relook.server.requests.leaving import unless_gone
from relook.server.requests.questions import QuestionDep, preview_of
from relook.server.schemas.picture import PictureCard
from relook.server.schemas.query import QueryCard
from relook.server.schemas.recognize import Candidate, RecognizeAnswer
from relook.server.schemas.search import HitCard, rounded_times
from relook.server.scrubbing import without_paths
from relook.server.service import Service

__all__ = ["router"]

router = APIRouter(tags=["ask"])

_SHOWN = 5
"""Candidates that are told."""


@router.post("/recognize", responses={404: {}, 408: {}, 409: {}, 413: {}, 415: {}, 503: {}})
async def recognize(
    request: Request,
    service: ServiceDep,
    question: QuestionDep,
    exclude_self: Annotated[bool, Form(description="Leave out the query itself.")] = False,
) -> RecognizeAnswer:
    """Say what a picture, or a box in it, shows, or that nothing in the collection shows it."""
    work = _recognize(request, service, question, exclude_self=exclude_self)
    return await unless_gone(request, work)


async def _recognize(
    request: Request, service: Service, question: Question, *, exclude_self: bool
) -> RecognizeAnswer:
    started = perf_counter()
    if question.boxes is not None and len(question.boxes) > 1:
        raise ProblemError(422, "one box alone can be recognized; send one")
    asked = await service.asking.understand(question)
    found, pictures = await service.asking.finder.run(
        lambda: _find(service, asked, exclude_self=exclude_self)
    )
    answer = _answer(asked, found, pictures, total=1e3 * (perf_counter() - started))
    answer.preview = preview_of(request, question, asked)
    return answer


def _find(
    service: Service, asked: Asked, *, exclude_self: bool
) -> tuple[Recognition, dict[int, Picture]]:
    """In a thread: recognize, and read what is shown of the candidates."""
    collection = service.collection
    try:
        found = service.recognizer.recognize(asked.queries[0], exclude_self=exclude_self)
    except UsageError as error:  # what can be wrong with the query was checked before
        raise ProblemError(
            409, "no picture of the collection has a label; give some labels first"
        ) from error
    warnings = tuple(without_paths(words, collection) for words in found.warnings)
    wanted = {one.image for one in found.verdict.candidates[:_SHOWN]}
    if found.evidence is not None:
        wanted.add(found.evidence.id)
    return replace(found, warnings=warnings), collection.pictures(sorted(wanted))


def _answer(
    asked: Asked, found: Recognition, pictures: dict[int, Picture], *, total: float
) -> RecognizeAnswer:
    verdict, evidence = found.verdict, found.evidence
    shown = None if evidence is None else pictures.get(evidence.id)
    if evidence is not None and shown is not None:
        # The path that a search shows may be a full one; the page gets that in the collection.
        evidence = replace(evidence, path=shown.path)
        found = replace(found, evidence=evidence)
    return RecognizeAnswer(
        query=QueryCard.of(asked),
        answer=kind_of(verdict),
        label=verdict.label,
        confidence=_probability(shown_confidence(verdict)),
        sentence=sentence(found if shown else replace(found, evidence=None)),
        candidates=[
            Candidate(
                label=one.label,
                probability=_probability(one.confidence),
                image=PictureCard.of(pictures[one.image]),
            )
            for one in verdict.candidates[:_SHOWN]
            if one.image in pictures
        ],
        none=_probability(verdict.none),
        evidence=None if evidence is None or shown is None else HitCard.of(evidence, shown),
        threshold=_probability(found.threshold),
        calibration="collection" if found.calibration == "collection" else "shipped",
        warnings=list(found.warnings),
        milliseconds=rounded_times(found.milliseconds, total=total),
        preview=None,
    )


def _probability(value: float) -> float:
    return min(1.0, max(0.0, round(value, 4)))
