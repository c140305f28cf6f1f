"""Derived arrays in a folder: written under new names, mapped, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from numpy.typing import NDArray

from relook.core.errors import FormatError
from relook.core.storage import Stored, load_arrays, save_arrays

__all__ = ["KeptKind"]


class KeptKind:
    """One kind of file.

    Args:
        kind: its name, in the file and after the dot.
        version: of its format.
    """

    def __init__(self, kind: str, *, version: int) -> None:
        self.kind = kind
        self.version = version

    def save(
        self,
        folder: Path,
        path: Path | None,
        arrays: Mapping[str, NDArray[Any]],
        header: Mapping[str, Any] | None = None,
    ) -> tuple[Path, dict[str, Any]]:
        """Write arrays, unless ``path`` says that they lie in ``folder``.

        Returns:
            Where they are, and what :meth:`load` needs besides, as JSON.
        """
        if path is None or path.parent.resolve() != folder.resolve():
            path = folder / f"{uuid4().hex}.{self.kind}"
            save_arrays(path, arrays, kind=self.kind, version=self.version, header=header)
        return path, {"version": self.version, "file": path.name}

    def load(self, folder: Path, state: Mapping[str, Any]) -> tuple[Path, Stored]:
        """Map what :meth:`save` wrote.

        Raises:
            FormatError: the file or ``state`` is damaged, or of a newer version.
            StorageError: the file cannot be opened.
        """
        try:
            newer, path = state["version"] > self.version, folder / str(state["file"])
        except (KeyError, TypeError) as error:
            raise FormatError(f"the state of the {self.kind} is damaged; build it again") from error
        if newer:
            raise FormatError(f"the {self.kind} was written by a newer relook; upgrade relook")
        return path, load_arrays(path, kind=self.kind, version=self.version)
