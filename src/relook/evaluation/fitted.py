"""Everything in a recipe that was fitted or trained, and on what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from relook.encodings import load_codebook
from relook.networks.weights.opening import open_weights
from relook.networks.weights.place import find_card
from relook.search.channels import OF_WEIGHTS
from relook.search.recipe import Recipe
from relook.vectors.shipped import find_whitening

__all__ = ["fitted_of"]


def fitted_of(recipe: Recipe) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What was fitted, by name for people, with a header that says on what."""
    if recipe.local is not None:
        name = recipe.local.codebook
        yield f"codebook {name}", load_codebook(name).fitted
        if recipe.local.hamming:
            from relook.encodings.hamming import load_hamming  # noqa: PLC0415 - only what is used

            name = recipe.local.hamming
            yield f"Hamming embedding {name}", load_hamming(name).fitted
        if recipe.local.of_network:
            deep = recipe.local.deep
            yield from _of_network(deep.weights, deep.whitening)
    if recipe.encoder is not None:
        from relook.encodings.vector_encoders import load_vector_encoder  # noqa: PLC0415

        yield f"encoder {recipe.encoder}", load_vector_encoder(recipe.encoder).fitted
    if recipe.network is not None:
        yield from _of_network(recipe.network.weights, recipe.network.whitening)


def _of_network(weights: str, whitening: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    path = Path(weights)
    card = open_weights(path).card if path.is_absolute() else find_card(weights)
    yield f"network {card.name}", {"on": card.training_set}
    if whitening and not whitening.startswith(OF_WEIGHTS):
        yield f"whitening {whitening}", {"on": find_whitening(whitening).fitted}
