"""What the steps of training hand on to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ShapeError

__all__ = ["KINDS", "Batch", "Pictures", "TrainingTuple"]

KINDS = ("scene", "flat", "thing", "object")
"""How views of a picture are made: of a place (the picture fills the view), of something flat such
as a book or a painting (it may lie anywhere, turned, before something else), of a thing that was
photographed once, and of one that was photographed from several sides on plain ground."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """What there is to learn from.

    Attributes:
        paths: of M pictures.
        labels: ``(M,)`` int64 from 0 to classes - 1; equal where two show the same.
        classes: the name of each label.
        kinds: one of :data:`KINDS` for each picture.
    """

    paths: tuple[Path, ...]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    kinds: tuple[str, ...]

    def __post_init__(self) -> None:
        check_array("labels", self.labels, shape=(len(self.paths),), dtype=np.int64)
        if len(self.kinds) != len(self.paths):
            raise ShapeError(
                f"{len(self.paths)} pictures need as many kinds, not {len(self.kinds)}"
            )

    def __len__(self) -> int:
        return len(self.paths)


@dataclass(frozen=True, slots=True)
class TrainingTuple:
    """Rows of a query, of what shows the same, and of what does not although it looks alike."""

    query: int
    positive: int
    negatives: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Pixels of one step.

    Attributes:
        pixels: ``(B, H, W, 3)`` uint8 RGB.
        labels: ``(B,)`` int64.
        rows: ``(B,)`` int64, the picture that each was made from.
        parts: ``(B,)`` int64, equal within one tuple; all 0 where there are none. Within a tuple
            the query comes first, then its positive, then its negatives.
        extras: other arrays of B rows, such as what a teacher says.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    rows: NDArray[np.int64]
    parts: NDArray[np.int64]
    extras: Mapping[str, NDArray[Any]] = field(default_factory=dict)
