"""Recipes: how pictures are described and indexed, and how a query is answered.

A recipe is a small TOML file. ``[channels.local]`` and ``[channels.global]``, one or both, say how
an image is described and indexed; ``[plan]`` says how a query is answered and may differ from
search to search. The defaults stand in the dataclasses of ``channels`` and ``plan``, nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from relook.core.errors import FormatError, UsageError
from relook.search.channels import GLOBAL, LOCAL, CompactChannel, GlobalChannel, LocalChannel
from relook.search.pins import pinned
from relook.search.plan import Cost, Plan
from relook.search.settings import change_settings, dotted
from relook.search.tables import from_table

__all__ = [
    "DEFAULT_RECIPE",
    "Recipe",
    "load_recipe",
    "shipped_recipes",
]

FOLDER = Path(__file__).parent / "recipes"
DEFAULT_RECIPE = "sift-asmk"
AnyChannel = LocalChannel | GlobalChannel | CompactChannel
FORMAT = 1
"""Part of every hash: raise it when the same settings describe differently."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe by name; :func:`load_recipe` makes one.

    Attributes:
        name: what users call it.
        summary: one line about it.
        channels: by name, the local one first.
        plan: how queries are answered.
        cost: what it was measured to cost; None where nobody measured.
    """

    name: str
    summary: str
    channels: Mapping[str, AnyChannel]
    plan: Plan
    cost: Cost | None = None

    @property
    def local(self) -> LocalChannel | None:
        """The channel of local features."""
        channel = self.channels.get(LOCAL)
        return channel if isinstance(channel, LocalChannel) else None

    @property
    def vector(self) -> GlobalChannel | CompactChannel | None:
        """The channel of one vector per picture."""
        channel = self.channels.get(GLOBAL)
        return None if isinstance(channel, LocalChannel) else channel

    @property
    def network(self) -> GlobalChannel | None:
        """The channel of one vector per picture, where a network gives it."""
        channel = self.channels.get(GLOBAL)
        return channel if isinstance(channel, GlobalChannel) else None

    @property
    def encoder(self) -> str | None:
        """What makes one vector of local features, where something does."""
        channel = self.channels.get(GLOBAL)
        return channel.encoder if isinstance(channel, CompactChannel) else None

    @property
    def longest(self) -> int:
        """Longer side in pixels that images are read at."""
        return max(channel.longest for channel in self.channels.values())

    @cached_property
    def describe_hash(self) -> str:
        """What decides whether descriptions may be mixed: features and encoding, not the index."""
        described = {name: channel.described for name, channel in self.channels.items()}
        if set(described) == {LOCAL}:  # as collections have it that are older than other channels
            return _hash(described[LOCAL])
        return _hash({"channels": described})

    def index_hash(self, channel: str) -> str:
        """What decides whether the derived index of a channel must be built anew."""
        one = self.channels[channel]
        return _hash({"describe": _hash(one.described), "index": one.indexed})

    @cached_property
    def graph_hash(self) -> str:
        """What decides whether the graph of neighbors must be built anew."""
        neighbors = self.plan.diffuse.neighbors
        return _hash({"index": self.index_hash(GLOBAL), "neighbors": neighbors})

    def to_json(self) -> str:
        """All settings, defaults included."""
        table = {"name": self.name, "summary": self.summary, **_settings(self)}
        if self.cost is not None:
            table["cost"] = asdict(self.cost)
        return json.dumps(table, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Read what :meth:`to_json` wrote.

        Raises:
            FormatError: the text is no JSON.
            UsageError: it is no recipe.
        """
        try:
            table = json.loads(text)
        except ValueError as error:
            raise FormatError(f"the recipe is damaged ({error}); restore a backup") from error
        return _from_table(table, where="recipe")

    def with_plan(self, **changes: Any) -> Recipe:
        """The same recipe with another query plan."""
        return replace(self, plan=replace(self.plan, **changes))

    @property
    def settings(self) -> dict[str, Any]:
        """All settings by dotted key, such as ``channels.local.sift.features``."""
        return dotted(_settings(self))

    def with_settings(self, changes: Mapping[str, Any]) -> Recipe:
        """The same recipe with other settings, by dotted key; texts are read as the key's type.

        >>> load_recipe("sift-asmk").with_settings({"plan.candidates": "50"}).plan.candidates
        50

        Raises:
            UsageError: there is no such key, or a value is of another type or out of range.
        """
        table = _settings(self)
        change_settings(table, changes)
        for name, channel in table["channels"].items():
            _unpin(channel, asdict(self.channels[name]), changes, above=f"channels.{name}.")
        try:
            changed = _from_table({"name": self.name, "summary": self.summary, **table}, where="")
            return _pinned(changed, folder=Path())
        except UsageError as error:
            given = ", ".join(f"{key}={value}" for key, value in changes.items())
            raise UsageError(f"{given}: {str(error).removeprefix(': ')}") from error


