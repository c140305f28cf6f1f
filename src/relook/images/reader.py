"""Read a whole picture, upright, as RGB."""

from __future__ import annotations

import stat
from pathlib import Path

from relook.core.errors import ImageError
from relook.core.paths import AnyPath
from relook.core.records import Image
from relook.images import jpeg, pillow
from relook.images.formats import MAX_PIXELS, sniff
from relook.images.geometry import check_longest, orient, shrink, shrunk_size

__all__ = ["read"]


def read(
    source: AnyPath | bytes,
    *,
    longest: int | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Image:
    """Read a picture from a file or from its bytes, turned upright, on white where transparent.

    Reads JPEG, PNG, WebP, TIFF, BMP, GIF (the first frame), AVIF, and HEIC with ``relook[heic]``.
    The same bytes give the same pixels.

    Args:
        source: the file, or what it holds.
        longest: shrink so that the longer side has at most so many pixels; never enlarged.
        max_pixels: refuse pictures with more pixels than this before decoding them.

    Returns:
        The image; ``size`` is the original one, ``scale`` is new side / old side on each axis.

    Raises:
        ImageError: the picture cannot be used; the message says why.
        UsageError: ``longest`` is below 1.
    """
    check_longest(longest)
    content = source if isinstance(source, bytes) else _load(Path(source))
    kind = sniff(content)
    decoded = (
        jpeg.decode(content, longest=longest, max_pixels=max_pixels) if kind == "JPEG" else None
    )
    if decoded is None:
        decoded = pillow.decode(content, kind, max_pixels=max_pixels)
    small = shrink(decoded.pixels, shrunk_size(decoded.size, longest=longest))
    pixels = orient(small, decoded.orientation)
    width, height = decoded.size
    if decoded.orientation in {5, 6, 7, 8}:
        width, height = height, width
    scale = (pixels.shape[1] / width, pixels.shape[0] / height)
    return Image(pixels, (width, height), scale)


def _load(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ImageError("not a regular file")
        return path.read_bytes()
    except MemoryError as error:
        raise ImageError("not enough memory to read the file") from error
    except OSError as error:
        raise ImageError(f"cannot be read: {error.strerror or error}") from error
