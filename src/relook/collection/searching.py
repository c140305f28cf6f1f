"""Searches, as a collection offers them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from relook.collection.again import Marked, answer_again, read_marks
from relook.collection.answering import answer, explain
from relook.collection.catalog import Catalog
from relook.collection.described import DescribedQuery, describe_query, stored_query
from relook.collection.filtering import Filter, FilteredSources, matching
from relook.collection.query import QueryImage, read_query
from relook.collection.records import Hit, SearchResult
from relook.collection.shelves import Shelves
from relook.core.errors import RecipeMismatchError, UsageError
from relook.core.records import Box, Ranking

if TYPE_CHECKING:
    from relook.search import Engine, Sources

__all__ = ["Searching"]


class Searching:
    """The part of a collection that answers: its recipe at work on its indexes."""

    directory: Path
    _catalog: Catalog
    _make_engine: Callable[[str], Engine]

    @cached_property
    def engine(self) -> Engine:
        """The recipe at work.

        Raises:
            RecipeMismatchError: it describes photos in another way than the collection.
        """
        engine = self._make_engine(self._catalog.meta("recipe"))
        if engine.describe_hash != self._catalog.meta("describe_hash"):
            name = self._catalog.meta("recipe_name")
            raise RecipeMismatchError(
                f"{self.directory} holds descriptions of the recipe {name} that those of "
                f"{engine.name} cannot be mixed with; leave --recipe out, or index into a new "
                "directory"
            )
        return engine

    @cached_property
    def _shelves(self) -> Shelves:
        return Shelves(self.directory, self._catalog, self.engine)

    def describe(
        self, image: QueryImage, *, box: Box | Sequence[float] | None = None
    ) -> DescribedQuery:
        """Read and describe a query, to search with it once or several times.

        Args:
            image: a file, its bytes, or ``(H, W, 3)`` uint8 RGB pixels.
            box: x, y, width, height in pixels of the upright query.

        Raises:
            ImageError: the query cannot be read.
            UsageError: the box lies outside the image.
        """
        query = read_query(image, longest=self.engine.longest)
        return describe_query(query if box is None else query.within(box), self.engine)

    def described(self, content: int) -> DescribedQuery:
        """A picture of the collection as a query, by what is stored of it.

        Raises:
            UsageError: it is not in the collection, or its description cannot be read.
        """
        return stored_query(self._catalog, self.sources(), self.engine, content)

    def search(
        self,
        image: QueryImage | DescribedQuery | Sequence[DescribedQuery],
        *,
        box: Box | Sequence[float] | None = None,
        boxes: Sequence[Box | Sequence[float]] = (),
        top: int = 10,
        exclude_self: bool = False,
        among: Filter | None = None,
    ) -> SearchResult:
        """Find the pictures that show what ``image``, or a box in it, shows.

        Args:
            image: a file, its bytes, ``(H, W, 3)`` uint8 RGB pixels, or what was described.
            box: x, y, width, height in pixels of the upright query.
            boxes: several of these: pictures that show what is in all of them come first.
            top: number of results.
            exclude_self: leave out the picture whose bytes are those of the query.
            among: search only these pictures.

        Raises:
            ImageError: the query cannot be read.
            UsageError: a box lies outside the image, or ``top`` is below 1.
        """
        started = _check_top(top)
        queries = self._described(image, [*boxes, *([] if box is None else [box])])
        own = queries[0].own_content(self._catalog) if exclude_self else None
        sources = self._among(among)
        result = answer(
            queries, sources, engine=self.engine, catalog=self._catalog, top=top, without=own
        )
        return self._timed(result, queries, started)

    def search_again(
        self,
        image: QueryImage | DescribedQuery,
        *,
        right: Iterable[Marked] | Marked = (),
        wrong: Iterable[Marked] | Marked = (),
        box: Box | Sequence[float] | None = None,
        top: int = 10,
        exclude_self: bool = False,
        among: Filter | None = None,
    ) -> SearchResult:
        """Search with what was said of results: each that is marked right is one more query.

        What is marked right comes first, with the evidence that the query has for it. What is
        marked wrong does not come back, and what shows evidently more of it than of the query
        comes later. Without marks this is :meth:`search`. See
        :func:`~relook.recognition.merging.merge_rankings`.

        Args:
            image: see :meth:`search`.
            right: pictures of the collection that show what is looked for: a path as a search
                shows it, a file, the id of a hit, or what was described.
            wrong: pictures of the collection that show something else.
            box: see :meth:`search`; of the query alone, marked pictures are taken whole.
            top: number of results, with those marked right.
            exclude_self: leave out the picture whose bytes are those of the query.
            among: see :meth:`search`.

        Raises:
            ImageError: the query cannot be read.
            UsageError: a picture is not in the collection or marked both ways, the box lies
                outside the image, or ``top`` is below 1.
        """
        marks = read_marks(self._catalog, right=right, wrong=wrong)
        if not marks:
            return self.search(image, box=box, top=top, exclude_self=exclude_self, among=among)
        started = _check_top(top)
        queries = self._described(image, [] if box is None else [box])
        result = answer_again(
            queries[0],
            marks,
            self._among(among),
            engine=self.engine,
            catalog=self._catalog,
            top=top,
            exclude_self=exclude_self,
        )
        return self._timed(result, queries, started)

    def explain(self, query: DescribedQuery, content: int) -> Hit | None:
        """What speaks for one picture, whether or not it would be among the first results.

        Returns:
            The hit with its evidence; None where the two have nothing in common.
        """
        return explain(
            query, self.sources(), engine=self.engine, catalog=self._catalog, content=content
        )

    def replanned(self, changes: Mapping[str, Any]) -> Searching:
        """The same collection, answered by another plan, such as ``{"candidates": 50}``.

        Raises:
            UsageError: a plan has no such setting, or a value is out of range.
        """
        if self.engine.replan is None:
            raise UsageError(f"the plan of {self.engine.name} cannot be changed")
        other = Searching()
        other.directory, other._catalog = self.directory, self._catalog
        other._make_engine = self._make_engine
        other.__dict__["engine"] = self.engine.replan(changes)
        other.__dict__["_shelves"] = self._shelves
        return other

    def _described(
        self,
        image: QueryImage | DescribedQuery | Sequence[DescribedQuery],
        boxes: Sequence[Box | Sequence[float]],
    ) -> Sequence[DescribedQuery]:
        """One for each box."""
        if isinstance(image, (str, os.PathLike, bytes, np.ndarray)):
            query = read_query(image, longest=self.engine.longest)
            parts = [query.within(box) for box in boxes] or [query]
            return [describe_query(part, self.engine) for part in parts]
        if boxes:
            raise UsageError("what was described has its box already; leave box out")
        queries = [image] if isinstance(image, DescribedQuery) else list(image)
        if not queries:
            raise UsageError("there is nothing to search with; give a picture")
        return queries

    def _among(self, among: Filter | None) -> Sources:
        sources = self.sources()
        return FilteredSources(sources, matching(self._catalog, among)) if among else sources

    def _timed(
        self, result: SearchResult, queries: Sequence[DescribedQuery], started: float
    ) -> SearchResult:
        """What the search took, and what describing did, wherever it was done."""
        spent = {
            "decode": max(query.milliseconds.get("decode", 0.0) for query in queries),
            "describe": sum(query.milliseconds.get("describe", 0.0) for query in queries),
        }
        for stage, more in result.milliseconds.items():
            spent[stage] = spent.get(stage, 0.0) + more
        spent["total"] = max(1e3 * (time.perf_counter() - started), sum(spent.values()))
        return replace(result, milliseconds=spent, skipped=self._shelves.skipped)

    def sources(self) -> Sources:
        """What a search reads: indexes and descriptions by channel, all of this moment."""
        return self._shelves.current()

    def rank(self, query: DescribedQuery, *, top: int) -> tuple[Ranking, Mapping[str, float]]:
        """At least ``top`` contents for a query, also those no file shows now.

        Returns:
            The ranking, and the milliseconds of ``search`` and ``verify``.
        """
        return self.engine.find(self.sources(), query.codes, top)


def _check_top(top: int) -> float:
    if top < 1:
        raise UsageError(f"top must be at least 1, not {top}")
    return time.perf_counter()
