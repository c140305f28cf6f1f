"""Which vocabularies are reduced together, and in what they differ from each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ShapeError, UsageError
from relook.vectors.kmeans import KMeans
from relook.vectors.normalize import l2_normalize, power_normalize
from relook.vectors.projection import Projection

__all__ = [
    "POWERS",
    "Vocabulary",
    "bundle",
    "measurement_regions",
    "pca_sifts",
    "root_sifts",
    "sample_size",
    "seeds",
    "sift_power",
]

Float32 = NDArray[np.float32]

POWERS = (1.0, 0.4, 0.5, 0.6)
"""Of mRootSIFT: SIFT, SIFT^.4, SIFT^.5 and SIFT^.6, in the order of the paper."""

Sizes = int | Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A vocabulary to be learned.

    Attributes:
        words: k.
        power: β of SIFT^β that is quantized.
        region: which measurement region, where the extractor describes several.
        projection: PCA-SIFT: distances are measured along its orthonormal rows only; None
            measures them whole.

    Raises:
        UsageError: a value is out of range, or the projection whitens.
    """

    words: int
    power: float = 0.5
    region: int = 0
    projection: Projection | None = None

    def __post_init__(self) -> None:
        if self.words < 2:
            raise UsageError(f"a vocabulary needs at least 2 words, not {self.words}")
        if not 0 < self.power <= 1:
            raise UsageError(f"power must be above 0 and at most 1, not {self.power}")
        if self.region < 0:
            raise UsageError(f"region must be 0 or more, not {self.region}")
        if self.projection is not None:
            rows = self.projection.matrix
            if not np.allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-3):
                raise UsageError("the projection of a vocabulary must be a PCA without whitening")

    def learn(self, sample: Float32, *, seed: int) -> Float32:
        """Words ``(k, D)`` of ``(N, D)`` descriptors SIFT^β.

        With a projection P the words are carried back to m + Pᵀ c: distances to them differ from
        those along the rows of P by the same for all words, so that who is nearest is the same.

        Raises:
            UsageError: fewer descriptors than words.
            ShapeError: the projection is for descriptors of another length.
        """
        each = sample_size(self.words) // self.words
        means = KMeans(self.words, iterations=ITERATIONS, sample=each, seed=seed)
        own = self.projection
        if own is None:
            return means.fit(sample).centers_
        if len(own.mean) != sample.shape[1]:
            raise ShapeError(
                f"the projection is for {len(own.mean)} dimensions, not {sample.shape[1]}"
            )
        short = np.asarray((sample - own.mean) @ own.matrix.T, np.float32)
        centers = means.fit(short).centers_
        carried: Float32 = centers @ own.matrix + own.mean
        return carried


SAMPLE, LEAST, ITERATIONS = 128, 200_000, 20
"""Descriptors per word that k-means sees, all of them at least, and how often."""


def sample_size(words: int) -> int:
    """How many descriptors k-means of so many words sees."""
    return max(SAMPLE * words, LEAST)


def sift_power(rows: Float32, power: float) -> Float32:
    """SIFT^β of RootSIFT rows: their squares are l1-normalized SIFT. Signs are kept."""
    return rows if power == 0.5 else l2_normalize(power_normalize(rows, beta=2 * power))


def bundle(largest: int, *, smallest: int = 128) -> tuple[int, ...]:
    """Sizes that halve: ``bundle(2048)`` is 2048, 1024, 512, 256, 128.

    Raises:
        UsageError: the largest is below the smallest.
    """
    if not 2 <= smallest <= largest:
        raise UsageError(f"a bundle cannot go from {largest} down to {smallest} words")
    return tuple(largest >> step for step in range(int(math.log2(largest / smallest)) + 1))


def seeds(words: Sizes, *, count: int = 4) -> list[Vocabulary]:
    """mVocab: the same descriptors, other first centers of k-means.

    Source: Jégou, Chum, "Negative evidences and co-occurrences in image retrieval: the benefit
    of PCA and whitening", ECCV 2012.
    """
    return [Vocabulary(words=k) for _ in range(count) for k in _sizes(words)]


def measurement_regions(words: Sizes, *, regions: int = 5) -> list[Vocabulary]:
    """mMeasReg: each vocabulary of another measurement region of the same features."""
    return [Vocabulary(words=k, region=one) for one in range(regions) for k in _sizes(words)]


def root_sifts(words: Sizes, *, powers: Sequence[float] = POWERS) -> list[Vocabulary]:
    """mRootSIFT: each vocabulary of another power of SIFT."""
    return [Vocabulary(words=k, power=beta) for beta in powers for k in _sizes(words)]


def pca_sifts(words: Sizes, projections: Sequence[Projection]) -> list[Vocabulary]:
    """mPCA-SIFT: whole descriptors first, then one vocabulary per projection.

    mPCA1: of one set, to 80, 64, 48 and 32 dimensions; mPCA2: of other sets, all to 80; mPCA3:
    of other sets, to 80, 64, 48 and 32.
    """
    kinds = (None, *projections)
    return [Vocabulary(words=k, projection=one) for one in kinds for k in _sizes(words)]


def _sizes(words: Sizes) -> tuple[int, ...]:
    return (words,) if isinstance(words, int) else tuple(words)
