"""Hessian-affine features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.features.affine.adaptation import adapt
from relook.features.affine.extractor import AffineExtractor
from relook.features.affine.hessian import find_blobs
from relook.features.affine.pyramid import Pyramid

__all__ = ["AdaptedExtractor", "HessianAffine"]

Float32 = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptedExtractor(AffineExtractor):
    """Points of a scale space that are given an affine shape by their gradients.

    Attributes:
        contrast: smallest response, as a share of the range of gray.
        iterations: of the shape, at most.
    """

    contrast: float = 0.005
    iterations: int = 16

    def __post_init__(self) -> None:
        AffineExtractor.__post_init__(self)
        if not self.contrast >= 0:
            raise UsageError("contrast must be 0 or more")
        if not self.iterations >= 1:
            raise UsageError("iterations must be 1 or more")

    def _find(self, gray: NDArray[np.uint8], pyramid: Pyramid) -> tuple[Float32, Float32]:
        points = self._detect(gray.astype(np.float32) / np.float32(255))
        points = points[self._choose(points, gray.shape, int(self.features * self.surplus))]
        shapes = adapt(pyramid, points, iterations=self.iterations)
        settled = np.isfinite(shapes[:, 0])
        return points[settled], shapes[settled]

    def _detect(self, gray: Float32) -> Float32:
        """``(N, 4)`` x, y, scale and response."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class HessianAffine(AdaptedExtractor):
    """Blobs of the determinant of the Hessian with an affine shape.

    The scale is the standard deviation of the blob: a Gaussian blob of covariance Σ has the scale
    (det Σ)^¼ and the shape of Σ.

    Attributes:
        edge: largest ratio of principal curvatures.

    Source: Mikolajczyk, Schmid, "Scale & affine invariant interest point detectors", IJCV 2004;
    Perdoch, Chum, Matas, "Efficient representation of local geometry for large scale object
    retrieval", CVPR 2009.
    """

    edge: float = 10.0

    def __post_init__(self) -> None:
        AdaptedExtractor.__post_init__(self)
        if not self.edge > 1:
            raise UsageError("edge must be above 1")

    def _detect(self, gray: Float32) -> Float32:
        return find_blobs(gray, contrast=self.contrast, edge=self.edge)
