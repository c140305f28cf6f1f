"""Searching: with an upload, an indexed picture, or an earlier query."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from pydantic import Field

from relook.collection import Collection, DescribedQuery, Filter, Picture, SearchResult
from relook.collection.searching import Searching
from relook.core.errors import UsageError
from relook.server.asking import Asking, Question
from relook.server.asking.queries import Asked
from relook.server.problems import ProblemError
from relook.server.requests.dependencies import PictureInPath, ServiceDep
from relook.server.requests.leaving import unless_gone
from relook.server.requests.questions import (
    Absent,
    FormFilter,
    QueryFilter,
    QuestionDep,
    preview_of,
)
from relook.server.schemas.picture import PictureId
from relook.server.schemas.query import QueryCard
from relook.server.schemas.search import HitCard, SearchAnswer, rounded_times

__all__ = ["router"]

router = APIRouter(tags=["ask"])

_Candidates = Annotated[int, Field(ge=0, le=1000)]
_Features = Annotated[int, Field(ge=50, le=4000)]
_Expand = Annotated[int, Field(ge=0, le=50)]


@dataclass(frozen=True, slots=True)
class _Options:
    """How to search; see the form fields."""

    top: int = 24
    exclude_self: bool = False
    right: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()
    candidates: int | None = None
    query_features: int | None = None
    expand: int | None = None

    def plan(self, kind: str) -> dict[str, Any]:
        """What of the plan changes, by the names that recipes have for it."""
        expand = "hqe.neighbors" if kind == "local" else "expand.neighbors"
        found = {
            "candidates": self.candidates,
            "query_features": self.query_features,
            expand: self.expand,
        }
        return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True, slots=True)
class _Marks:
    """Results that were said to be right or wrong."""

    right: tuple[DescribedQuery, ...] = ()
    wrong: tuple[DescribedQuery, ...] = ()


def _options(
    right: Annotated[
        list[PictureId],
        Form(description="Ids of results that are right.", max_length=16, default_factory=list),
    ],
    wrong: Annotated[
        list[PictureId],
        Form(description="Ids of results that are wrong.", max_length=16, default_factory=list),
    ],
    top: Annotated[int, Form(description="Number of results.", ge=1, le=200)] = 24,
    exclude_self: Annotated[bool, Form(description="Leave out the query itself.")] = False,
    candidates: Annotated[
        _Candidates | Absent, Form(description="Results that geometry verifies.")
    ] = None,
    query_features: Annotated[
        _Features | Absent, Form(description="Local features of the query.")
    ] = None,
    expand: Annotated[
        _Expand | Absent, Form(description="Results that the query is expanded by.")
    ] = None,
) -> _Options:
    return _Options(
        top, exclude_self, tuple(right), tuple(wrong), candidates, query_features, expand
    )


@router.post("/search", responses={404: {}, 408: {}, 413: {}, 415: {}, 503: {}})
async def search(
    request: Request,
    service: ServiceDep,
    question: QuestionDep,
    among: FormFilter,
    options: Annotated[_Options, Depends(_options)],
) -> SearchAnswer:
    """Find the pictures that show what a picture, or boxes in it, shows."""
    work = _search(request, service.asking, question, among, options)
    return await unless_gone(request, work)


@router.get("/images/{id}/similar", responses={404: {}, 503: {}})
async def similar(
    request: Request,
    service: ServiceDep,
    number: PictureInPath,
    among: QueryFilter,
    top: Annotated[int, Query(description="Number of results.", ge=1, le=200)] = 24,
    exclude_self: Annotated[bool, Query(description="Leave out the picture itself.")] = True,
) -> SearchAnswer:
    """Find the pictures that show what an indexed picture shows."""
    options = _Options(top, exclude_self)
    work = _search(request, service.asking, Question(id=number), among, options)
    return await unless_gone(request, work)


async def _search(
    request: Request, asking: Asking, question: Question, among: Filter, options: _Options
) -> SearchAnswer:
    started = perf_counter()
    searching = asking.planned(options.plan(asking.collection.engine.kind))
    asked = await asking.understand(question, features=options.query_features)
    marks = await _marks(asking, asked, options)
    found, pictures = await asking.finder.run(
        lambda: _find(asking.collection, searching, asked, marks, among, options)
    )
    return SearchAnswer(
        query=QueryCard.of(asked),
        results=[HitCard.of(hit, pictures[hit.id]) for hit in found.results if hit.id in pictures],
        milliseconds=rounded_times(found.milliseconds, total=1e3 * (perf_counter() - started)),
        geometry=any(hit.evidence is not None for hit in found.results),
        skipped=found.skipped,
        preview=preview_of(request, question, asked),
    )


async def _marks(asking: Asking, asked: Asked, options: _Options) -> _Marks:
    """What was marked, described; this process reads no picture."""
    if not (options.right or options.wrong):
        return _Marks()
    if len(asked.queries) > 1:
        raise ProblemError(422, "results can be marked for one box alone; send one")
    both = set(options.right) & set(options.wrong)
    if both:
        raise ProblemError(422, f"picture {min(both)} is marked right and wrong; choose one")
    right = [await asking.marked(number) for number in options.right]
    wrong = [await asking.marked(number) for number in options.wrong]
    return _Marks(tuple(right), tuple(wrong))


def _find(
    collection: Collection,
    searching: Searching,
    asked: Asked,
    marks: _Marks,
    among: Filter,
    options: _Options,
) -> tuple[SearchResult, dict[int, Picture]]:
    """In a thread: search, and read what is shown of the results."""
    top, exclude = options.top, options.exclude_self
    try:
        if marks.right or marks.wrong:
            found = searching.search_again(
                asked.queries[0],
                right=marks.right,
                wrong=marks.wrong,
                top=top,
                exclude_self=exclude,
                among=among,
            )
        else:
            found = searching.search(asked.queries, top=top, exclude_self=exclude, among=among)
    except UsageError as error:
        raise ProblemError(422, str(error)) from error
    return found, collection.pictures([hit.id for hit in found.results])
