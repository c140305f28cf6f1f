"""A query that was described: all that a search needs of it, small enough to be sent or kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from relook.collection.catalog import Catalog
from relook.collection.query import Query
from relook.core.errors import UsageError
from relook.core.records import Box, Image

if TYPE_CHECKING:
    from relook.search import Engine, Sources

__all__ = ["DescribedQuery", "describe_query", "frame_of", "stored_query"]


@dataclass(frozen=True, slots=True, eq=False)
class DescribedQuery:
    """What is looked for, described. It can be pickled: another process may have made it.

    Attributes:
        name: how the query is called in the answer.
        size: (width, height) of the original upright picture.
        frame: the part of it that is looked for.
        codes: by channel, as the recipe describes a query.
        sha256: of its bytes; None where it came as pixels.
        content: its id, where it is a picture of the collection.
        milliseconds: of ``decode`` and ``describe``.
    """

    name: str
    size: tuple[int, int]
    frame: Box
    codes: Mapping[str, Any]
    sha256: bytes | None = None
    content: int | None = None
    milliseconds: Mapping[str, float] = field(default_factory=dict)

    def own_content(self, catalog: Catalog) -> int | None:
        """The content with the very bytes of the query."""
        if self.content is not None or self.sha256 is None:
            return self.content
        return catalog.content_with(self.sha256)


def describe_query(query: Query, engine: Engine) -> DescribedQuery:
    """Describe what was read."""
    started = perf_counter()
    codes = engine.describe_query(query.image)
    spent = {**query.milliseconds, "describe": 1e3 * (perf_counter() - started)}
    image = query.image
    return DescribedQuery(
        query.name, image.size, frame_of(image), codes, query.sha256, milliseconds=spent
    )


def stored_query(
    catalog: Catalog, sources: Sources, engine: Engine, content: int
) -> DescribedQuery:
    """A picture of the collection as a query, by what was stored of it.

    Raises:
        UsageError: it is not in the collection, or its description cannot be read.
    """
    rows = catalog.rows(
        "SELECT width, height, sha256, (SELECT min(p.path) FROM paths p WHERE p.content = c.id) "
        "FROM contents c WHERE id = ? AND state = 'ok'",
        (content,),
    )
    if not rows or rows[0][3] is None:
        raise UsageError(f"there is no picture {content} in the collection")
    width, height, sha256, path = rows[0]
    names = [channel.name for channel in engine.channels]
    codes = {name: sources.store(name).codes([content]).get(content) for name in names}
    if any(code is None for code in codes.values()):
        raise UsageError(f"the description of {path} cannot be read; index it again")
    frame = Box(0, 0, width, height)
    return DescribedQuery(path, (width, height), frame, codes, bytes(sha256), content)


def frame_of(image: Image) -> Box:
    """The part of the original picture that an image shows."""
    height, width = image.pixels.shape[:2]
    return Box(*image.offset, width / image.scale[0], height / image.scale[1])
