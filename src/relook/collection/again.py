"""Search again with results that were marked right or wrong."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from relook.collection.answering import to_hits
from relook.collection.catalog import Catalog
from relook.collection.described import DescribedQuery, describe_query
from relook.collection.naming import Named, content_of
from relook.collection.query import read_query
from relook.collection.records import SearchResult
from relook.core.errors import ImageError, UsageError
from relook.core.records import Ranking
from relook.recognition.merging import merge_rankings

if TYPE_CHECKING:
    from relook.search import Engine, Sources

__all__ = ["Marked", "Marks", "answer_again", "read_marks"]

DEPTH = 1000
"""Images of each ranking that are merged, at least: what a ranking lacks has its last score."""

_SPARE = 16

Marked = Named | DescribedQuery
"""A picture of the collection: by what names it, or described, so that nobody has to read it."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What was said of results.

    Attributes:
        right: ids of pictures that show what is looked for, each once.
        wrong: ids of those that do not.
        described: those of them that are described already; others are read from their files.
    """

    right: tuple[int, ...] = ()
    wrong: tuple[int, ...] = ()
    described: Mapping[int, DescribedQuery] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.right or self.wrong)


def read_marks(
    catalog: Catalog, *, right: Iterable[Marked] | Marked, wrong: Iterable[Marked] | Marked
) -> Marks:
    """The pictures that are meant.

    Raises:
        UsageError: one is not in the collection, has no description, or is marked both ways.
    """
    good = {_content(catalog, picture): picture for picture in _several(right)}
    bad = {_content(catalog, picture): picture for picture in _several(wrong)}
    both = [bad[content] for content in good if content in bad]
    if both:
        name = both[0].name if isinstance(both[0], DescribedQuery) else both[0]
        raise UsageError(f"{name} is marked right and wrong; take one of the marks back")
    known = {
        content: picture
        for content, picture in (*good.items(), *bad.items())
        if isinstance(picture, DescribedQuery)
    }
    return Marks(tuple(good), tuple(bad), known)


def answer_again(
    query: DescribedQuery,
    marks: Marks,
    sources: Sources,
    *,
    engine: Engine,
    catalog: Catalog,
    top: int,
    exclude_self: bool,
) -> SearchResult:
    """Search with the query and with everything marked, and make one answer of it."""
    own = query.own_content(catalog) if exclude_self else None
    asked = max(DEPTH, top + len(marks.wrong) + _SPARE)
    search = _Searches(sources, engine, catalog, marks.described)
    while True:
        found = search.with_query(query, asked)
        right = {content: search.with_picture(content, asked) for content in marks.right}
        wrong = {content: search.with_picture(content, asked) for content in marks.wrong}
        merged = merge_rankings(found, right=right, wrong=wrong)
        hits = to_hits(merged, catalog.paths(merged.ids.tolist()), without=own)
        # Some may be shown by no file any more, so there may have to be more.
        if len(hits) >= top or max(map(len, (found, *right.values()))) < asked:
            return SearchResult(
                query.name,
                tuple(hits[:top]),
                search.milliseconds,
                right=marks.right,
                wrong=marks.wrong,
            )
        asked *= 4


class _Searches:
    """The searches of one answer, and the time that they take together."""

    def __init__(
        self,
        sources: Sources,
        engine: Engine,
        catalog: Catalog,
        described: Mapping[int, DescribedQuery],
    ) -> None:
        self._described = described
        self._sources = sources
        self._engine = engine
        self._catalog = catalog
        self.milliseconds: dict[str, float] = {}

    def with_query(self, query: DescribedQuery, top: int) -> Ranking:
        return self._counted(self._engine.find(self._sources, query.codes, top))

    def with_picture(self, content: int, top: int) -> Ranking:
        """By its file, of which more is seen than was stored; by what was stored without one."""
        query = self._described.get(content)
        # One vector per picture is stored as a query has it.
        if query is None and self._engine.kind != "global":
            query = self._read(content)
        if query is not None:
            self._spent(query.milliseconds)
            return self.with_query(query, top)
        names = [channel.name for channel in self._engine.channels]
        codes = {name: self._sources.store(name).codes([content]) for name in names}
        if not all(codes.values()):  # damaged, which a check tells of
            return Ranking(np.zeros(0, np.int64), np.zeros(0, np.float32))
        mine = {name: stored[content] for name, stored in codes.items()}
        return self._counted(self._engine.find(self._sources, mine, top))

    def _read(self, content: int) -> DescribedQuery | None:
        """From a file that shows the picture still."""
        for file in self._catalog.files(content):
            with contextlib.suppress(ImageError):
                query = read_query(file, longest=self._engine.longest)
                if query.sha256 and self._catalog.content_with(query.sha256) == content:
                    return describe_query(query, self._engine)
        return None

    def _counted(self, answer: tuple[Ranking, Mapping[str, float]]) -> Ranking:
        ranking, milliseconds = answer
        self._spent(milliseconds)
        return ranking

    def _spent(self, milliseconds: Mapping[str, float]) -> None:
        for stage, more in milliseconds.items():
            self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + more


def _content(catalog: Catalog, picture: Marked) -> int:
    if not isinstance(picture, DescribedQuery):
        return content_of(catalog, picture)
    if picture.content is None:
        raise UsageError(f"{picture.name} is no picture of the collection; mark one that is")
    return picture.content


def _several(pictures: Iterable[Marked] | Marked) -> list[Marked]:
    if isinstance(pictures, (str, os.PathLike, int, DescribedQuery)):
        return [pictures]
    return list(pictures)
