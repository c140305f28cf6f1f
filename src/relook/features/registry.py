"""Extractors of local features by name."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from relook.core.errors import UsageError
from relook.core.protocols import Extractor
from relook.features.affine import HarrisAffine, HessianAffine, Mser
from relook.features.binary import Akaze, Orb
from relook.features.corners import Harris, Moravec
from relook.features.sift import Sift

__all__ = ["EXTRACTORS", "make_features"]

EXTRACTORS: dict[str, type[Any]] = {
    "sift": Sift,
    "hesaff": HessianAffine,
    "haraff": HarrisAffine,
    "mser": Mser,
    "harris": Harris,
    "moravec": Moravec,
    "orb": Orb,
    "akaze": Akaze,
}
"""Classes by name; each is a frozen dataclass of its options, ``features`` among them."""


def make_features(name: str, **options: Any) -> Extractor:
    """The extractor of this name; lists become tuples.

    >>> make_features("sift", features=500, orientation="upright").features
    500

    Raises:
        UsageError: there is no such extractor or option, or a value is of another type or out of
            its range.
    """
    if name not in EXTRACTORS:
        choices = ", ".join(EXTRACTORS)
        raise UsageError(f"there are no features {name!r}; take one of {choices}")
    kind = EXTRACTORS[name]
    defaults = {field.name: field.default for field in fields(kind)}
    for option in options:
        if option not in defaults:
            choices = ", ".join(defaults)
            raise UsageError(f"{name} has no option {option!r}; it has {choices}")
    values = {
        option: _like(value, defaults[option], where=f"{name}: {option}")
        for option, value in options.items()
    }
    extractor: Extractor = kind(**values)
    return extractor


def _like(value: Any, default: Any, *, where: str) -> Any:
    """The value if it is of the type of the default, a whole number being a number too."""
    if isinstance(default, tuple):
        if isinstance(value, list | tuple):
            return tuple(_like(part, 1.0, where=where) for part in value)
        raise UsageError(f"{where} must be numbers, not {value!r}")
    number = isinstance(default, float)
    accepted = (int, float) if number else (type(default),)
    if not isinstance(value, accepted) or isinstance(value, bool) != isinstance(default, bool):
        raise UsageError(f"{where} must be {type(default).__name__}, not {value!r}")
    return float(value) if number else value
