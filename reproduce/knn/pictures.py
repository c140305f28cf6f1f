"""What is described: a benchmark, photos that whitenings are fitted on, and others to choose by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from relook.core.errors import UsageError
from relook.core.records import Box, Image
from relook.images import crop, is_picture, read, render_view

__all__ = ["VIEWS", "Photos", "Shot", "photos_of"]

SEED = 20260101
"""Of the views, as in ``tools/fit_whitening.py``."""

VIEWS = 2
"""Rendered of each photo that is chosen by: one joins the database, one asks."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture, or a rendered view of it.

    Attributes:
        path: the file.
        box: the part that is described; None for all.
        view: what the view is seeded with; None for the picture itself.
    """

    path: Path
    box: Box | None = None
    view: tuple[int, int] | None = None

    def load(self, longest: int) -> Image:
        """Read, cut and render."""
        image = read(self.path, longest=longest)
        image = image if self.box is None else crop(image, self.box)
        if self.view is None:
            return image
        seen = render_view(image.pixels, np.random.default_rng((SEED, *self.view)))
        return Image(seen, (seen.shape[1], seen.shape[0]))

    @property
    def said(self) -> list[Any]:
        """All that decides the pixels, for the name of what is kept."""
        return [str(self.path.resolve()), self.path.stat().st_size, self.box, self.view]


@dataclass(frozen=True, slots=True)
class Photos:
    """Photos apart from the benchmark.

    Attributes:
        fitting: that whitenings are fitted on.
        choosing: other photos, each followed by its :data:`VIEWS` views.
    """

    fitting: Sequence[Shot]
    choosing: Sequence[Shot]


def photos_of(folders: Sequence[Path], *, every: int) -> Photos:
    """Every n-th photo below the folders to fit on, and half as many of the others to choose by.

    Raises:
        UsageError: a number is out of range, or there are too few photos.
    """
    if every < 2:
        raise UsageError("--every must be at least 2: the photos between are chosen by")
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    files = [path for path in files if is_picture(path)]
    if len(files) < 6 * every:
        raise UsageError("--fit needs folders with photos; there are too few")
    fitting = [Shot(path) for path in files[::every]]
    choosing = [
        Shot(files[number], None, view)
        for number in range(1, len(files), 2 * every)
        for view in (None, *((number, place) for place in range(VIEWS)))
    ]
    return Photos(fitting, choosing)
