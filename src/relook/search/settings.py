"""Settings of a recipe by dotted keys, such as ``plan.candidates``, and their values from text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from relook.core.errors import UsageError

__all__ = ["change_settings", "dotted", "parse_setting"]


def dotted(table: Mapping[str, Any], *, above: str = "") -> dict[str, Any]:
    """The values of nested tables by dotted key."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= dotted(value, above=f"{above}{key}.")
        else:
            flat[above + key] = value
    return flat


def parse_setting(key: str, text: str, *, like: Any) -> Any:
    """Read a value from text as the type of the present one, ``like``; numbers joined by ``+``.

    >>> parse_setting("plan.candidates", "50", like=200)
    50

    Raises:
        UsageError: it is of another type.
    """
    if isinstance(like, bool):
        if text not in ("true", "false"):
            raise UsageError(f"{key} must be true or false, not {text!r}")
        return text == "true"
    if isinstance(like, tuple):
        return tuple(parse_setting(key, part, like=1.0) for part in text.split("+"))
    kind = type(like)
    if kind not in (int, float):
        return text
    try:
        return int(text) if kind is int else float(text)
    except ValueError as error:
        raise UsageError(f"{key} must be {kind.__name__}, not {text!r}") from error


def change_settings(table: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Replace values of nested tables in place; texts are read as the type of what they replace.

    Raises:
        UsageError: there is no such key, with the choices, or a text is of another type.
    """
    for key, value in changes.items():
        *folders, last = key.split(".")
        inner: Any = table
        for depth, folder in enumerate(folders):
            inner = _inside(inner, folder, where=".".join(folders[:depth]))
        present = _inside(inner, last, where=".".join(folders))
        if isinstance(present, dict):
            raise UsageError(f"{key} is a table; take one of {_choices(present, key)}")
        is_text = isinstance(value, str)
        inner[last] = parse_setting(key, value, like=present) if is_text else value


def _inside(table: Any, key: str, *, where: str) -> Any:
    if not isinstance(table, dict):
        raise UsageError(f"{where} is a value and holds no {key!r}")
    if key not in table:
        name = f"{where} has" if where else "a recipe has"
        raise UsageError(f"{name} no {key!r}; take one of {_choices(table, where)}")
    return table[key]


def _choices(table: Mapping[str, Any], where: str) -> str:
    start = f"{where}." if where else ""
    return ", ".join(f"{start}{key}" for key in table)
