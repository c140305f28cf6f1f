"""Whitenings by name: those that ship with relook, or one of your own by path."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from relook.core.errors import UsageError
from relook.vectors.projection import Projection, load_whitening

__all__ = ["find_whitening", "shipped_whitenings"]

ASSETS = Path(__file__).parent / "assets"


def shipped_whitenings() -> list[str]:
    """Names of the whitenings that ship with relook."""
    return sorted(path.stem for path in ASSETS.glob("*.safetensors"))


@lru_cache(maxsize=4)
def find_whitening(name: str) -> Projection:
    """A shipped whitening by name, or one of your own by path (``….safetensors``).

    Raises:
        UsageError: there is none.
        FormatError: another kind of file, damaged, or of a newer version.
    """
    path = Path(name) if name.endswith(".safetensors") else ASSETS / f"{name}.safetensors"
    if not path.exists():
        choices = ", ".join([*shipped_whitenings(), "the path of a .safetensors"])
        raise UsageError(f"there is no whitening {name!r}; use {choices}")
    return load_whitening(path)
