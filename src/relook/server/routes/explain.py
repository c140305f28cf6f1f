"""Explaining: why are these two called similar?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request

from relook.server.asking import Question
from relook.server.asking.explaining import explain as explain_pictures
from relook.server.requests.dependencies import ServiceDep
from relook.server.requests.leaving import unless_gone
from relook.server.requests.questions import QuestionDep, preview_of
from relook.server.schemas.explain import ExplainAnswer
from relook.server.schemas.picture import PictureId
from relook.server.service import Service

__all__ = ["router"]

router = APIRouter(tags=["ask"])


@router.post("/explain", responses={404: {}, 408: {}, 413: {}, 415: {}, 503: {}})
async def explain(
    request: Request,
    service: ServiceDep,
    question: QuestionDep,
    result: Annotated[PictureId, Form(description="Id of the indexed picture.")],
) -> ExplainAnswer:
    """Say why a picture, or a box in it, and an indexed picture are called similar.

    Of several boxes, the one with the strongest evidence is explained.
    """
    return await unless_gone(request, _explain(request, service, question, result))


async def _explain(
    request: Request, service: Service, question: Question, content: int
) -> ExplainAnswer:
    asking = service.asking
    picture, original = await asking.original(content)
    asked = await asking.understand(question)
    found = await explain_pictures(asking, asked, content, original)
    preview = preview_of(request, question, asked)
    return ExplainAnswer.of(asked, picture, found, preview=preview)
