"""Arrays and JSON on disk: versioned, mapped, written whole or not at all, never pickled.

One file is a safetensors file whose metadata carries ``kind``, ``version`` and a JSON ``header``.
Any safetensors reader can open it.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save as to_bytes

from relook.core.errors import FormatError, StorageError
from relook.core.paths import AnyPath

__all__ = ["Stored", "load_arrays", "save_arrays", "write_whole"]

_TYPES = {
    "BOOL": np.bool_, "U8": np.uint8, "I8": np.int8, "U16": np.uint16, "I16": np.int16,
    "U32": np.uint32, "I32": np.int32, "U64": np.uint64, "I64": np.int64,
    "F16": np.float16, "F32": np.float32, "F64": np.float64,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """What :func:`load_arrays` found: the JSON header and the arrays, mapped read-only."""

    header: dict[str, Any]
    arrays: dict[str, NDArray[Any]]


def write_whole(path: AnyPath, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):  # a disk that is read-only now says so below
            temporary.unlink(missing_ok=True)
        raise StorageError(f"cannot write {path}: {error.strerror}; nothing was changed") from error


def save_arrays(
    path: AnyPath,
    arrays: Mapping[str, NDArray[Any]],
    *,
    kind: str,
    version: int,
    header: Mapping[str, Any] | None = None,
) -> None:
    """Write arrays and a JSON header to one file, whole or not at all."""
    metadata = {"kind": kind, "version": str(version), "header": json.dumps(header or {})}
    content = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    write_whole(path, to_bytes(content, metadata=metadata))


def load_arrays(path: AnyPath, *, kind: str, version: int) -> Stored:
    """Map a file that :func:`save_arrays` wrote.

    Raises:
        FormatError: the file is damaged, of another kind, or of a newer version.
        StorageError: the file cannot be opened.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            prefix = file.read(8)
            length = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else 1 << 63
            size = os.fstat(file.fileno()).st_size
            if length > size - 8:
                raise FormatError(f"{path} is damaged or cut off; delete it and make it again")
            entries = _table(json.loads(file.read(length)))
            metadata = _table(entries.pop("__metadata__", {}))
            _check_kind(path, metadata, kind=kind, version=version)
            arrays = {
                name: _map(path, entry, base=8 + length, size=size)
                for name, entry in entries.items()
            }
            return Stored(_table(json.loads(metadata["header"])), arrays)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError(f"{path} is damaged; delete it and make it again ({error})") from error


def _table(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("a table is missing")
    return value


def _check_kind(path: Path, metadata: Mapping[str, str], *, kind: str, version: int) -> None:
    found = metadata.get("kind", "unknown")
    if found != kind:
        raise FormatError(f"{path} holds {found}, not {kind}")
    if int(metadata["version"]) > version:
        raise FormatError(
            f"{path} was written by a newer relook (format {metadata['version']}, this one reads "
            f"up to {version}); upgrade relook"
        )


def _map(path: Path, entry: Mapping[str, Any], *, base: int, size: int) -> NDArray[Any]:
    start, stop = entry["data_offsets"]
    dtype = np.dtype(_TYPES[entry["dtype"]])
    shape = tuple(entry["shape"])
    count = math.prod(shape)  # exact, however large
    if start < 0 or base + stop > size or stop - start != count * dtype.itemsize:
        raise FormatError(f"{path} is damaged or cut off; delete it and make it again")
    if count == 0:
        return np.zeros(shape, dtype)
    return np.memmap(path, dtype, "r", offset=base + start, shape=shape)
