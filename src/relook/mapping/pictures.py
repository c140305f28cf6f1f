"""The pixels of a collection's pictures, small and gray, read again from their files."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.collection import Collection
from relook.core.errors import ImageError
from relook.images import read

__all__ = ["Picture", "Pictures"]

_LONGEST = 384
_KEPT = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture as it is compared.

    Attributes:
        gray: ``(h, w)`` float32 levels, at most 384 pixels on the longer side.
        size: (width, height) of the original upright picture.
        path: the file that was read.
        bytes: its length.
        modified: when it was last written, in seconds since 1970.
    """

    gray: NDArray[np.float32]
    size: tuple[int, int]
    path: Path
    bytes: int
    modified: float


class Pictures:
    """Reads pictures; those read last are kept in memory."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._kept: OrderedDict[int, Picture | None] = OrderedDict()

    def get(self, id_: int) -> Picture | None:
        """A picture, or None where no file of it can be read any more."""
        if id_ in self._kept:
            self._kept.move_to_end(id_)
            return self._kept[id_]
        found = self._kept[id_] = self._read(id_)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found

    def _read(self, id_: int) -> Picture | None:
        for file in self._collection.files_of(id_):
            try:
                image = read(file, longest=_LONGEST)
                facts = file.stat()
            except (ImageError, OSError):
                continue
            gray = cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
            return Picture(gray, image.size, file, facts.st_size, facts.st_mtime)
        return None
