"""What is described: a benchmark, and the photos with rendered views that all is fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Box, Image
from relook.datasets.gnd import GroundTruth
from relook.images import crop, is_picture, read, render_view

__all__ = ["Picture", "fitting_photos", "pairs_of", "pictures_of"]

SEED = 20260101
"""Of the views, as in ``tools/fit_whitening.py``."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture and the views that are rendered of it.

    Attributes:
        path: the file.
        box: the part that is described; None for all.
        number: its place, which seeds the views.
        views: how many are rendered.
    """

    path: Path
    box: Box | None = None
    number: int = 0
    views: int = 0

    def load(self, longest: int) -> list[Image]:
        """The picture, then its views."""
        image = read(self.path, longest=longest)
        image = image if self.box is None else crop(image, self.box)
        rendered = [
            render_view(image.pixels, np.random.default_rng((SEED, self.number, view)))
            for view in range(self.views)
        ]
        return [image, *(Image(view, (view.shape[1], view.shape[0])) for view in rendered)]


def pictures_of(truth: GroundTruth, folder: Path) -> list[Picture]:
    """The database of a benchmark, then its queries, each inside its box where it has one."""
    paths = {image.id: folder / image.path for image in truth.images}
    indexed = [Picture(paths[image.id]) for image in truth.database]
    return indexed + [Picture(paths[query.id], query.box) for query in truth.queries]


def fitting_photos(folders: Sequence[Path], *, every: int, views: int) -> list[Picture]:
    """Every n-th photo below the folders, with so many views.

    Raises:
        UsageError: a number is out of range, or there are fewer than two photos.
    """
    if min(every, views) < 1:
        raise UsageError("--every and --views must be at least 1")
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    files = [path for path in files if is_picture(path)]
    if len(files) < 2 * every:
        raise UsageError("--fit needs folders with photos; there are too few")
    # Numbered before some are left out: with more photos, those that were described stay valid.
    return [Picture(path, None, number, views) for number, path in enumerate(files)][::every]


def pairs_of(photos: int, views: int) -> NDArray[np.int64]:
    """All pairs of rows that show one photo, where each photo has ``views`` rows."""
    within = np.array(list(combinations(range(views), 2)), np.int64)
    return (np.arange(photos)[:, None, None] * views + within).reshape(-1, 2)
