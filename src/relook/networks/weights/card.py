"""What is known of one file of weights, and how it is written beside the file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from relook.core.errors import FormatError, StorageError, UsageError
from relook.core.storage import write_whole
from relook.networks.spec import IMAGENET_MEAN, IMAGENET_STD, NetworkSpec

__all__ = ["LAYOUTS", "SUFFIX", "Card", "check_name", "load_card", "save_card"]

LAYOUTS = ("relook", "torchvision", "timm", "cirtorch", "mobilenet-npz", "local-features")
"""How the tensors of a file are called; see :mod:`relook.networks.weights.layouts`."""

SUFFIX = ".card.json"
VERSION = 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One file of weights.

    Attributes:
        name: as it is called on the command line and in recipes.
        file: name of the file, without a folder.
        backbone: a name that :func:`relook.networks.backbones.make_backbone` knows.
        padding: ``symmetric``, or ``same`` as TensorFlow pads.
        mean: subtracted per channel from pixels in [0, 1].
        std: what the difference is divided by.
        size: side in pixels of the pictures that it was trained on, 0 where it is not known.
        source: address of the page that describes it; empty where there is none.
        url: address that it can be downloaded from; empty where it must be brought.
        license: as its authors state it.
        sha256: of the file, 64 hexadecimal digits; empty where nobody here has verified it.
        sha256_prefix: its first digits, where its authors publish no more than these.
        training_set: what it was trained on.
        overlaps_landmarks: whether that may show the landmarks of Oxford and Paris; None: unknown.
        layout: one of :data:`LAYOUTS`.
        pooling: that it was trained with; empty for a classifier, which fits any pooling.
        options: settings of that pooling.
        whitening: outputs of the linear layer after the pooling, 0 for none.
        notes: what else people should know.
    """

    name: str
    file: str
    backbone: str
    layout: str
    padding: str = "symmetric"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    size: int = 0
    source: str = ""
    url: str = ""
    license: str = "not stated"
    sha256: str = ""
    sha256_prefix: str = ""
    training_set: str = "not stated"
    overlaps_landmarks: bool | None = None
    pooling: str = ""
    options: Mapping[str, Any] | None = None
    whitening: int = 0
    notes: str = ""

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.file or Path(self.file).name != self.file or "\\" in self.file:
            raise UsageError(f"file of {self.name} must be a name without a folder: {self.file!r}")
        if self.layout not in LAYOUTS:
            raise UsageError(f"layout {self.layout!r} is not known; choose {', '.join(LAYOUTS)}")
        for digits in (self.sha256, self.sha256_prefix):
            if not re.fullmatch("[0-9a-f]*", digits):
                raise UsageError(f"the sha256 of {self.name} must be lower-case hexadecimal digits")
        if self.sha256 and len(self.sha256) != 64:
            raise UsageError(f"the sha256 of {self.name} must have 64 digits, or go without")
        if self.layout != "local-features":
            self.spec()

    def spec(self, **changes: Any) -> NetworkSpec:
        """The network that these weights belong to; GeM where they were trained without pooling.

        Args:
            changes: fields of :class:`~relook.networks.spec.NetworkSpec` to set otherwise.

        Raises:
            UsageError: a field of another name, or a value that cannot be.
        """
        known = [field.name for field in fields(NetworkSpec)]
        if wrong := sorted(set(changes) - set(known)):
            raise UsageError(f"a network has no {', '.join(wrong)}; choose {', '.join(known)}")
        same = ("backbone", "padding", "options", "whitening", "mean", "std")
        spec = NetworkSpec(**{name: getattr(self, name) for name in same})
        if self.pooling:
            spec = replace(spec, pooling=self.pooling)
        if changes.get("pooling", spec.pooling) != spec.pooling:
            spec = replace(spec, options=None)  # they were those of the other pooling
        return replace(spec, **changes)

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return asdict(self) | {
            "mean": list(self.mean),
            "std": list(self.std),
            "options": dict(self.options or {}),
        }


def check_name(name: str) -> None:
    """Raise :class:`UsageError` unless this may name weights, on any file system."""
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise UsageError(f"{name!r} cannot name weights; use letters, digits, '-', '_' and '.'")


def save_card(card: Card, file: Path) -> None:
    """Write a card, whole or not at all."""
    content = {"version": VERSION, **card.to_json()}
    write_whole(file, (json.dumps(content, indent=2) + "\n").encode())


def load_card(file: Path) -> Card:
    """Read what :func:`save_card` wrote, or a person.

    Raises:
        FormatError: it is no card, or of a newer version.
        StorageError: it cannot be read.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        if not isinstance(content, dict):
            raise TypeError("a table is missing")
        version = content.pop("version", VERSION)
        if version > VERSION:
            raise FormatError(f"{file} was written by a newer relook; upgrade relook")
        card = _from_json(content)
    except OSError as error:
        raise StorageError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError(f"{file} is not a card of weights ({error}); correct it") from error
    if file.name != card.name + SUFFIX:
        raise FormatError(f"{file} is the card of {card.name}; name it {card.name}{SUFFIX}")
    return card


def _from_json(content: Mapping[str, Any]) -> Card:
    kinds: dict[str, tuple[type, ...]] = {
        "size": (int,), "whitening": (int,), "mean": (list,), "std": (list,),
        "overlaps_landmarks": (bool, type(None)), "options": (dict, type(None)),
    }  # fmt: skip
    for key, value in content.items():
        if not isinstance(value, kinds.get(key, (str,))):
            raise TypeError(f"{key} cannot be {value!r}")
    triples = {key: _triple(key, content[key]) for key in ("mean", "std") if key in content}
    options = content.get("options") or None
    return Card(**(dict(content) | triples | {"options": options}))


def _triple(key: str, values: list[Any]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    if not all(-1e6 < value < 1e6 for value in (red, green, blue)):
        raise ValueError(f"{key} must be three numbers")
    return red, green, blue
