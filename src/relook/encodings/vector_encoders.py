"""Encoders of local features into one vector, by kind; fitted ones by name or path."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Protocol, Self

from safetensors import SafetensorError, safe_open

from relook.core.errors import FormatError, StorageError, UsageError
from relook.core.paths import AnyPath
from relook.core.protocols import VectorEncoder
from relook.encodings.fisher import FisherVector
from relook.encodings.joint import JointReduction
from relook.encodings.temb import TriangulationEmbedding
from relook.encodings.vlad import Vlad

__all__ = [
    "VECTOR_ENCODERS",
    "VectorEncoderClass",
    "load_vector_encoder",
    "make_vector_encoder_class",
    "shipped_vector_encoders",
]

ASSETS = Path(__file__).parent / "assets" / "vectors"


class VectorEncoderClass(VectorEncoder, Protocol):
    """A class of encoders: what can be read from a file."""

    @classmethod
    def load(cls, path: AnyPath) -> Self:
        """Read what ``save`` wrote."""
        ...


VECTOR_ENCODERS: dict[str, type[VectorEncoderClass]] = {
    "relook.vlad": Vlad,
    "relook.fisher": FisherVector,
    "relook.temb": TriangulationEmbedding,
    "relook.joint": JointReduction,
}
"""Classes by the kind that their files say."""


def make_vector_encoder_class(name: str) -> type[VectorEncoderClass]:
    """The class of a kind: ``vlad`` or ``relook.vlad``, and so on.

    Raises:
        UsageError: there is no such kind.
    """
    found = VECTOR_ENCODERS.get(name) or VECTOR_ENCODERS.get(f"relook.{name}")
    if found is None:
        choices = ", ".join(kind.removeprefix("relook.") for kind in VECTOR_ENCODERS)
        raise UsageError(f"there is no vector encoder {name!r}; use one of {choices}")
    return found


def shipped_vector_encoders() -> list[str]:
    """Names of the fitted encoders that ship with relook."""
    return sorted(path.stem for path in ASSETS.glob("*.safetensors"))


@lru_cache(maxsize=8)
def load_vector_encoder(name: str) -> VectorEncoder:
    """A fitted encoder that ships with relook, or one of your own by path (``….safetensors``).

    Raises:
        UsageError: there is none.
        FormatError: another kind of file, damaged, or of a newer version.
        StorageError: the file cannot be opened.
    """
    path = Path(name) if name.endswith(".safetensors") else ASSETS / f"{name}.safetensors"
    if not path.exists():
        choices = ", ".join([*shipped_vector_encoders(), "the path of a .safetensors"])
        raise UsageError(f"there is no vector encoder {name!r}; use {choices}")
    return _class_of(path).load(path)


def _class_of(path: Path) -> type[VectorEncoderClass]:
    try:
        with safe_open(path, framework="numpy") as file:
            kind = (file.metadata() or {}).get("kind", "unknown")
    except SafetensorError as error:
        raise FormatError(f"{path} is damaged; fit or fetch it again ({error})") from error
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
    if kind not in VECTOR_ENCODERS:
        raise FormatError(f"{path} holds {kind}, not one of {', '.join(VECTOR_ENCODERS)}")
    return VECTOR_ENCODERS[kind]
