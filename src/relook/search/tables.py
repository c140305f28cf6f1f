"""Plain tables (of TOML or JSON) → frozen dataclasses, with errors that name the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from math import isfinite
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from relook.core.errors import UsageError

__all__ = ["from_table"]

Record = TypeVar("Record")


def from_table(record: type[Record], table: Any, *, where: str) -> Record:
    """Make a dataclass of a table; nested tables make nested dataclasses.

    Raises:
        UsageError: an unknown or missing key, or a value of another type.
    """
    if not isinstance(table, Mapping):
        raise UsageError(f"{where} must be a table, not {table!r}")
    hints = get_type_hints(record)
    known = {field.name: field for field in fields(record)}  # type: ignore[arg-type]  # a dataclass
    for key in table:
        if key not in known:
            raise UsageError(f"{where} has no {key!r}; it may have {', '.join(known)}")
    for name, field in known.items():
        if name not in table and field.default is MISSING and field.default_factory is MISSING:
            raise UsageError(f"{where} needs {name!r}")
    values = {key: _value(hints[key], table[key], where=f"{where}.{key}") for key in table}
    return record(**values)


def _value(kind: Any, value: Any, *, where: str) -> Any:
    if is_dataclass(kind) and isinstance(kind, type):
        return from_table(kind, value, where=where)
    if kind is float and type(value) in (int, float):
        if not isfinite(value):
            raise UsageError(f"{where} must be finite, not {value}")
        return float(value)
    if kind in (int, float, bool, str) and type(value) is not kind:
        raise UsageError(f"{where} must be {kind.__name__}, not {value!r}")
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            choices = ", ".join(choice or '""' for choice in get_args(kind))
            raise UsageError(f"{where} must be one of {choices}, not {value!r}")
        return value
    if get_origin(kind) is tuple:
        return _numbers(value, where=where)
    if get_origin(kind) is None and not isinstance(value, kind):
        raise UsageError(f"{where} must be {kind.__name__}, not {value!r}")
    return value


def _numbers(value: Any, *, where: str) -> tuple[float, ...]:
    good = isinstance(value, Sequence) and not isinstance(value, str)
    if not good or not all(type(item) in (int, float) and isfinite(item) for item in value):
        raise UsageError(f"{where} must be a list of numbers, not {value!r}")
    return tuple(float(item) for item in value)
