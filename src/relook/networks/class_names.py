"""What the classes of a classifier are called: a text file, one name in a line. Needs no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from relook.core.errors import FormatError, StorageError
from relook.core.storage import write_whole

__all__ = ["SUFFIX", "find_class_names", "load_class_names", "save_class_names"]

SUFFIX = ".classes.txt"
"""How the file beside ``NAME.safetensors`` ends."""


def save_class_names(names: Sequence[str], weights: Path) -> Path:
    """Write the names beside a file of weights, whole or not at all."""
    file = weights.with_name(weights.stem + SUFFIX)
    lines = (" ".join(name.splitlines()) for name in names)
    write_whole(file, "".join(f"{line}\n" for line in lines).encode(errors="replace"))
    return file


def find_class_names(weights: Path) -> Path | None:
    """The file of names beside a file of weights, if there is one."""
    file = weights.with_name(weights.stem + SUFFIX)
    return file if file.is_file() else None


def load_class_names(file: Path, *, classes: int) -> tuple[str, ...]:
    """The names of so many classes.

    A file with one name less is that of ImageNet for networks of TensorFlow, whose first class is
    the background.

    Raises:
        StorageError: the file cannot be read.
        FormatError: it holds another number of names, or is no text.
    """
    try:
        names = tuple(file.read_text(encoding="utf-8-sig").splitlines())
    except OSError as error:
        raise StorageError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{file} is no text in UTF-8; write one name in a line") from error
    if len(names) == classes - 1:
        names = ("background", *names)
    if len(names) != classes:
        raise FormatError(f"{file} has {len(names)} names, and the network {classes} classes")
    return names
