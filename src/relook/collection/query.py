"""A query comes in as a file, bytes or pixels, and goes out as hits."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from relook.collection.catalog import Catalog
from relook.collection.records import Hit, SearchResult
from relook.core.checks import check_array
from relook.core.errors import ImageError, UsageError
from relook.core.records import Box, Image, Ranking
from relook.images import crop, read, resize

if TYPE_CHECKING:
    from relook.search import Engine, Sources

__all__ = ["Query", "QueryImage", "answer", "own_content", "read_query", "to_hits"]

_SPARE = 16

QueryImage = str | os.PathLike[str] | bytes | NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is looked for.

    Attributes:
        name: how the query is called in the answer.
        image: its pixels, shrunk as the recipe says.
        sha256: of its bytes; None where it came as pixels.
    """

    name: str
    image: Image
    sha256: bytes | None

    def within(self, box: Box | Sequence[float]) -> Query:
        """The same query, of which only a box in pixels of the upright original is looked for.

        Raises:
            UsageError: it is no box, or lies outside the image.
        """
        values = tuple(float(value) for value in box)
        if len(values) != 4:
            raise UsageError(f"a box is x, y, width and height, not {len(values)} numbers")
        return replace(self, image=crop(self.image, Box(*values)))


def own_content(query: Query, catalog: Catalog, *, exclude: bool) -> int | None:
    """The content with the very bytes of the query, where it is to be left out."""
    if not exclude or query.sha256 is None:
        return None
    return catalog.content_with(query.sha256)


def answer(
    query: Query,
    sources: Sources,
    *,
    engine: Engine,
    catalog: Catalog,
    top: int,
    exclude_self: bool,
) -> SearchResult:
    """Search; what no file shows any more is found but not shown, so there may have to be more."""
    own = own_content(query, catalog, exclude=exclude_self)
    asked = top + _SPARE
    while True:
        ranking, milliseconds = engine.search(sources, query.image, asked)
        hits = to_hits(ranking, catalog.paths(ranking.ids.tolist()), without=own)
        if len(hits) >= top or len(ranking) < asked:
            return SearchResult(query.name, tuple(hits[:top]), milliseconds)
        asked *= 4


def read_query(source: QueryImage, *, longest: int | None) -> Query:
    """Read a query.

    Raises:
        ImageError: it cannot be read.
        ShapeError: pixels are not ``(H, W, 3)`` uint8.
    """
    if isinstance(source, np.ndarray):
        check_array("image", source, shape=(None, None, 3), dtype=np.uint8)
        height, width = source.shape[:2]
        image = Image(source, (width, height))
        return Query("pixels", image if longest is None else resize(image, longest=longest), None)
    if isinstance(source, bytes):
        name, data = "bytes", source
    else:
        name, data = os.fspath(source), _load(Path(source))
    try:
        image = read(data, longest=longest)
    except ImageError as error:
        raise ImageError(f"{name} cannot be searched for: {error}") from error
    return Query(name, image, hashlib.sha256(data).digest())


def to_hits(ranking: Ranking, paths: Mapping[int, str], *, without: int | None) -> Sequence[Hit]:
    """The results that a file shows, in order."""
    hits: list[Hit] = []
    evidence = ranking.evidence or (None,) * len(ranking)
    for key, score, proof in zip(ranking.ids.tolist(), ranking.scores, evidence, strict=True):
        if key == without or key not in paths:
            continue
        hit = Hit(len(hits) + 1, key, paths[key], float(score))
        if proof is not None:
            hit = Hit(
                hit.rank,
                key,
                hit.path,
                hit.score,
                proof.inliers,
                proof.region,
                proof.query_region,
                proof,
            )
        hits.append(hit)
    return hits


def _load(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(
            f"{path} cannot be read ({error.strerror}); name a photo to search for"
        ) from error
