"""Where exported networks and compiled models are kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from relook.core.errors import FormatError, StorageError
from relook.core.storage import write_whole
from relook.networks.runtime.export import VERSION, Header, read_header, stamp

__all__ = ["export_name", "find_export", "keep_export"]


def export_name(name: str, *, weights: str, digest: str) -> str:
    """The start of a file's name that differs for other weights, other specs, other versions."""
    key = hashlib.sha256(f"{weights} {digest} {VERSION}".encode()).hexdigest()[:16]
    return f"{name}.{key}"


def find_export(file: str, folders: Sequence[Path], wanted: Header) -> Path | None:
    """The first file of this name that is whole and holds what is wanted.

    Raises:
        FormatError: there is a file of this name, and it is damaged or holds something else.
    """
    damage: FormatError | None = None
    for path in (folder / file for folder in folders):
        if not path.is_file():
            continue
        try:
            header = read_header(path)
        except FormatError as error:
            damage = damage or error
            continue
        if (header.weights, header.spec) == (wanted.weights, wanted.spec):
            return path
        damage = damage or FormatError(f"{path} holds another network; delete it")
    if damage is not None:
        raise damage
    return None


def keep_export(content: bytes, header: Header, file: str, folders: Sequence[Path]) -> Path:
    """Write an exported network into the first of these folders that can be written to.

    Raises:
        StorageError: none can.
    """
    failure: StorageError | None = None
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_whole(folder / file, stamp(content, header))
        except OSError as error:
            failure = StorageError(f"cannot make {folder}: {error.strerror}")
        except StorageError as error:
            failure = error
        else:
            return folder / file
    raise failure or StorageError("there is no folder to keep the exported network in")
