"""A TOML file → :class:`~relook.training.config.Config`, with every mistake named by its place."""

from __future__ import annotations

import difflib
import json
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from relook.core.errors import UsageError
from relook.core.paths import AnyPath
from relook.training.config import Config

__all__ = ["differences", "from_table", "read_config", "shipped", "to_table"]

_SHIPPED = Path(__file__).parent / "configs"

_HARMLESS = (
    "data.root", "train.workers", "train.threads", "train.save", "train.device", "log",
)  # fmt: skip
"""What may change between a run and its continuation: where and how fast, not what."""


def read_config(path: AnyPath) -> Config:
    """Read and check a configuration: a file, or the name of one that ships.

    Raises:
        UsageError: it cannot be read, is no TOML, or says something that cannot be.
    """
    path = _find(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no TOML: {error}") from error
    try:
        return from_table(table)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def shipped() -> tuple[str, ...]:
    """Names of the configurations that ship."""
    return tuple(sorted(path.stem for path in _SHIPPED.glob("*.toml")))


def _find(given: AnyPath) -> Path:
    path = Path(given)
    if path.suffix or len(path.parts) > 1 or path.exists():
        return path
    if path.name not in shipped():
        raise UsageError(
            f"there is no configuration {path.name}; give a file, or choose {', '.join(shipped())}"
        )
    return _SHIPPED / f"{path.name}.toml"


def from_table(table: Mapping[str, Any]) -> Config:
    """The configuration that a parsed TOML file describes.

    Raises:
        UsageError: a key is unknown or missing, or a value cannot be; the place is named.
    """
    made: Config = _make(Config, table, "")
    return made


def to_table(config: Config) -> dict[str, Any]:
    """Plain values, as JSON keeps them."""
    content: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return content


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What decides the weights and is not the same, in words.

    An old table may lack settings that came later: these have their defaults.
    """
    before, after = _flat(_completed(old)), _flat(new)
    return [
        f"{key} was {_word(before.get(key))} and is {_word(after.get(key))}"
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key) and not key.startswith(_HARMLESS)
    ]


def _completed(table: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return to_table(from_table(_given(table)))
    except UsageError:  # of settings that there are no more
        return table


def _given(table: Any) -> Any:
    """Without what is None, which TOML cannot say."""
    if isinstance(table, Mapping):
        return {key: _given(value) for key, value in table.items() if value is not None}
    return table


def _word(value: Any) -> str:
    return "not there" if value is None else json.dumps(value)


def _flat(table: Any, prefix: str = "") -> dict[str, Any]:
    if isinstance(table, Mapping):
        entries = [(f"{prefix}{key}", value) for key, value in table.items()]
    elif isinstance(table, list) and any(isinstance(value, Mapping) for value in table):
        entries = [(f"{prefix}{place}", value) for place, value in enumerate(table)]
    else:
        return {prefix.rstrip("."): table}
    return {k: v for name, value in entries for k, v in _flat(value, f"{name}.").items()}


def _make(kind: Any, table: Any, place: str) -> Any:
    if not isinstance(table, Mapping):
        raise UsageError(f"[{place}] must be a table")
    known = {field.name: field for field in fields(kind)}
    hints = typing.get_type_hints(kind)
    given, rest = dict(table), {}
    if "options" in known and place.startswith(("loss", "mining", "views")):
        # Options of what is named stand beside its name.
        rest = {key: given.pop(key) for key in list(given) if key not in known}
        rest |= given.pop("options", {})
    for key in given:
        if key not in known:
            raise UsageError(f"{_at(place, key)} is not known{_guess(key, known)}")
    for name, field in known.items():
        if name not in given and field.default is MISSING and field.default_factory is MISSING:
            raise UsageError(f"{_at(place, name)} is missing")
    values = {name: _value(hints[name], value, _at(place, name)) for name, value in given.items()}
    return kind(**values, **({"options": rest} if rest else {}))


def _at(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _guess(key: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; choose {', '.join(known)}"


def _value(hint: Any, value: Any, place: str) -> Any:
    if is_dataclass(hint):
        return _make(hint, value, place)
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _one_of(inner, value, place)
    if origin is Literal:
        if value not in inner:
            raise UsageError(f"{place} must be {' or '.join(inner)}, not {value!r}")
        return value
    if origin is tuple:
        return _several(inner, value, place)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted = {"Mapping": Mapping}.get(getattr(origin or hint, "__name__", ""), origin or hint)
    if not isinstance(value, wanted) or (isinstance(value, bool) and hint is not bool):
        raise UsageError(f"{place} must be {_named(hint)}, not {value!r}")
    return value


def _several(inner: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise UsageError(f"{place} must be a list, not {value!r}")
    if len(inner) == 2 and inner[1] is Ellipsis:
        return tuple(_value(inner[0], one, f"{place}[{i}]") for i, one in enumerate(value))
    if len(value) != len(inner):
        raise UsageError(f"{place} must be a list of {len(inner)}, not {value!r}")
    return tuple(_value(hint, one, place) for hint, one in zip(inner, value, strict=True))


def _one_of(hints: tuple[Any, ...], value: Any, place: str) -> Any:
    rest = [hint for hint in hints if hint is not type(None)]
    if len(rest) == 1:
        return _value(rest[0], value, place)
    listed = [hint for hint in rest if (get_origin(hint) is tuple) == isinstance(value, list)]
    return _value((listed or rest)[0], value, place)


def _named(hint: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
    return names.get(hint, "a table")
