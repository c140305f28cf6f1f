"""Harris-affine features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.features.affine.harris import find_corners
from relook.features.affine.hesaff import AdaptedExtractor

__all__ = ["HarrisAffine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HarrisAffine(AdaptedExtractor):
    """Corners with a scale from the Laplacian and an affine shape.

    Source: Mikolajczyk, Schmid, "Scale & affine invariant interest point detectors", IJCV 2004.
    """

    def _detect(self, gray: NDArray[np.float32]) -> NDArray[np.float32]:
        return find_corners(gray, contrast=self.contrast)
