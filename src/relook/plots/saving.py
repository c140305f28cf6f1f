"""Pages as PNG files."""

from __future__ import annotations

from pathlib import Path

import cv2

from relook.core.errors import StorageError, UsageError
from relook.core.records import UInt8
from relook.core.storage import write_whole

__all__ = ["save_page"]


def save_page(path: Path | str, page: UInt8) -> None:
    """Write ``(H, W, 3)`` uint8 RGB as a PNG file, whole or not at all.

    Raises:
        UsageError: the file's suffix is not .png.
        StorageError: the folder does not exist or cannot be written to.
    """
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise UsageError(f"what is drawn is a PNG picture; name it {target.stem or 'page'}.png")
    if not target.parent.is_dir():
        raise StorageError(f"the folder {target.parent} does not exist; make it first")
    done, encoded = cv2.imencode(".png", page[..., ::-1])
    if not done:
        raise StorageError(f"cannot write {target}: the picture could not be encoded")
    write_whole(target, encoded.tobytes())
