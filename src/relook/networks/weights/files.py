"""Tensors out of files of every format that can be read without running code from it.

All give arrays by name, in whatever names the file uses.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors import deserialize as deserialize_any

from relook.core.errors import FormatError, StorageError, UsageError

__all__ = ["FORMATS", "Tensors", "read_tensors"]

Arrays = dict[str, NDArray[Any]]

deserialize: Any = deserialize_any  # it carries no types

_TYPES = {"F64": np.float64, "F32": np.float32, "F16": np.float16, "BF16": np.uint16}


@dataclass(frozen=True, slots=True, eq=False)
class Tensors:
    """What a file holds.

    Attributes:
        arrays: float32 arrays by name.
        meta: what a checkpoint says of its network, plain values; empty for most files.
    """

    arrays: Mapping[str, NDArray[Any]]
    meta: Mapping[str, Any] = field(default_factory=dict)


def read_tensors(path: Path) -> Tensors:
    """Read a file of weights by the end of its name.

    Raises:
        UsageError: the name ends in no way that is known.
        FormatError: the file is damaged, holds NaN or infinity, or needs code to be run.
        StorageError: it cannot be opened.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{path} is no file of weights; known are {', '.join(FORMATS)}")
    try:
        tensors = FORMATS[path.suffix.lower()](path)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
    if not tensors.arrays:
        raise FormatError(f"{path} holds no tensor; bring the file with the weights")
    tensors = replace(tensors, arrays=_without_wrapper(tensors.arrays))
    for name, array in tensors.arrays.items():
        if not np.isfinite(array).all():
            raise FormatError(f"{path} has NaN or infinity in {name}; bring the file again")
    return tensors


def _read_npz(path: Path) -> Tensors:
    try:
        with path.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise FormatError(f"{path} is damaged, cut off, or no npz file; bring it again")
            with np.load(file, allow_pickle=False) as content:
                found = {name: content[name] for name in content.files}
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise FormatError(f"{path} is damaged ({error}); bring it again") from error
        raise FormatError(f"{path} needs code to be run, which relook refuses") from error
    except (
        TypeError, EOFError, LookupError, RuntimeError, zipfile.BadZipFile, zlib.error,
    ) as error:  # fmt: skip
        raise FormatError(f"{path} is damaged or cut off ({error}); bring it again") from error
    return Tensors({name: _float(array) for name, array in found.items() if _is_float(array)})


def _read_safetensors(path: Path) -> Tensors:
    try:
        entries = deserialize(path.read_bytes())
    except SafetensorError as error:
        raise FormatError(f"{path} is damaged or cut off ({error}); bring it again") from error
    arrays: Arrays = {}
    for name, entry in entries:
        if entry["dtype"] in _TYPES:
            flat = np.frombuffer(entry["data"], dtype=_TYPES[entry["dtype"]])
            if entry["dtype"] == "BF16":  # the upper half of a float32
                flat = (flat.astype(np.uint32) << 16).view(np.float32)
            arrays[name] = _float(flat.reshape(entry["shape"]))
    return Tensors(arrays)


def _read_torch(path: Path) -> Tensors:
    from relook.networks.weights.torch_file import read_torch_file  # noqa: PLC0415

    arrays, meta = read_torch_file(path)
    return Tensors(arrays, meta)


def _without_wrapper(arrays: Mapping[str, NDArray[Any]]) -> Arrays:
    """Names as they are without torch's DataParallel, which precedes all with ``module.``."""
    wrapped = all(name.startswith("module.") for name in arrays)
    return {name.removeprefix("module.") if wrapped else name: a for name, a in arrays.items()}


def _is_float(array: NDArray[Any]) -> bool:
    return bool(np.issubdtype(array.dtype, np.floating))


def _float(array: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array, dtype=np.float32).reshape(array.shape)


FORMATS: dict[str, Callable[[Path], Tensors]] = {
    ".safetensors": _read_safetensors,
    ".npz": _read_npz,
    ".pth": _read_torch,
    ".pt": _read_torch,
    ".tar": _read_torch,
    ".bin": _read_torch,
}
"""Readers by the end of a file's name."""
