"""The only composer: a recipe becomes a describer and a query plan over stores and indexes."""

from relook.search.composer import make_engine
from relook.search.engine import Channel, Companion, Engine, LiveIndex, Sources
from relook.search.recipe import DEFAULT_RECIPE, Recipe, load_recipe, shipped_recipes

__all__ = [
    "DEFAULT_RECIPE",
    "Channel",
    "Companion",
    "Engine",
    "LiveIndex",
    "Recipe",
    "Sources",
    "load_recipe",
    "make_engine",
    "shipped_recipes",
]
