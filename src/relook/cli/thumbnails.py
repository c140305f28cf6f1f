"""Small pictures of a collection, for sheets that show many."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relook.collection import Collection
    from relook.core.records import Image

__all__ = ["thumbnail"]

_LONGEST = 320
_GRAY = 200


def thumbnail(collection: Collection, content: int) -> Image:
    """The first file that can still be read, small, or a gray card."""
    import numpy as np  # noqa: PLC0415

    from relook.core.errors import ImageError  # noqa: PLC0415
    from relook.core.records import Image  # noqa: PLC0415
    from relook.images import read  # noqa: PLC0415

    for file in collection.files_of(content):
        try:
            return read(file, longest=_LONGEST)
        except ImageError:
            continue
    return Image(np.full((_LONGEST, _LONGEST, 3), _GRAY, np.uint8), (_LONGEST, _LONGEST))
