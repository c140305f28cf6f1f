"""Preparing the network of a recipe for int8: its range of numbers is measured on photos, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ImageError, UsageError
from relook.images import read
from relook.search.recipe import Recipe
from relook.search.vector import load_runtime, make_sizing, multiscale_of

__all__ = ["calibrate"]

LEAST = 16


def calibrate(recipe: Recipe, photos: Sequence[Path], *, count: int = 64) -> int:
    """Make the int8 network that a recipe with ``precision = "int8"`` then describes with.

    Args:
        recipe: with a global channel.
        photos: like those that will be described, and not those of a test.
        count: so many of them, evenly chosen, are looked at.

    Returns:
        The number of photos that were used.

    Raises:
        UsageError: the recipe has no network, or fewer than 16 photos can be read.
    """
    settings = recipe.network
    if settings is None:
        raise UsageError(f"recipe {recipe.name} has no network; int8 is for [channels.global]")
    chosen = [photos[row] for row in np.linspace(0, len(photos) - 1, count).astype(int)]
    sizing, scale = make_sizing(settings), multiscale_of(settings).scales[0]

    def pictures() -> Iterator[NDArray[np.uint8]]:
        from relook.descriptors.pyramid import resample  # noqa: PLC0415 - only when asked for

        for path in dict.fromkeys(chosen):
            try:
                image = read(path, longest=settings.longest)
            except (ImageError, OSError):
                continue
            size = sizing.scaled(sizing.size(image), scale)
            yield resample(image.pixels, size)[None]

    found = list(pictures()) if len(photos) else []
    if len(found) < LEAST:
        raise UsageError(f"{len(found)} photos are too few to calibrate on; bring {LEAST} or more")
    load_runtime(replace(settings, precision="int8"), threads=1, calibration=found)
    return len(found)
