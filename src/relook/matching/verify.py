"""Fast spatial matching: every correspondence proposes a transform, and the best is refined."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Matches
from relook.matching.agreement import Limits, solve

__all__ = ["Geometry", "Tolerance", "verify"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

CIRCLES = np.zeros((0, 2), np.float32)
"""The shapes of features that have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """What still counts as agreement.

    Attributes:
        rough: distance in pixels from a proposal of one correspondence, whose angle and scale are
            no better than their quantization.
        fine: distance in pixels from a refined transform.
        log_scale: natural log of the ratio between a match's scale change and the transform's.
        angle: between a match's turn and the transform's, in radians.
        scale_change: largest magnification or reduction.
        extent: smallest standard deviation in pixels of the inliers across their main direction;
            less is a line or a point, which fixes no transform.
        proposals: at most this many correspondences, best first, propose a transform.
    """

    rough: float = 30.0
    fine: float = 15.0
    log_scale: float = 0.7
    angle: float = 0.6
    scale_change: float = 10.0
    extent: float = 5.0
    proposals: int = 300

    def __post_init__(self) -> None:
        if not 0 < self.fine <= self.rough:
            raise UsageError("fine must be above 0 and at most rough")
        if not (self.log_scale > 0 and self.angle > 0 and self.extent >= 0):
            raise UsageError("log_scale and angle must be above 0, and extent 0 or more")
        if not (self.scale_change >= 1 and self.proposals >= 1):
            raise UsageError("scale_change and proposals must be 1 or more")

    def limits(self) -> Limits:
        """The same as plain numbers, for compiled code."""
        return Limits(
            self.rough,
            self.fine,
            self.log_scale,
            self.angle,
            float(np.log(self.scale_change)),
            self.extent,
            self.proposals,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """A transform and the correspondences that agree with it.

    Attributes:
        transform: ``(3, 3)`` float64, query points to points of the other image.
        inliers: one-to-one :class:`~relook.core.records.Matches`.
        strength: sum of their scores.
    """

    transform: Float64
    inliers: Matches
    strength: float


def verify(
    frames: Float32,
    other_frames: Float32,
    matches: Matches,
    *,
    tolerance: Tolerance,
    unit: float = 1.0,
    other_unit: float = 1.0,
    shapes: Float32 | None = None,
    other_shapes: Float32 | None = None,
) -> Geometry | None:
    """Find the transform that most matches agree with, each feature counted once.

    Every correspondence of two (x, y, scale, angle) frames fixes a similarity, and where both
    have affine shapes, an affine transform. It is held against all matches; the best are refined
    to an affine transform, and where it gains, a homography, by least squares over their inliers.
    Nothing is drawn at random: equal input, equal answer.

    Args:
        frames: ``(N, 4)`` of the query.
        other_frames: ``(M, 4)`` of the other image.
        matches: tentative, by falling score.
        tolerance: what counts as agreement.
        unit: pixels of the query that are one pixel of tolerance.
        other_unit: the same of the other image.
        shapes: ``(N, 2)`` affine shapes of the query's features, see
            :class:`~relook.core.records.LocalFeatures`; used where both sides have them.
        other_shapes: ``(M, 2)`` of the other image's.

    Returns:
        None where nothing agrees: less than three matches, or all on a line.

    Source: Philbin, Chum, Isard, Sivic, Zisserman, "Object retrieval with large vocabularies and
    fast spatial matching", CVPR 2007, section 4.
    """
    if len(matches) < 3:
        return None
    if shapes is None or other_shapes is None:
        shapes = other_shapes = CIRCLES
    scaled, other_scaled = _in_units(frames, unit), _in_units(other_frames, other_unit)
    strength, model, chosen = solve(
        scaled,
        other_scaled,
        (np.ascontiguousarray(shapes), np.ascontiguousarray(other_shapes)),
        matches.pairs,
        matches.scores,
        tolerance.limits(),
    )
    if strength <= 0:
        return None
    grow = np.diag([other_unit, other_unit, 1.0])
    shrink = np.diag([1 / unit, 1 / unit, 1.0])
    inliers = Matches(matches.pairs[chosen], matches.scores[chosen])
    return Geometry(grow @ model @ shrink, inliers, float(strength))


def _in_units(frames: Float32, unit: float) -> Float32:
    if unit == 1.0:
        return np.ascontiguousarray(frames)
    return frames * np.array([1 / unit, 1 / unit, 1 / unit, 1], np.float32)
