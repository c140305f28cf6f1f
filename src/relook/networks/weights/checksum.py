"""Checksums of large files, computed once per change of a file."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from relook.core.errors import FormatError, StorageError
from relook.core.storage import write_whole
from relook.networks.weights.card import Card
from relook.networks.weights.place import weights_folder

__all__ = ["check_weights", "digest_of"]

KEPT = ".checksums.json"

_FRESH = 2.0
"""Seconds in which a file may change again without a clock of its own noticing it."""


def check_weights(path: Path, card: Card) -> None:
    """Raise :class:`FormatError` unless a file has the checksum of its card, if that has one."""
    wanted = card.sha256 or card.sha256_prefix
    if not wanted:
        return
    found = digest_of(path)
    if not found.startswith(wanted):
        raise FormatError(
            f"{path} has the sha256 {found[: len(wanted)]}, not {wanted} as {card.name} should; "
            "it is damaged or another file: delete it and bring it again"
        )


def digest_of(path: Path) -> str:
    """The sha256 of a file in hexadecimal digits, kept by size and times of change.

    Raises:
        StorageError: the file cannot be read.
    """
    try:
        state = path.stat()
        stamp = [state.st_size, state.st_mtime_ns, state.st_ctime_ns]
        key = str(path.resolve())
        kept = _load()
        entry = kept.get(key)
        if isinstance(entry, list) and entry[:-1] == stamp:
            return str(entry[-1])
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    if time.time() - max(state.st_mtime, state.st_ctime) > _FRESH:
        _keep({**kept, key: [*stamp, found]})
    return found


def _load() -> dict[str, Any]:
    try:
        content = json.loads((weights_folder() / KEPT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}  # it saves time and nothing else
    return content if isinstance(content, dict) else {}


def _keep(content: dict[str, Any]) -> None:
    file = weights_folder() / KEPT
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(content).encode())
    except (OSError, StorageError):
        return  # a folder that cannot be written costs the time of a checksum
