"""The small frozen records that one stage hands to the next.

These sentences hold everywhere in relook:

- Pixels are ``(H, W, 3)`` uint8 RGB, upright.
- Tensors are ``(B, C, H, W)``.
- Vectors are rows, float32, ``(N, D)``. Ids are int64.
- Coordinates are (x, y) in pixels of the original upright image, the center of the first pixel
  at 0.
- Angles are radians. Every score is higher-is-better.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array
from relook.core.errors import ShapeError

__all__ = [
    "Aggregate",
    "Box",
    "Evidence",
    "Image",
    "LocalCodes",
    "LocalFeatures",
    "Matches",
    "Ranking",
]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
UInt8 = NDArray[np.uint8]
UInt64 = NDArray[np.uint64]


class Box(NamedTuple):
    """A rectangle in pixels of the original upright image: its left top corner and its extent."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """Pixels to describe, and where they lie in the picture that they come from.

    A pixel (u, v) of ``pixels`` shows the point ((u + .5) / scale_x - .5 + offset_x, …) of the
    original upright image, so that every stage can speak of original pixels whatever was resized
    or cropped before it.

    Attributes:
        pixels: ``(H, W, 3)`` uint8 RGB.
        size: (width, height) of the original upright image in pixels.
        scale: (x, y) factors from original pixels to ``pixels``.
        offset: left top corner of the crop in the original image, in pixels.
    """

    pixels: UInt8
    size: tuple[int, int]
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        check_array("pixels", self.pixels, shape=(None, None, 3), dtype=np.uint8)

    def to_original(self, points: NDArray[np.floating]) -> Float32:
        """Map ``(N, 2)`` points of ``pixels`` to the original image."""
        moved = (np.asarray(points, np.float64) + 0.5) / self.scale - 0.5 + self.offset
        return moved.astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class LocalFeatures:
    """Local features of one image, in original pixels.

    Attributes:
        frames: ``(N, 4)`` float32, x, y, scale (the standard deviation of the detector's Gaussian,
            in pixels) and angle in radians.
        descriptors: ``(N, D)`` float32, l2-normalized rows.
        responses: ``(N,)`` float32, strength of the detection.
        size: (width, height) of the original image.
        shapes: ``(N, 2)`` float32, a > 0 and b of affine covariant features; None where regions
            are circles. The matrix scale · [[a, 0], [b, 1/a]] · R(angle) carries the unit circle
            onto the region, and the x axis onto its dominant direction. It keeps what is upright
            upright.
    """

    frames: Float32
    descriptors: Float32
    responses: Float32
    size: tuple[int, int]
    shapes: Float32 | None = None

    def __post_init__(self) -> None:
        count = len(self.frames)
        _check_shapes(self.shapes, count)
        check_array("frames", self.frames, shape=(None, 4), dtype=np.float32)
        check_array("descriptors", self.descriptors, shape=(count, None), dtype=np.float32)
        check_array("responses", self.responses, shape=(count,), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.frames)


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """What an inverted index stores of one image: at most one vector per entry, sorted by word.

    Attributes:
        words: ``(M,)`` int32, not decreasing. Aggregated kernels have each word at most once.
        vectors: ``(M, bits / 64)`` uint64 signatures, ``(M, D)`` float32 residuals, or ``(M, 1)``
            uint8 counts of the word (255 and more are 255).
    """

    words: Int32
    vectors: UInt64 | Float32 | UInt8

    def __post_init__(self) -> None:
        check_array("words", self.words, shape=(None,), dtype=np.int32)
        if self.vectors.dtype not in (np.uint64, np.float32, np.uint8):
            check_array("vectors", self.vectors, shape=(len(self.words), None), dtype=np.uint64)
        check_array("vectors", self.vectors, shape=(len(self.words), None), dtype=None)

    def __len__(self) -> int:
        return len(self.words)


@dataclass(frozen=True, slots=True, eq=False)
class LocalCodes:
    """Encoded local features of one image: what search and verification need.

    With multiple assignment (the query side) a feature has several rows, one per word.

    Attributes:
        words: ``(M,)`` int32 visual word of each row, not decreasing.
        signatures: ``(M, bits / 64)`` uint64, the signs of the residual to that word; no columns
            where the encoding has words alone.
        features: ``(M,)`` int32, the row of ``frames`` that each code describes.
        frames: ``(N, 4)`` float32, as in :class:`LocalFeatures`.
        aggregate: the same image as the inverted index takes it.
        size: (width, height) of the original image.
        shapes: ``(N, 2)`` float32 or None, as in :class:`LocalFeatures`.
    """

    words: Int32
    signatures: UInt64
    features: Int32
    frames: Float32
    aggregate: Aggregate
    size: tuple[int, int]
    shapes: Float32 | None = None

    def __post_init__(self) -> None:
        _check_shapes(self.shapes, len(self.frames))
        rows = len(self.words)
        check_array("words", self.words, shape=(None,), dtype=np.int32)
        check_array("signatures", self.signatures, shape=(rows, None), dtype=np.uint64)
        check_array("features", self.features, shape=(rows,), dtype=np.int32)
        check_array("frames", self.frames, shape=(None, 4), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.frames)


def _check_shapes(shapes: Float32 | None, count: int) -> None:
    if shapes is not None:
        check_array("shapes", shapes, shape=(count, 2), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """Tentative or verified correspondences between two images.

    Attributes:
        pairs: ``(M, 2)`` int32, feature of the query and feature of the other image.
        scores: ``(M,)`` float32, how much each match is worth.
    """

    pairs: Int32
    scores: Float32

    def __post_init__(self) -> None:
        check_array("pairs", self.pairs, shape=(None, 2), dtype=np.int32)
        check_array("scores", self.scores, shape=(len(self.pairs),), dtype=np.float32)

    def __len__(self) -> int:
        return len(self.pairs)


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Why a result is believed: the geometry that maps the query onto it.

    Attributes:
        inliers: number of one-to-one correspondences that agree with ``transform``.
        strength: what the inliers are worth together, each by the rarity of its match.
        transform: ``(3, 3)`` float64, query points to points of the result, homogeneous.
        query_points: ``(K, 2)`` float32 inliers in the query.
        points: ``(K, 2)`` float32 the same inliers in the result.
        query_region: ``(4, 2)`` float32 outline of what matched in the query, clockwise.
        region: ``(4, 2)`` float32 the same outline in the result.
        verified: strong enough to be shown as verified; weaker evidence only helps to rank.
        share: share of the result's area, 0 to 1, within the hull of the inliers.
    """

    inliers: int
    strength: float
    transform: Float64
    query_points: Float32
    points: Float32
    query_region: Float32
    region: Float32
    verified: bool = True
    share: float = 0.0

    def __post_init__(self) -> None:
        check_array("transform", self.transform, shape=(3, 3), dtype=np.float64)
        check_array("query_points", self.query_points, shape=(self.inliers, 2), dtype=np.float32)
        check_array("points", self.points, shape=(self.inliers, 2), dtype=np.float32)
        check_array("query_region", self.query_region, shape=(4, 2), dtype=np.float32)
        check_array("region", self.region, shape=(4, 2), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Images in order, best first, with what is known about each.

    Attributes:
        ids: ``(R,)`` int64.
        scores: ``(R,)`` float32, not increasing.
        evidence: for each id its :class:`Evidence`, or None where it was not verified; empty
            where nothing was tried.
    """

    ids: Int64
    scores: Float32
    evidence: tuple[Evidence | None, ...] = field(default=())

    def __post_init__(self) -> None:
        check_array("ids", self.ids, shape=(None,), dtype=np.int64)
        check_array("scores", self.scores, shape=(len(self.ids),), dtype=np.float32)
        if len(self.evidence) not in (0, len(self.ids)):
            raise ShapeError(f"evidence must be of all {len(self.ids)} results, or of none")

    def __len__(self) -> int:
        return len(self.ids)

    def top(self, count: int) -> Ranking:
        """The first ``count`` results."""
        return Ranking(self.ids[:count], self.scores[:count], self.evidence[:count])
