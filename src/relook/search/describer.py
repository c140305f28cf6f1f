"""Recipe → describer: a picture into the bytes that a collection keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from relook.core.records import Image
from relook.search.channels import GLOBAL, LOCAL
from relook.search.recipe import Recipe

__all__ = ["ChannelDescriber", "RecipeDescriber", "make_describer"]


class ChannelDescriber(Protocol):
    """Describes pictures for one channel."""

    def describe(self, image: Image) -> bytes:
        """The bytes that a collection keeps of a database image."""
        ...


@dataclass(frozen=True, slots=True)
class RecipeDescriber:
    """Describes database images of one recipe.

    Attributes:
        describe_hash: decides which descriptions may be mixed.
        channels: by name.
    """

    describe_hash: str
    channels: Mapping[str, ChannelDescriber]

    def describe(self, image: Image) -> Mapping[str, bytes]:
        """Describe a database image, once per channel."""
        return {name: channel.describe(image) for name, channel in self.channels.items()}


def make_describer(recipe: Recipe) -> RecipeDescriber:
    """The describer of a recipe, for one thread.

    Raises:
        CollectionError: a codebook or weights are not those that the recipe was pinned to.
        FetchError: weights are not here.
    """
    channels: dict[str, ChannelDescriber] = {}
    if recipe.local is not None:
        from relook.search.local import make_local_describer  # noqa: PLC0415 - only what is needed

        channels[LOCAL] = make_local_describer(recipe.local, recipe.plan)
    if recipe.vector is not None:
        from relook.search.vector import make_vector_describer  # noqa: PLC0415

        channels[GLOBAL] = make_vector_describer(recipe.vector, threads=1)
    return RecipeDescriber(recipe.describe_hash, channels)
