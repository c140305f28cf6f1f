"""What every question about pictures goes through: it is described, kept, and looked for."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from relook.collection import Collection, DescribedQuery, Picture
from relook.collection.searching import Searching
from relook.core.errors import RelookError, UsageError
from relook.core.records import Box
from relook.images import MAX_PIXELS
from relook.server.asking.budget import Budget
from relook.server.asking.finding import Finder
from relook.server.asking.queries import Asked, Queries
from relook.server.asking.thumbnails import Thumbnails
from relook.server.describing import DescribingPool, ToolsMaker
from relook.server.describing.tasks import Describe, Described, Original, WarmUp, check_boxes
from relook.server.problems import ProblemError
from relook.server.settings import ServerSettings

__all__ = ["Asking", "Question", "make_asking"]

_PLANS = 8
_HELD = 8
"""Uploads of the largest size that may be in memory at a time, while they wait."""
_DIGEST = (
    "SELECT sha256 FROM contents WHERE id = ? AND state = 'ok' "
    "AND EXISTS (SELECT 1 FROM paths p WHERE p.content = contents.id)"
)
_INDEXED = "picture-"
"""Key of a query that is a whole indexed picture: nothing of it has to be kept."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a client asks with: exactly one of an upload, an id and a key.

    Attributes:
        image: bytes of an upload.
        id: of an indexed picture.
        key: of an earlier query.
        boxes: what is looked for in it; None where nothing was said of boxes.
        preview: whether the client cannot show the upload itself.
    """

    image: bytes | None = None
    id: int | None = None
    key: str | None = None
    boxes: tuple[Box, ...] | None = None
    preview: bool = False


@dataclass(slots=True)
class Asking:
    """The asking side of a server.

    Attributes:
        collection: that answers.
        settings: of the server.
        pool: describes, in processes.
        finder: searches, in threads.
        queries: that were asked lately.
        thumbnails: of indexed pictures.
        budget: of memory for uploads that wait.
    """

    collection: Collection
    settings: ServerSettings
    pool: DescribingPool
    finder: Finder
    queries: Queries
    thumbnails: Thumbnails
    budget: Budget
    _plans: OrderedDict[tuple[tuple[str, Any], ...], Searching] = field(default_factory=OrderedDict)

    def start(self) -> None:
        """Start the first process."""
        self.pool.start()

    def warm(self) -> None:
        """Search once, so that the first who asks need not wait for the index to be read."""
        with contextlib.suppress(RelookError):  # the first who asks is told
            for picture in self.collection.browse(limit=1):
                self.collection.search(self.collection.described(picture.id), top=1)

    def close(self) -> None:
        """End processes and threads."""
        self.pool.close()
        self.finder.close()
        self.thumbnails.close()

    def planned(self, changes: Mapping[str, Any]) -> Searching:
        """The collection with another plan.

        Raises:
            ProblemError: 422 where the recipe has no such setting.
        """
        if not changes:
            return self.collection
        mark = tuple(sorted(changes.items()))
        found = self._plans.get(mark)
        if found is None:
            try:
                found = self.collection.replanned(changes)
            except UsageError as error:
                raise ProblemError(422, str(error)) from error
            self._plans[mark] = found
            while len(self._plans) > _PLANS:
                self._plans.popitem(last=False)
        return found

    def features(self, count: int | None) -> Searching:
        """The collection with a plan that describes queries by so many features."""
        return self.planned({} if count is None else {"query_features": count})

    async def understand(self, question: Question, *, features: int | None = None) -> Asked:
        """Describe what is asked with, unless that was done lately.

        Args:
            question: of the client.
            features: local features of the query; the recipe's number unless said.

        Raises:
            ProblemError: 404 for an unknown id or key, 413, 415 and 422 for pictures and boxes
                that cannot be used, 503 where too many wait.
        """
        recipe = self.features(features).engine.recipe
        if question.image is not None:
            digest = await asyncio.to_thread(_digest, question.image)
            return await self._described(
                Original(question.image), None, digest, question.boxes or (), recipe
            )
        number = question.id if question.key is None else _indexed(question.key)
        if number is not None:
            return await self._picture(number, question.boxes or (), recipe)
        asked = self.queries.get(question.key or "")
        if asked is None:
            raise ProblemError(404, "this query is no longer known; send the picture again")
        boxes = asked.boxes if question.boxes is None else question.boxes
        return await self._described(asked.original, asked.id, asked.sha256, boxes, recipe)

    async def marked(self, number: int) -> DescribedQuery:
        """An indexed picture that was marked, with all that its file shows while there is one.

        Raises:
            ProblemError: 404 where there is none with this id, 503 where too many wait.
        """
        recipe = self.collection.engine.recipe
        if self.collection.engine.kind != "global":  # vectors are stored as queries have them
            _, original = await self.original(number)
            try:
                digest = original.sha256 or b""
                return (await self._described(original, number, digest, (), recipe)).queries[0]
            except ProblemError as error:
                if error.status == 503:
                    raise
        return (await asyncio.to_thread(self._stored, number, recipe)).queries[0]

    async def original(self, number: int) -> tuple[Picture, Original]:
        """An indexed picture, and where its bytes are.

        Raises:
            ProblemError: 404 where there is none with this id.
        """
        return await asyncio.to_thread(self._original, number)

    async def digest(self, number: int) -> bytes:
        """SHA-256 of an indexed picture.

        Raises:
            ProblemError: 404 where there is none with this id.
        """
        rows = await asyncio.to_thread(self.collection.catalog.rows, _DIGEST, (number,))
        if not rows:
            raise ProblemError(404, _unknown(number))
        return bytes(rows[0][0])

    def _original(self, number: int) -> tuple[Picture, Original]:
        catalog = self.collection.catalog
        with catalog.reading():
            picture = self.collection.pictures([number]).get(number)
            if picture is None:
                raise ProblemError(404, _unknown(number))
            files = tuple(map(str, catalog.files(number)))
            rows = catalog.rows("SELECT sha256 FROM contents WHERE id = ?", (number,))
        return picture, Original(files=files, sha256=bytes(rows[0][0]))

    async def _picture(self, number: int, boxes: tuple[Box, ...], recipe: str) -> Asked:
        """An indexed picture as a query: as it was stored, or a part of it described anew."""
        if not boxes:
            return await asyncio.to_thread(self._stored, number, recipe)
        picture, original = await self.original(number)
        with _as_problem(422):
            check_boxes(boxes, (picture.width, picture.height))
        return await self._described(original, number, original.sha256 or b"", boxes, recipe)

    def _stored(self, number: int, recipe: str) -> Asked:
        with _as_problem(404):
            query = self.collection.described(number)
        key = f"{_INDEXED}{number}"
        digest = query.sha256 or b""
        return Asked(key, number, query.size, (), (query,), Original(), digest, recipe)

    async def _described(
        self,
        original: Original,
        number: int | None,
        digest: bytes,
        boxes: tuple[Box, ...],
        recipe: str,
    ) -> Asked:
        known = self.queries.find((number, digest, boxes, recipe))
        if known is not None:
            return known
        settings = self.settings
        limit = settings.upload_pixels if number is None else MAX_PIXELS
        task = Describe(recipe, original, boxes, max_pixels=limit, content=number)
        done: Described = await self.pool.run(task)
        key = self.queries.new_key()
        asked = Asked(key, number, done.size, boxes, done.queries, original, done.sha256, recipe)
        # The next answer with this query has nothing to decode.
        rested = tuple(replace(query, milliseconds={}) for query in done.queries)
        self.queries.keep(replace(asked, queries=rested))
        return asked


@contextlib.contextmanager
def _as_problem(status: int) -> Iterator[None]:
    try:
        yield
    except UsageError as error:
        raise ProblemError(status, str(error)) from error


def _unknown(number: int) -> str:
    return f"there is no picture {number} in the collection"


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _indexed(key: str) -> int | None:
    """The id in the key of a whole indexed picture."""
    digits = key.removeprefix(_INDEXED)
    if digits == key or not (digits.isascii() and digits.isdigit()) or len(digits) > 18:
        return None
    return int(digits)


def make_asking(collection: Collection, settings: ServerSettings) -> Asking:
    """Put it together; nothing runs before :meth:`Asking.start`."""
    pool = DescribingPool(
        ToolsMaker(WarmUp(collection.engine.recipe)),
        workers=settings.workers,
        queue=settings.queue,
        seconds=settings.describe_seconds,
    )
    finder = Finder(threads=settings.threads, queue=settings.queue)
    folder = collection.directory / "derived" / "thumbnails"
    thumbnails = Thumbnails(folder, pool)
    budget = Budget(_HELD * settings.upload_bytes)
    return Asking(collection, settings, pool, finder, Queries(), thumbnails, budget)
