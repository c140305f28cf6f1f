"""What the logs say, drawn: losses and validations over the iterations."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from relook.core.records import UInt8
from relook.plots import curves
from relook.plots.saving import save_page
from relook.training.run.log import read_rows

__all__ = ["CURVE", "draw_curves"]

CURVE = "curve.png"

_NO_LOSS = ("step", "rate", "side", "pictures_per_second", "waiting", "skipped")


def draw_curves(folder: Path, *, title: str) -> None:
    """Draw :data:`CURVE` in the folder of a run; nothing where there is no row yet."""
    pages = [
        page
        for file, upward in (("log.csv", "loss"), ("validation.csv", "mAP"))
        if (page := _page(folder / file, title=title, upward=upward)) is not None
    ]
    if pages:
        save_page(folder / CURVE, np.concatenate(pages))


def _page(file: Path, *, title: str, upward: str) -> UInt8 | None:
    rows = read_rows(file)
    if not rows:
        return None
    xs = np.array([float(row["step"]) for row in rows])
    names = [name for name in rows[0] if name not in _NO_LOSS][:12]
    lines = [curves.Curve(name, xs, np.array([float(row[name]) for row in rows])) for name in names]
    return curves.draw_curves(lines, title=title, across="iterations", upward=upward)
