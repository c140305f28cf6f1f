"""One picture as books, posters, places and things are met in life: a square view of a camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ImageError, UsageError
from relook.training.augment.base import check_amount, check_range
from relook.training.augment.light import Light
from relook.training.augment.pixels import blur, shrink, warp, warp_onto
from relook.training.augment.pose import POSES, Placement, Pose

__all__ = ["Viewer"]

UInt8 = NDArray[np.uint8]

_SMALLEST_SIDE, _LARGEST_SIDE = 8, 4096
_SHRUNK_BELOW = 0.7
"""Pictures that a view shows smaller than this are shrunk before they are warped…"""
_KEPT = 1.2
"""… to so many pixels per pixel of the view."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Makes views: where the picture lies, what lies around and before it, light and camera.

    Attributes:
        side: of the square views, in pixels.
        poses: how pictures of each kind are seen.
        light: light and camera.
        around: smallest and largest share of the shorter side of the other picture that is seen
            around.
        around_blur: probability that this is out of focus.
        around_sigmas: smallest and largest standard deviation of that blur, in pixels.
        hidden: probability that one or two things hide a part of the view.
        hiding: smallest and largest side of such a thing, in sides of the view.
        plain: probability that it is of one color, and not a part of the other picture.
    """

    side: int = 160
    poses: Mapping[str, Pose] = field(default_factory=lambda: POSES)
    light: Light = Light()
    around: tuple[float, float] = (0.5, 1.0)
    around_blur: float = 0.5
    around_sigmas: tuple[float, float] = (0.5, 3.0)
    hidden: float = 0.3
    hiding: tuple[float, float] = (0.1, 0.4)
    plain: float = 0.5

    def __post_init__(self) -> None:
        if not isinstance(self.side, (int, np.integer)):
            raise UsageError(f"side of views must be whole pixels, not {self.side!r}")
        check_amount("side of views", int(self.side), least=_SMALLEST_SIDE, most=_LARGEST_SIDE)
        for name in ("around_blur", "hidden", "plain"):
            check_amount(f"views: {name}", getattr(self, name), most=1.0)
        check_range("views: around", self.around, least=0.01, most=1.0)
        check_range("views: around_sigmas", self.around_sigmas, least=0.01, most=100.0)
        check_range("views: hiding", self.hiding, most=1.0)

    def view(self, pixels: UInt8, background: UInt8, kind: str, rng: np.random.Generator) -> UInt8:
        """Make one view of a picture.

        Args:
            pixels: ``(H, W, 3)`` uint8 RGB.
            background: another picture, which may be seen around and before this one.
            kind: of the picture, a key of ``poses``.
            rng: decides everything; the same state gives the same view.

        Returns:
            ``(side, side, 3)`` uint8 RGB, new memory.

        Raises:
            UsageError: no such kind; the message lists them.
            ShapeError: no ``(H, W, 3)`` uint8 pixels.
            ImageError: a picture without pixels.
        """
        for name, picture in (("pixels", pixels), ("background", background)):
            check_array(name, picture, shape=(None, None, 3), dtype=np.uint8)
            if not picture.size:
                raise ImageError("a picture without pixels has no views")
        if kind not in self.poses:
            raise UsageError(f"there is no kind {kind!r}; choose from {', '.join(self.poses)}")
        placement = self.poses[kind].draw(pixels.shape, self.side, rng)
        view = self._placed(pixels, background, placement, rng)
        if rng.random() < self.hidden:
            self._hide(view, background, rng)
        return self.light.expose(view, rng)

    def _placed(
        self, pixels: UInt8, background: UInt8, placement: Placement, rng: np.random.Generator
    ) -> UInt8:
        if placement.scale < _SHRUNK_BELOW:
            pixels = shrink(pixels, placement.scale * _KEPT)
        height, width = pixels.shape[:2]
        source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - 0.5
        target = (placement.corners - 0.5).astype(np.float32)
        matrix = np.asarray(cv2.getPerspectiveTransform(source, target), np.float64)
        if placement.is_before:
            return warp_onto(pixels, matrix, self._surroundings(background, rng))
        return warp(pixels, matrix, (self.side, self.side))

    def _surroundings(self, background: UInt8, rng: np.random.Generator) -> UInt8:
        """A random square of another picture, in focus or not."""
        height, width = background.shape[:2]
        share, x, y = rng.uniform(*self.around), rng.random(), rng.random()
        extent = max(1, round(min(height, width) * share))
        left, top = round(x * (width - extent)), round(y * (height - extent))
        square = background[top : top + extent, left : left + extent]
        seen = np.asarray(cv2.resize(square, (self.side, self.side)), np.uint8)
        if rng.random() < self.around_blur:
            seen = blur(seen, rng.uniform(*self.around_sigmas))
        return seen

    def _hide(self, view: UInt8, background: UInt8, rng: np.random.Generator) -> None:
        """Lay one or two boxes over a view, in place; they may lie half beyond its edges."""
        for _ in range(int(rng.integers(1, 3))):
            extent = np.maximum(1, rng.uniform(*self.hiding, 2) * self.side).astype(int)
            start = np.rint(rng.uniform(0, self.side, 2) - extent / 2).astype(int)
            left, top = (int(value) for value in np.maximum(start, 0))
            right, bottom = (int(value) for value in np.minimum(start + extent, self.side))
            box = view[top:bottom, left:right]
            if rng.random() < self.plain:
                box[:] = rng.integers(0, 256, 3)
            elif box.size:
                box[:] = self._same_place(background, (left, top, right, bottom))

    def _same_place(self, background: UInt8, box: tuple[int, int, int, int]) -> UInt8:
        """What would be seen in a box of the view if it showed the whole other picture."""
        height, width = background.shape[:2]
        left, top, right, bottom = box
        x0, x1 = (int(x * width / self.side) for x in (left, right))
        y0, y1 = (int(y * height / self.side) for y in (top, bottom))
        part = background[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
        return np.asarray(cv2.resize(part, (right - left, bottom - top)), np.uint8)
