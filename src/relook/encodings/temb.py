"""Triangulation embedding: the directions in which a descriptor is seen from all words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError
from relook.core.numba_cache import compiled
from relook.encodings.aggregating import AggregatingEncoder, check_power, unit
from relook.encodings.compact_projection import CompactProjection
from relook.encodings.democratic import democratic_weights
from relook.encodings.training_rows import draw, fit_local
from relook.vectors import KMeans, l2_normalize, power_normalize
from relook.vectors.spectrum import inverse_power, largest, upright

__all__ = ["TriangulationEmbedding"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

SAMPLE, BLOCK = 25, 4096
"""Descriptors per dimension that the whitening is learned on; rows embedded at a time."""


@dataclass(frozen=True, eq=False)
class TriangulationEmbedding(AggregatingEncoder):
    """φ(x) = W (R(x) - m), l2-normalized; R(x) are the unit vectors from all words to x.

    An image is Σ λ φ(x), rotated to the principal components of such sums, cut off after the
    first ``kept`` of them, with power-law and l2. The rotation is part of W: it changes neither
    lengths nor inner products, so that it may come before the sum.

    Attributes:
        centers: ``(K, D)`` float32, the words.
        whitening: m and W, ``(K - 1) · D`` by ``K · D`` unless told otherwise.
        kept: dimensions of the vectors.
        democratic: weigh descriptors by :func:`~relook.encodings.democratic.democratic_weights`,
            else all alike.
        power: exponent of the power-law; 1 is none.

    Source: Jégou, Zisserman, "Triangulation embedding and democratic aggregation for image
    search", CVPR 2014, sections 3 to 5.
    """

    KIND: ClassVar[str] = "relook.temb"

    centers: Float32
    whitening: CompactProjection
    kept: int
    democratic: bool = True
    power: float = 0.5

    def __post_init__(self) -> None:
        check_array("centers", self.centers, shape=(None, None), dtype=np.float32)
        check_finite("centers", self.centers)
        if len(self.whitening.mean) != self.centers.size:
            raise ShapeError(
                f"whitening is for {len(self.whitening.mean)} dimensions, not {self.centers.size}"
            )
        if not 1 <= self.kept <= self.whitening.dimensions:
            raise UsageError(f"dimensions must be 1 to {self.whitening.dimensions}")
        check_power(self.power)
        self._check_parts()

    @classmethod
    def fit(
        cls,
        images: Sequence[NDArray[np.floating]],
        *,
        words: int = 16,
        local_dimensions: int | None = None,
        democratic: bool = True,
        rotate: bool = True,
        power: float = 0.5,
        dropped: int | None = None,
        dimensions: int | None = None,
        seed: int = 0,
        fitted: Mapping[str, Any] | None = None,
    ) -> Self:
        """Learn words by k-means, the whitening of embedded descriptors, and the rotation.

        Args:
            images: per image ``(N, D)`` descriptors, float32 or float16.
            words: K.
            local_dimensions: of a PCA of the descriptors; None for none.
            democratic: as in the attributes.
            rotate: rotate to the principal components of the images' vectors (RN).
            power: as in the attributes.
            dropped: how many of the strongest components of embedded descriptors are left out;
                None for D.
            dimensions: of the vectors; None keeps them all.
            seed: of the samples and of k-means.
            fitted: what the images are.

        Raises:
            UsageError: fewer descriptors than words, all descriptors equal, more dimensions than
                there are, or a bad option.
            ShapeError: values that are not finite, or of another shape.
        """
        check_power(power)
        width = local_dimensions or (images[0].shape[-1] if len(images) else 1)
        sample = draw(images, words=words, most=SAMPLE * words * width, seed=seed)
        local, sample = fit_local(sample, local_dimensions)
        centers = KMeans(words, seed=seed).fit(sample).centers_
        mean, matrix = _fit_whitening(
            sample, centers, dropped=sample.shape[1] if dropped is None else dropped
        )
        said = {"images": len(images), "descriptors": sum(map(len, images)), "seed": seed}
        plain = cls(
            centers,
            CompactProjection.of(mean, matrix, bits=16),
            len(matrix),
            democratic=democratic,
            power=1.0,
            local=local,
            fitted={**(fitted or {}), **said, "rotated": rotate},
        )
        kept = len(matrix) if dimensions is None else dimensions
        if not 1 <= kept <= len(matrix):
            raise UsageError(f"{kept} dimensions asked for, these words make 1 to {len(matrix)}")
        if rotate:
            matrix = _principal_rotation(plain.encode_images(images)) @ matrix
        whitening = CompactProjection.of(mean, matrix, bits=16)
        return replace(plain, whitening=whitening, kept=kept, power=power)

    @property
    def inner_dimensions(self) -> int:
        """Of descriptors where they are aggregated."""
        return int(self.centers.shape[1])

    @property
    def full_dimensions(self) -> int:
        """As many as are kept."""
        return self.kept

    def embed(self, rows: Float32) -> Float32:
        """φ of ``(N, D)`` descriptors: ``(N, d)``, l2-normalized."""
        return l2_normalize(self.whitening.apply(_directions(rows, self.centers)))

    def aggregate(self, rows: Float32) -> Float32:
        """``(N, D)`` descriptors to ``(kept,)``, normalized but for the last l2."""
        if self.democratic:
            embedded = self.embed(rows)
            total = democratic_weights(embedded) @ embedded
        else:
            blocks = (self.embed(rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK))
            total = np.sum([block.sum(axis=0, dtype=np.float64) for block in blocks], axis=0)
        total = total[: self.kept].astype(np.float32)
        vector: Float32 = power_normalize(unit(total)[None], beta=self.power)[0]
        return vector


def _fit_whitening(rows: Float32, centers: Float32, *, dropped: int) -> tuple[Float64, Float64]:
    """Mean ``(K D,)`` and whitening ``(K D - dropped, K D)`` of embedded descriptors."""
    if not 0 <= dropped < centers.size:
        raise UsageError(
            f"{len(centers)} words make {centers.size} dimensions, of which {dropped} cannot be "
            "left out; ask for more words"
        )
    mean, moments = np.zeros(centers.size), np.zeros((centers.size, centers.size))
    for block in _embedded(rows, centers):
        mean += block.sum(axis=0, dtype=np.float64)
    mean /= len(rows)
    for block in _embedded(rows, centers):
        centered = block - mean.astype(np.float32)
        moments += centered.T @ centered
    found = largest(moments / len(rows), centers.size)
    scale = inverse_power(found.values, t=1.0)[dropped:, None]
    return mean, upright(found.vectors.T[dropped:]) * scale


def _embedded(rows: Float32, centers: Float32) -> Iterator[Float32]:
    for start in range(0, len(rows), BLOCK):
        yield _directions(rows[start : start + BLOCK], centers)


def _principal_rotation(vectors: Float32) -> Float64:
    """Principal directions of vectors, ``(d, d)`` orthonormal rows, the strongest first."""
    centered = vectors[vectors.any(axis=1)].astype(np.float64)
    centered -= centered.mean(axis=0)
    return upright(largest(centered.T @ centered, vectors.shape[1], iterative=False).vectors.T)


@compiled(fastmath=frozenset({"reassoc"}))
def _directions(rows: Float32, centers: Float32) -> Float32:
    """Unit vectors from each center to each row, ``(N, K D)``; zero where both are equal."""
    count, width = rows.shape
    found = np.empty((count, len(centers) * width), np.float32)
    for row in range(count):
        for word in range(len(centers)):
            start = word * width
            square = np.float32(0)
            for place in range(width):
                away = rows[row, place] - centers[word, place]
                found[row, start + place] = away
                square += away * away
            scale = np.float32(1) / np.sqrt(square) if square > 0 else np.float32(0)
            for place in range(width):
                found[row, start + place] *= scale
    return found
