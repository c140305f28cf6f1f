"""Tensors out of torch's own files, of which no code is ever run.

These files are pickles, and a pickle may ask for any function. torch's ``weights_only`` reader
follows none but those that make tensors. Checkpoints of cirtorch keep their whitenings as arrays of
NumPy, so these are let in too, through functions of our own.
"""

from __future__ import annotations

import re
import struct
import tarfile
import threading
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import FormatError, UsageError
from relook.networks.weights.stand_ins import STAND_INS, plain

__all__ = ["SAFE_TORCH", "read_torch_file"]

SAFE_TORCH = (2, 10)
"""Older ones can be tricked by a file in spite of ``weights_only`` (CVE-2025-32434, 2026-24747)."""

_WRAPPERS = ("state_dict", "model")

_LOCK = threading.Lock()  # what torch allows is kept for the whole process

_DAMAGE = (
    RuntimeError, EOFError, LookupError, TypeError, ValueError, AttributeError, AssertionError,
    ArithmeticError, struct.error, zipfile.BadZipFile,
)  # fmt: skip
"""What torch's reader stumbles into, beside its own complaint."""


def read_torch_file(path: Path) -> tuple[dict[str, NDArray[np.float32]], dict[str, Any]]:
    """The floating-point tensors of a checkpoint as float32, and its ``meta``, if it has one.

    Raises:
        UsageError: torch is not installed, or too old to be trusted with a file.
        FormatError: the file is damaged, is no checkpoint, or needs code to be run.
        OSError: it cannot be opened.
    """
    content = _load(path)
    meta = content.get("meta") if isinstance(content, dict) else None
    for key in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if not isinstance(content, dict):
        raise FormatError(f"{path} is no checkpoint: it holds {type(content).__name__}, no tensors")
    try:
        return _arrays(path, content), plain(meta) if isinstance(meta, dict) else {}
    except (TypeError, ValueError, RecursionError) as error:
        raise FormatError(f"{path} is damaged ({error}); bring it again") from error


def _load(path: Path) -> Any:
    torch = _trusted_torch(path)
    with path.open("rb") as file:
        if tarfile.is_tarfile(file):
            raise FormatError(
                f"{path} is a tar archive of an early torch; save it with a newer one"
            )
    complaint = torch.serialization.pickle.UnpicklingError
    try:
        _check_no_script(path)
        with (
            _LOCK,
            warnings.catch_warnings(),
            torch.serialization.safe_globals(STAND_INS),
        ):
            warnings.simplefilter("ignore")  # an odd file is read or refused, and that is said
            return torch.load(path, map_location="cpu", weights_only=True)
    except (*_DAMAGE, complaint) as error:
        _refuse(path, error)


def _trusted_torch(path: Path) -> Any:
    try:
        import torch  # noqa: PLC0415 - only where a torch file is opened
    except ImportError as error:
        raise UsageError(
            f'{path} is a torch file: pip install "relook[networks]", or bring it as .safetensors'
        ) from error
    version = tuple(int(number) for number in re.findall(r"\d+", torch.__version__)[:2])
    if version < SAFE_TORCH:
        raise UsageError(
            f"torch {torch.__version__} may run code of a file that it reads; upgrade it to "
            f"{'.'.join(map(str, SAFE_TORCH))} or newer, or bring {path} as .safetensors"
        )
    return torch


def _check_no_script(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if any(name.endswith("/constants.pkl") for name in archive.namelist()):
            raise FormatError(
                f"{path} is a TorchScript program, which relook does not run; bring its state_dict"
            )


def _refuse(path: Path, error: Exception) -> NoReturn:
    asked = re.search(r"GLOBAL ([\w.]*\w)", str(error))
    if asked:
        raise FormatError(
            f"{path} needs code to be run ({asked[1]}), which relook refuses; bring a file that "
            "holds tensors only, such as .safetensors"
        ) from error
    raise FormatError(f"{path} is damaged, cut off, or no torch file; bring it again") from error


def _arrays(path: Path, content: Mapping[Any, Any]) -> dict[str, NDArray[np.float32]]:
    found: dict[str, NDArray[np.float32]] = {}
    for name, tensor in content.items():
        if not _is_float_tensor(tensor):
            continue
        # A few bytes may claim to be a tensor of any shape, by repeating themselves.
        if tensor.is_sparse or tensor.is_meta or _claims_too_much(tensor):
            raise FormatError(f"{path} holds {name} in a form that relook does not read")
        found[str(name)] = tensor.detach().float().contiguous().numpy()
    return found


def _is_float_tensor(value: Any) -> bool:
    import torch  # noqa: PLC0415

    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _claims_too_much(tensor: Any) -> bool:
    return bool(tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes())
