"""Compiled models kept on disk, each behind a checksum of its own.

OpenVINO's cache is not used: it takes a file in which a bit has changed for good and describes with
it, and its names do not tell what is in them.
"""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from relook.core.errors import StorageError
from relook.core.storage import write_whole

__all__ = ["compiled_name", "keep_compiled", "read_compiled"]

MAGIC = b"RELOOKC1"


def compiled_name(*parts: object) -> str:
    """A file name that differs wherever one of these does."""
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
    return f"{key}.compiled"


def read_compiled(file: Path) -> bytes | None:
    """What was kept; None where there is nothing, or not what was written."""
    try:
        content = file.read_bytes()
    except OSError:
        return None  # it saves time and nothing else
    start = len(MAGIC) + 4
    body = content[start:]
    intact = content[:start] == _head(body)
    return body if intact else None


def keep_compiled(body: bytes, file: Path) -> None:
    """Keep a compiled model where that is possible."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, _head(body) + body)
    except (OSError, StorageError):
        return  # it is compiled anew next time


def _head(body: bytes) -> bytes:
    return MAGIC + zlib.crc32(body).to_bytes(4, "little")
