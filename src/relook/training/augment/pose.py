"""Where a picture lies in a view: the corners of what a camera sees of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.training.augment.base import check_amount, check_range

__all__ = ["POSES", "Placement", "Pose"]

Float64 = NDArray[np.float64]

_SQUARE = np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)])


@dataclass(frozen=True, slots=True)
class Placement:
    """One picture within a view.

    Attributes:
        corners: ``(4, 2)``, where its corners are seen: left top first, then clockwise; (0, 0)
            is the left upper corner of the first pixel of the view, and (side, side) its end.
        scale: side of the view's pixels per pixel of the picture, about.
        is_before: whether something else is seen around it, rather than the picture mirrored.
    """

    corners: Float64
    scale: float
    is_before: bool


@dataclass(frozen=True, slots=True)
class Pose:
    """How pictures of one kind are seen.

    Attributes:
        before: probability that the picture lies before something else.
        apart: smallest and largest area of a picture that does, as a share of the view.
        filling: smallest and largest area of a picture that does not.
        whole: probability that one which lies before something else is shrunk until its longer
            side is at most ``longest``.
        longest: sides of the view.
        stretch: standard deviation of the logarithm of width / height, halved.
        roll: standard deviation of the angle, radians.
        any_angle: probability of an angle that is uniform instead.
        quarter: probability of one, two or three quarter turns more.
        lean: standard deviation of how much longer the near edge is seen than the middle.
        most_lean: its largest absolute value.
        jitter: standard deviation of each corner's coordinates, as a share of themselves.
        beyond: how far a picture before something else may lie, in free places of the view: above
            1 it may be cut off.
    """

    before: float
    apart: tuple[float, float] = (0.18, 1.1)
    filling: tuple[float, float] = (0.9, 4.0)
    whole: float = 0.6
    longest: float = 1.15
    stretch: float = 0.08
    roll: float = math.radians(8)
    any_angle: float = 0.10
    quarter: float = 0.25
    lean: float = 0.12
    most_lean: float = 0.35
    jitter: float = 0.02
    beyond: float = 1.15

    def __post_init__(self) -> None:
        for name in ("before", "whole", "any_angle", "quarter"):
            check_amount(f"pose: {name}", getattr(self, name), most=1.0)
        for name in ("stretch", "lean", "jitter"):
            check_amount(f"pose: {name}", getattr(self, name), most=1.0)
        check_amount("pose: any_angle and quarter", self.any_angle + self.quarter, most=1.0)
        check_amount("pose: most_lean", self.most_lean, most=0.45)
        check_amount("pose: roll", self.roll, most=math.pi)
        check_amount("pose: longest", self.longest, least=0.01, most=100.0)
        check_amount("pose: beyond", self.beyond, most=10.0)
        check_range("pose: apart", self.apart, least=0.001, most=1000.0)
        check_range("pose: filling", self.filling, least=0.001, most=1000.0)

    def draw(self, shape: tuple[int, ...], side: int, rng: np.random.Generator) -> Placement:
        """Place a picture of (height, width, …) in a square view of ``side`` pixels."""
        height, width = shape[:2]
        is_before = bool(rng.random() < self.before)
        smallest, largest = self.apart if is_before else self.filling
        area = math.exp(rng.uniform(math.log(smallest), math.log(largest)))
        scale = math.sqrt(area * side * side / (height * width))
        if is_before and rng.random() < self.whole:
            scale = min(scale, self.longest * side / max(height, width))
        stretch = math.exp(rng.normal(0, self.stretch))
        half = np.array([width * stretch, height / stretch]) * (scale / 2)
        lean = np.clip(rng.normal(0, self.lean, 2), -self.most_lean, self.most_lean)
        corners = _SQUARE * half * (1 + (_SQUARE @ lean)[:, None])
        corners *= 1 + rng.normal(0, self.jitter, (4, 2))
        corners = corners @ _turn(self._angle(rng))
        return Placement(self._placed(corners, side, rng, is_before=is_before), scale, is_before)

    def _angle(self, rng: np.random.Generator) -> float:
        choice = rng.random()
        if choice < self.any_angle:
            return float(rng.uniform(-math.pi, math.pi))
        turns = int(rng.integers(1, 4)) if choice < self.any_angle + self.quarter else 0
        return float(rng.normal(0, self.roll)) + turns * math.pi / 2

    def _placed(
        self, corners: Float64, side: int, rng: np.random.Generator, *, is_before: bool
    ) -> Float64:
        """Anywhere that the free place of the view allows; a larger picture anywhere that fills."""
        low, high = corners.min(axis=0), corners.max(axis=0)
        free = np.abs(side - (high - low)) / 2
        aside = rng.uniform(-1.0, 1.0, 2) * free * (self.beyond if is_before else 1.0)
        return np.asarray(corners - (low + high) / 2 + side / 2 + aside, np.float64)


def _turn(angle: float) -> Float64:
    """What turns rows (x, y) by an angle, clockwise as seen."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([(cosine, sine), (-sine, cosine)])


POSES = {
    "scene": Pose(before=0.15, roll=math.radians(6), any_angle=0.0, quarter=0.0),
    "flat": Pose(before=0.7),
    "thing": Pose(before=0.7),
    "object": Pose(before=0.4),
}
"""How pictures of each kind are seen."""
