"""Pictures and the views that a configuration makes of them, for people to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.images import read
from relook.training.augment.sheet import save_view_sheet
from relook.training.batches.making import Maker, MakerSpec
from relook.training.batches.plan import Draw
from relook.training.batches.viewing import make_views
from relook.training.config import Config
from relook.training.sources.gather import gather_pictures

__all__ = ["save_views"]

_PICTURES, _VIEWS = 8, 6


def save_views(target: Path, config: Config, *, data: Path | None = None) -> tuple[str, ...]:
    """Draw some pictures, each with views that a run shows of such as this, as a PNG file.

    Args:
        target: the file.
        config: of the run.
        data: root of the pictures, in place of the configuration's.

    Returns:
        what people should know of the pictures, in one line each.

    Raises:
        UsageError: no pictures, the file's suffix is not .png, or patches are asked for.
        StorageError: the file cannot be written.
    """
    if config.views.context is not None:
        raise UsageError("[views] context makes pairs of patches, and no views to show")
    found = gather_pictures(config.data, root=data)
    side = config.views.side_at(config.train.iterations)
    maker = Maker(MakerSpec(found.pictures, make_views(config.views), config.seed))
    size = len(found.pictures)
    asked = np.unique(np.linspace(0, size - 1, min(size, _PICTURES)).astype(np.int64))
    rows = np.repeat(asked, _VIEWS)
    draw = Draw(0, rows, np.zeros(len(rows), np.int64), np.arange(len(rows)), side)
    made = maker.make(draw)
    batch = made.batch
    page: list[list[NDArray[np.uint8]]] = [
        [
            read(found.pictures.paths[int(batch.rows[start])], longest=2 * side).pixels,
            *batch.pixels[start : start + _VIEWS],
        ]
        for start in range(0, len(rows), _VIEWS)
    ]
    save_view_sheet(target, page, side=side)
    bad = tuple(f"left out {found.pictures.paths[row]}: {why}" for row, why in made.skipped)
    return (*found.notes(), *bad)
