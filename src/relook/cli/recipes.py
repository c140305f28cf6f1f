"""``relook recipes``: the recipes that ship, what each needs and does."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from relook.cli import console
from relook.cli.options import Json

if TYPE_CHECKING:
    from relook.search import Recipe

__all__ = ["EXAMPLES", "run"]

EXAMPLES = ("relook recipes", "relook recipes --json")


def run(*, as_json: Json = False) -> None:
    """List the recipes that ship: how each describes photos, and what it needs.

    A recipe of your own is a TOML file; -v shows the settings that it may have.
    """
    from relook.search import load_recipe, shipped_recipes  # noqa: PLC0415

    recipes = [_as_json(load_recipe(name)) for name in shipped_recipes()]
    if as_json:
        console.write_json({"recipes": recipes})
        return
    _show(recipes)


def _as_json(recipe: Recipe) -> dict[str, Any]:
    settings = json.loads(recipe.to_json())
    network, encoder = recipe.network, recipe.encoder
    brought = network is not None and not _ships(network.weights)
    return {
        "name": recipe.name,
        "summary": recipe.summary,
        # What makes a network of weights; once it was made, most describe without it.
        "extras": ["networks"] if brought else [],
        "weights": [] if network is None else [network.weights],
        "codebook": None if recipe.local is None else recipe.local.codebook,
        "whitening": None if network is None else network.whitening or None,
        "encoder": encoder,
        "cost": None if recipe.cost is None else asdict(recipe.cost),
        "settings": {"channels": settings["channels"], "plan": settings["plan"]},
    }


def _show(recipes: list[dict[str, Any]]) -> None:
    terminal = console.out()
    for number, recipe in enumerate(recipes):
        default = " (default)" if number == 0 else ""
        terminal.print(f"{recipe['name']}{default}", style="bold")
        terminal.print(f"  {recipe['summary']}", soft_wrap=True)
        terminal.print(f"  needs {_needs(recipe)}", style="dim", soft_wrap=True)
        if recipe["cost"]:
            terminal.print(f"  costs {_costs(recipe['cost'])}", style="dim", soft_wrap=True)
        if console.is_verbose():
            terminal.print(json.dumps(recipe["settings"], indent=2), soft_wrap=True)


def _costs(cost: dict[str, Any]) -> str:
    size = f"{cost['bytes_per_image'] / 1000:.0f} kB per image"
    describing = f"{cost['describe_milliseconds']} ms to describe it on one core"
    asking = f"{cost['query_milliseconds']} ms to search and verify"
    return f"{size}, {describing}, {asking} ({cost['measured']})"


def _needs(recipe: dict[str, Any]) -> str:
    needed = [f"weights {name} (relook weights info {name})" for name in recipe["weights"]]
    if needed and recipe["extras"]:
        pooling = recipe["settings"]["channels"]["global"]["pooling"]
        when = "always: torch pools" if pooling == "rmac" else "the first time"
        return f"{', '.join(needed)}; relook[networks] {when}"
    shipped = {"codebook": recipe["codebook"], "encoder": recipe["encoder"]}
    of = [f"{what} {name}" for what, name in shipped.items() if name]
    of += [f"weights {name}" for name in recipe["weights"]]
    return f"nothing more ({' and '.join(of)} {'ships' if len(of) == 1 else 'ship'})"


def _ships(weights: str) -> bool:
    from relook.networks.weights import find_card, ships  # noqa: PLC0415 - keeps `--help` quick

    return ships(find_card(weights))
