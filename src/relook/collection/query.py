"""A query comes in as a file, bytes or pixels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ImageError, UsageError
from relook.core.records import Box, Image
from relook.images import crop, read, resize

__all__ = ["Query", "QueryImage", "read_query"]

QueryImage = str | os.PathLike[str] | bytes | NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is looked for.

    Attributes:
        name: how the query is called in the answer.
        image: its pixels, shrunk as the recipe says.
        sha256: of its bytes; None where it came as pixels.
        milliseconds: of ``decode``.
    """

    name: str
    image: Image
    sha256: bytes | None
    milliseconds: Mapping[str, float] = field(default_factory=dict)

    def within(self, box: Box | Sequence[float]) -> Query:
        """The same query, of which only a box in pixels of the upright original is looked for.

        Raises:
            UsageError: it is no box, or lies outside the image.
        """
        values = tuple(float(value) for value in box)
        if len(values) != 4:
            raise UsageError(f"a box is x, y, width and height, not {len(values)} numbers")
        return replace(self, image=crop(self.image, Box(*values)))


def read_query(source: QueryImage, *, longest: int | None) -> Query:
    """Read a query.

    Raises:
        ImageError: it cannot be read.
        ShapeError: pixels are not ``(H, W, 3)`` uint8.
    """
    started = perf_counter()
    if isinstance(source, np.ndarray):
        check_array("image", source, shape=(None, None, 3), dtype=np.uint8)
        height, width = source.shape[:2]
        image = Image(source, (width, height))
        image = image if longest is None else resize(image, longest=longest)
        return Query("pixels", image, None, _since(started))
    if isinstance(source, bytes):
        name, data = "bytes", source
    else:
        name, data = os.fspath(source), _load(Path(source))
    try:
        image = read(data, longest=longest)
    except ImageError as error:
        raise ImageError(f"{name} cannot be searched for: {error}") from error
    return Query(name, image, hashlib.sha256(data).digest(), _since(started))


def _since(started: float) -> dict[str, float]:
    return {"decode": 1e3 * (perf_counter() - started)}


def _load(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(
            f"{path} cannot be read ({error.strerror}); name a photo to search for"
        ) from error
