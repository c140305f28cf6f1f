"""What the server asks its workers: to describe a query, and to show a picture."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from relook.collection.described import DescribedQuery, describe_query
from relook.collection.query import Query
from relook.core.errors import UsageError
from relook.core.records import Box, Image
from relook.images import MAX_PIXELS, read
from relook.server.describing.tools import GoneError, Tools

__all__ = ["Describe", "Described", "Original", "Show", "WarmUp", "check_boxes"]

_QUALITY = 82
_SLACK = 1.0
"""Pixels that a box may reach over the edge: pages round."""


@dataclass(frozen=True, slots=True)
class Original:
    """The bytes of a picture: at hand, or in a file.

    Attributes:
        data: of an upload.
        files: that show an indexed picture; the first one that still does is read.
        sha256: of an indexed picture.
    """

    data: bytes = b""
    files: tuple[str, ...] = ()
    sha256: bytes | None = None

    def load(self) -> bytes:
        """The bytes.

        Raises:
            GoneError: no file has them any more.
        """
        if self.sha256 is None:
            return self.data
        for file in self.files:
            try:
                data = Path(file).read_bytes()
            except OSError:
                continue
            if hashlib.sha256(data).digest() == self.sha256:
                return data
        raise GoneError("its file is gone, or shows something else by now; index the photos again")


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """What became of :class:`Describe`.

    Attributes:
        size: (width, height) of the upright original.
        sha256: of its bytes.
        queries: one for each box, or one of the whole picture.
    """

    size: tuple[int, int]
    sha256: bytes
    queries: tuple[DescribedQuery, ...]


@dataclass(frozen=True, slots=True)
class Describe:
    """Describe a query.

    Attributes:
        recipe: with its plan, as JSON.
        original: the picture.
        boxes: parts of it; all of it where there are none.
        max_pixels: larger pictures are refused before they are decoded.
        name: of the query.
        content: id of an indexed picture.
    """

    recipe: str
    original: Original
    boxes: tuple[Box, ...] = ()
    max_pixels: int = MAX_PIXELS
    name: str = "upload"
    content: int | None = None

    def run(self, tools: Tools) -> Described:
        """Decode once, describe each box.

        Raises:
            ImageError: the picture cannot be read.
            UsageError: a box lies outside of it.
        """
        engine = tools.engine(self.recipe)
        started = perf_counter()
        data = self.original.load()
        image = read(data, longest=engine.longest, max_pixels=self.max_pixels)
        check_boxes(self.boxes, image.size)
        digest = hashlib.sha256(data).digest()
        query = Query(self.name, image, digest, {"decode": 1e3 * (perf_counter() - started)})
        parts = [query.within(box) for box in self.boxes] or [query]
        described = [describe_query(part, engine) for part in parts]
        queries = tuple(replace(one, content=self.content) for one in described)
        return Described(image.size, digest, queries)


@dataclass(frozen=True, slots=True)
class Show:
    """A picture as a JPEG that every browser shows, upright.

    Attributes:
        original: the picture.
        longest: its longer side in pixels, at most.
        max_pixels: larger pictures are refused before they are decoded.
    """

    original: Original
    longest: int
    max_pixels: int = MAX_PIXELS

    def run(self, tools: Tools) -> bytes:
        """Decode, shrink, encode.

        Raises:
            ImageError: the picture cannot be read.
        """
        del tools
        image = read(self.original.load(), longest=self.longest, max_pixels=self.max_pixels)
        return _to_jpeg(image.pixels)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Load what describing needs, so that nobody waits for it.

    Attributes:
        recipe: with its plan, as JSON.
    """

    recipe: str

    def run(self, tools: Tools) -> None:
        """Describe a little picture of nothing in particular."""
        levels = np.arange(192 * 256 * 3, dtype=np.uint32) * 2654435761 >> 24
        image = Image(levels.astype(np.uint8).reshape(192, 256, 3), (256, 192))
        tools.engine(self.recipe).describe_query(image)


def check_boxes(boxes: Sequence[Box], size: tuple[int, int]) -> None:
    """Raise :class:`UsageError` where a box reaches out of a picture of (width, height)."""
    width, height = size
    for box in boxes:
        right, bottom = box.x + box.width, box.y + box.height
        inside = right <= width + _SLACK and bottom <= height + _SLACK
        if min(box.x, box.y) < -_SLACK or not inside:
            raise UsageError(
                f"the box {box.x:g} {box.y:g} {box.width:g} {box.height:g} reaches out of the "
                f"picture of {width} x {height} pixels"
            )


def _to_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    picture = Pillow.fromarray(pixels)
    picture.save(file, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return file.getvalue()