def shipped_recipes() -> list[str]:
    """Names of the recipes that ship with relook, the default first."""
    names = sorted(path.stem for path in FOLDER.glob("*.toml"))
    return sorted(names, key=lambda name: name != DEFAULT_RECIPE)


def load_recipe(name: str | Path) -> Recipe:
    """A shipped recipe by name, or one of your own by the path of its TOML file.

    Raises:
        UsageError: there is none, or it has unknown keys or values out of range.
    """
    own = Path(name)
    path = own if own.suffix == ".toml" else FOLDER / f"{name}.toml"
    if not path.is_file():
        choices = ", ".join(shipped_recipes())
        raise UsageError(f"there is no recipe {str(name)!r}; use {choices}, or a .toml file")
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as TOML: {error}") from error
    table.setdefault("name", path.stem)
    return _pinned(_from_table(table, where=path.name), folder=path.parent)


def _unpin(
    table: dict[str, Any], before: Mapping[str, Any], changes: Mapping[str, Any], *, above: str
) -> None:
    """Forget the hash of every file that has changed, unless the changes give the new one."""
    for key, value in before.items():
        if isinstance(value, Mapping):
            _unpin(table[key], value, changes, above=f"{above}{key}.")
        pin = f"{key}_hash"
        if pin in before and table[key] != value:
            table[pin] = changes.get(above + pin, "")


def _settings(recipe: Recipe) -> dict[str, Any]:
    channels = {name: asdict(channel) for name, channel in recipe.channels.items()}
    return {"channels": channels, "plan": asdict(recipe.plan)}


def _from_table(table: Any, *, where: str) -> Recipe:
    if not isinstance(table, Mapping) or "channels" not in table:
        raise UsageError(f"{where} needs a [channels.local] or a [channels.global] table")
    unknown = set(table) - {"name", "summary", "channels", "plan", "cost"}
    if unknown:
        raise UsageError(f"{where} has no {min(unknown)!r}; it may have channels, plan and cost")
    channels = table["channels"]
    if not isinstance(channels, Mapping) or not channels or set(channels) - {LOCAL, GLOBAL}:
        raise UsageError(f"{where} must have [channels.local], [channels.global], or both")
    return Recipe(
        name=str(table.get("name", where)),
        summary=str(table.get("summary", "a recipe of your own")),
        channels={
            name: _channel(name, channels[name], where=f"{where}: channels.{name}")
            for name in (LOCAL, GLOBAL)
            if name in channels
        },
        plan=from_table(Plan, table.get("plan", {}), where=f"{where}: plan"),
        cost=from_table(Cost, table["cost"], where=f"{where}: cost") if "cost" in table else None,
    )


def _channel(name: str, table: Any, *, where: str) -> AnyChannel:
    if name == LOCAL:
        return from_table(LocalChannel, table, where=where)
    if isinstance(table, Mapping) and "encoder" in table:
        return from_table(CompactChannel, table, where=where)
    return from_table(GlobalChannel, table, where=where)


def _pinned(recipe: Recipe, *, folder: Path) -> Recipe:
    channels = pinned(recipe.channels, recipe.plan, recipe=recipe.name, folder=folder)
    return replace(recipe, channels=channels)


def _hash(settings: Mapping[str, Any]) -> str:
    content = json.dumps({"format": FORMAT, **settings}, sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]
