"""Searches, as a collection offers them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from relook.collection.again import Marks, answer_again, read_marks
from relook.collection.catalog import Catalog
from relook.collection.naming import Named
from relook.collection.query import Query, QueryImage, answer, read_query
from relook.collection.records import SearchResult
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

    def search(
        self,
        image: QueryImage,
        *,
        box: Box | Sequence[float] | None = None,
        top: int = 10,
        exclude_self: bool = False,
    ) -> SearchResult:
        """Find the pictures that show what ``image``, or a box in it, shows.

        Args:
            image: a file, its bytes, or ``(H, W, 3)`` uint8 RGB pixels.
            box: x, y, width, height in pixels of the upright query.
            top: number of results.
            exclude_self: leave out the picture whose bytes are those of the query.

        Raises:
            ImageError: the query cannot be read.
            UsageError: the box lies outside the image, or ``top`` is below 1.
        """
        return self._search(image, Marks(), box=box, top=top, exclude_self=exclude_self)

    def search_again(
        self,
        image: QueryImage,
        *,
        right: Iterable[Named] | Named = (),
        wrong: Iterable[Named] | Named = (),
        box: Box | Sequence[float] | None = None,
        top: int = 10,
        exclude_self: bool = False,
    ) -> SearchResult:
        """Search with what was said of results: each that is marked right is one more query.

        What is marked right comes first, with the evidence that the query has for it. What is
        marked wrong does not come back, and what shows evidently more of it than of the query
        comes later. Without marks this is :meth:`search`. See
        :func:`~relook.recognition.merging.merge_rankings`.

        Args:
            image: see :meth:`search`.
            right: pictures of the collection that show what is looked for: a path as a search
                shows it, a file, or the id of a hit.
            wrong: pictures of the collection that show something else.
            box: see :meth:`search`; of the query alone, marked pictures are taken whole.
            top: number of results, with those marked right.
            exclude_self: leave out the picture whose bytes are those of the query.

        Raises:
            ImageError: the query cannot be read.
            UsageError: a picture is not in the collection or marked both ways, the box lies
                outside the image, or ``top`` is below 1.
        """
        marks = read_marks(self._catalog, right=right, wrong=wrong)
        return self._search(image, marks, box=box, top=top, exclude_self=exclude_self)

    def _search(
        self,
        image: QueryImage,
        marks: Marks,
        *,
        box: Box | Sequence[float] | None,
        top: int,
        exclude_self: bool,
    ) -> SearchResult:
        if top < 1:
            raise UsageError(f"top must be at least 1, not {top}")
        started = time.perf_counter()
        query = read_query(image, longest=self.engine.longest)
        if box is not None:
            query = query.within(box)
        decoded = time.perf_counter()
        find = partial(answer_again, marks=marks) if marks else answer
        result = find(
            query,
            sources=self.sources(),
            engine=self.engine,
            catalog=self._catalog,
            top=top,
            exclude_self=exclude_self,
        )
        spent = dict(result.milliseconds)
        whole = {
            "decode": 1000 * (decoded - started) + spent.pop("decode", 0.0),
            **spent,
            "total": 1000 * (time.perf_counter() - started),
        }
        return replace(result, milliseconds=whole, skipped=self._shelves.skipped)

    def sources(self) -> Sources:
        """What a search reads: indexes and descriptions by channel, all of this moment."""
        return self._shelves.current()

    def rank(self, query: Query, *, top: int) -> tuple[Ranking, Mapping[str, float]]:
        """At least ``top`` contents for a query that was read, also those no file shows now.

        Returns:
            The ranking, and the milliseconds of ``describe``, ``search`` and ``verify``.
        """
        return self.engine.search(self.sources(), query.image, top)
