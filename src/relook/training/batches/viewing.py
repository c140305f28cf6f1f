"""Pictures → pixels of a batch: views of a camera, or plain squares, and what is laid over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.training.augment.base import Augmentation, Compose
from relook.training.augment.make import make_augmentation, make_viewer
from relook.training.augment.views import Viewer
from relook.training.config import ViewsPart

__all__ = ["CameraViews", "PlainViews", "make_views", "square"]

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CameraViews:
    """Views as :class:`relook.training.augment.views.Viewer` makes them."""

    viewer: Viewer
    changes: Compose = Compose(())

    def __call__(
        self, pixels: Pixels, background: Pixels, kind: str, rng: np.random.Generator, side: int
    ) -> Pixels:
        """``(H, W, 3)`` → ``(side, side, 3)``."""
        seen = replace(self.viewer, side=side).view(pixels, background, kind, rng)
        return self.changes(seen, rng)


@dataclass(frozen=True, slots=True)
class PlainViews:
    """The largest square of a picture, anywhere along its longer side."""

    changes: Compose = Compose(())

    def __call__(
        self, pixels: Pixels, background: Pixels, kind: str, rng: np.random.Generator, side: int
    ) -> Pixels:
        """``(H, W, 3)`` → ``(side, side, 3)``."""
        del background, kind
        return self.changes(square(pixels, side, at=rng.random()), rng)


def make_views(part: ViewsPart) -> CameraViews | PlainViews:
    """What ``[views]`` asks for.

    Raises:
        UsageError: an option that there is not.
    """
    changes = Compose(tuple(_change(dict(table)) for table in part.augment))
    if part.plain:
        if part.options:
            raise UsageError(f"plain views have no {', '.join(part.options)}")
        return PlainViews(changes)
    return CameraViews(make_viewer(**part.options), changes)


def square(pixels: Pixels, side: int, *, at: float = 0.5) -> Pixels:
    """The largest square of ``(H, W, 3)``, ``at`` 0 to 1 along its longer side, resized."""
    height, width = pixels.shape[:2]
    extent = min(height, width)
    top, left = round(at * (height - extent)), round(at * (width - extent))
    cut = pixels[top : top + extent, left : left + extent]
    how = cv2.INTER_AREA if extent > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, (side, side), interpolation=how), np.uint8)


def _change(table: dict[str, Any]) -> Augmentation:
    if "name" not in table:
        raise UsageError("each [[views.augment]] needs a name")
    name = table.pop("name")
    return make_augmentation(name, **table)
