"""Several vocabularies of the same features, reduced together to one short vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from relook.core.errors import ShapeError, UsageError
from relook.core.records import LocalFeatures
from relook.encodings.aggregating import AggregatingEncoder, unit
from relook.encodings.compact_projection import CompactProjection
from relook.encodings.residual_sums import sum_residuals
from relook.encodings.training_rows import draw
from relook.encodings.vocabularies import (
    Vocabulary,
    bundle,
    root_sifts,
    sample_size,
    sift_power,
)
from relook.vectors import LearnedWhitening, Pca, PcaWhitening
from relook.vectors.normalize import l2_normalize

__all__ = ["JointReduction"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
Image = LocalFeatures | NDArray[np.floating]

INNER = 768
"""Dimensions that the learned whitening is learned in: PCA comes before it."""
INNER_SAMPLE = 6144
"""Images that this PCA is learned on at most."""


@dataclass(frozen=True, eq=False, kw_only=True)
class JointReduction(AggregatingEncoder):
    """Bags of words of several vocabularies, joined and reduced by one PCA whitening.

    Per vocabulary: the histogram of the nearest words, its square root (SSR), l2, times log k (so
    that the larger vocabularies of a bundle weigh more). All of them side by side are centered,
    projected, whitened, and l2-normalized: 128 float32 are 512 bytes per picture.

    It takes RootSIFT, several measurement regions side by side.

    Attributes:
        words: the centers of all vocabularies, one below the other, in its rows.
        sizes: k of each vocabulary.
        powers: β of each: which SIFT^β it quantizes.
        regions: which block of the descriptors each quantizes.
        blocks: how many measurement regions descriptors have.
        residuals: sum what descriptors differ from their words by, instead of counting them:
            VLAD with intra-normalization, before SSR.
        focus: features count exp(-r² / (2 focus²)), r their distance from the middle of the
            picture in half sides: what a photo is of lies rarely at its edge. 0 counts all alike.
        coarseness: features count (scale / longer side)^coarseness: coarse ones are seen again
            more often.

    Source: Radenović, Jégou, Chum, "Multiple measurements and joint dimensionality reduction for
    large scale image search with short vectors", ICMR 2015; the joint reduction and its weights:
    Jégou, Chum, "Negative evidences and co-occurrences in image retrieval: the benefit of PCA
    and whitening", ECCV 2012.
    """

    KIND: ClassVar[str] = "relook.joint"

    words: CompactProjection
    sizes: tuple[int, ...]
    powers: tuple[float, ...]
    regions: tuple[int, ...]
    blocks: int = 1
    residuals: bool = False
    focus: float = 0.0
    coarseness: float = 0.0

    def __post_init__(self) -> None:
        for name in ("sizes", "powers", "regions"):
            object.__setattr__(self, name, tuple(getattr(self, name)))  # JSON has lists
        if not len(self.sizes) == len(self.powers) == len(self.regions) > 0:
            raise ShapeError("sizes, powers and regions must be of the same vocabularies")
        if sum(self.sizes) != self.words.dimensions or min(self.sizes) < 2:
            raise ShapeError(f"{self.words.dimensions} words do not fit sizes {self.sizes}")
        if not (self.focus >= 0 and 0 <= self.coarseness <= 2):
            raise UsageError("focus must be 0 or more, and coarseness from 0 to 2")
        if not 0 <= min(self.regions) <= max(self.regions) < self.blocks:
            raise ShapeError(f"regions must be 0 to {self.blocks - 1}")
        self._check_parts()

    @classmethod
    def fit(
        cls,
        images: Sequence[Image],
        *,
        vocabularies: Sequence[Vocabulary] | None = None,
        dimensions: int | None = 128,
        t: float = 1.0,
        residuals: bool = False,
        focus: float = 0.0,
        coarseness: float = 0.0,
        pairs: Int64 | None = None,
        inner: int = INNER,
        shrinkage: float | None = None,
        flatten: float = 0.0,
        blocks: int = 1,
        seed: int = 0,
        fitted: Mapping[str, Any] | None = None,
    ) -> Self:
        """Learn the words of every vocabulary, and the reduction on the same images.

        Args:
            images: per image its features, or their ``(N, blocks · D)`` RootSIFT descriptors
                alone, which count alike.
            vocabularies: None is mRootSIFT with a bundle of 2,048 to 128 words for each power.
            dimensions: of the vectors; None joins without reducing.
            t: how far the reduction whitens, 0 to 1.
            residuals: as in the attributes.
            focus: as in the attributes.
            coarseness: as in the attributes.
            pairs: ``(P, 2)`` images that show the same: the whitening is learned from them (see
                :class:`~relook.vectors.LearnedWhitening`) instead of from all by PCA.
            inner: with pairs: dimensions of the PCA before it.
            shrinkage: with pairs: as of the learned whitening.
            flatten: with pairs: as of the learned whitening.
            blocks: measurement regions that descriptors have.
            seed: of the sample and of k-means.
            fitted: what the images are.

        Raises:
            UsageError: fewer descriptors than words, more dimensions than these images support,
                or a bad option.
            ShapeError: values that are not finite, or of another shape.
        """
        plans = list(root_sifts(bundle(2048)) if vocabularies is None else vocabularies)
        if not plans:
            raise UsageError("name at least one vocabulary")
        most = max(plan.words for plan in plans)
        rows = [one.descriptors if isinstance(one, LocalFeatures) else one for one in images]
        sample = draw(rows, words=most, most=sample_size(most), seed=seed)
        parts = _split(sample, blocks)
        if max(plan.region for plan in plans) >= blocks:
            raise UsageError(f"these descriptors have {blocks} regions; set blocks to have more")
        centers = [
            plan.learn(sift_power(parts[plan.region], plan.power), seed=seed + number)
            for number, plan in enumerate(plans)
        ]
        said = {"images": len(images), "descriptors": sum(map(len, rows)), "seed": seed, "t": t}
        joint = cls(
            words=CompactProjection.of(np.zeros(centers[0].shape[1]), np.concatenate(centers)),
            sizes=tuple(plan.words for plan in plans),
            powers=tuple(plan.power for plan in plans),
            regions=tuple(plan.region for plan in plans),
            blocks=blocks,
            residuals=residuals,
            focus=focus,
            coarseness=coarseness,
            fitted={**(fitted or {}), **said},
        )
        if pairs is None or dimensions is None:
            return joint if dimensions is None else joint._whitened(images, dimensions, t)
        whitening = LearnedWhitening(
            dimensions, t=t, shrinkage=shrinkage, flatten=flatten, normalize=False, seed=seed
        )
        return joint.told_apart(images, pairs, whitening=whitening, inner=inner)

    def told_apart(
        self,
        images: Sequence[Image],
        pairs: Int64,
        *,
        whitening: LearnedWhitening,
        inner: int = INNER,
        bits: int = 8,
    ) -> Self:
        """The same vocabularies with a learned whitening, after a PCA.

        Args:
            images: per image its features, or its descriptors alone.
            pairs: ``(P, 2)`` numbers of images that show the same.
            whitening: how it is learned, and to how many dimensions.
            inner: dimensions of the PCA before it, at most; it is learned on
                :data:`INNER_SAMPLE` of the images.
            bits: 8 or 4, of every number of the matrix.

        Raises:
            UsageError: more dimensions than these images support, or no pairs.
        """
        vectors = replace(self, reduction=None).encode_images(images)
        step = -(-len(vectors) // INNER_SAMPLE)
        sample = vectors[::step]
        pca = Pca(min(inner, len(sample) - 1, self.full_dimensions), normalize=False).fit(sample)
        learned = whitening.fit(pca.transform(vectors), pairs)
        matrix = learned.projection_ @ pca.projection_
        mean = pca.mean_ + learned.mean_ @ pca.projection_
        fitted = {**self.fitted, "pairs": len(pairs), "whitening": learned.method}
        reduction = CompactProjection.of(mean, matrix, bits=bits)
        return replace(self, reduction=reduction, fitted=fitted)

    def _whitened(self, images: Sequence[Image], dimensions: int, t: float) -> Self:
        vectors = self.encode_images(images)
        pca = PcaWhitening(dimensions, t=t, normalize=False).fit(vectors[vectors.any(axis=1)])
        return replace(self, reduction=CompactProjection.of(pca.mean_, pca.projection_))

    @property
    def inner_dimensions(self) -> int:
        """Of the descriptors, all measurement regions together."""
        return len(self.words.mean) * self.blocks

    @property
    def full_dimensions(self) -> int:
        """Of all vocabularies side by side."""
        return self.words.codes.size if self.residuals else self.words.dimensions

    def assign(self, rows: Float32) -> Int64:
        """The nearest word of ``(N, blocks · D)`` rows in every vocabulary, ``(N, V)``."""
        parts = _split(rows, self.blocks)
        found = np.empty((len(rows), len(self.sizes)), np.int64)
        for (power, region), own in self._kinds.items():
            turned = sift_power(parts[region], power)
            for number in own:
                found[:, number] = self._nearest(turned, number)
        return found

    def encode(self, features: LocalFeatures) -> Float32:
        """One vector ``(dimensions,)`` of length 1; an image without features gives zeros.

        Raises:
            ShapeError: descriptors of another length, or values that are not finite.
        """
        return self._vector(features.descriptors, self.weights(features))

    def encode_descriptors(self, descriptors: Float32) -> Float32:
        """The same of ``(N, descriptor_dimensions)`` float32 descriptors, all counted alike."""
        return self._vector(descriptors, np.ones(len(descriptors), np.float32))

    def encode_images(self, images: Sequence[Image]) -> Float32:
        """``(M, dimensions)`` vectors of M images: their features, or their descriptors alone."""
        vectors = np.empty((len(images), self.dimensions), np.float32)
        for number, image in enumerate(images):
            if isinstance(image, LocalFeatures):
                vectors[number] = self.encode(image)
            else:
                vectors[number] = self.encode_descriptors(image.astype(np.float32, copy=False))
        return vectors

    def weights(self, features: LocalFeatures) -> Float32:
        """How much each feature counts, ``(N,)``."""
        size = np.array(features.size, np.float32)
        weights = np.ones(len(features), np.float32)
        if self.focus:
            aside = (features.frames[:, :2] + 0.5) * (2 / size) - 1
            weights *= np.exp(np.einsum("nd,nd->n", aside, aside) * (-0.5 / self.focus**2))
        if self.coarseness:
            weights *= (features.frames[:, 2] / size.max()) ** np.float32(self.coarseness)
        return weights

    def _vector(self, descriptors: Float32, weights: Float32) -> Float32:
        rows = self.localized(descriptors)
        if not len(rows):
            return np.zeros(self.dimensions, np.float32)
        if len(rows) < len(weights):
            weights = weights[descriptors.any(axis=1)]
        vector = unit(self.aggregate(rows, weights))
        if self.reduction is not None and vector.any():
            vector = unit(self.reduction.apply(vector[None])[0])
        return vector

    def aggregate(self, rows: Float32, weights: Float32 | None = None) -> Float32:
        """``(N, blocks · D)`` descriptors that count so much to ``(full_dimensions,)``."""
        if weights is None:
            weights = np.ones(len(rows), np.float32)
        parts = _split(rows, self.blocks)
        joined: list[Float32] = [np.empty(0, np.float32)] * len(self.sizes)
        with _thread_pools().limit(limits=1, user_api="blas"):  # more wait for each other
            for (power, region), own in self._kinds.items():
                turned = sift_power(parts[region], power)
                for number in own:
                    joined[number] = self._part(turned, weights, number)
        return np.concatenate(joined)

    def _part(self, rows: Float32, weights: Float32, number: int) -> Float32:
        """What one vocabulary makes of descriptors: SSR, l2, and its weight log k."""
        words = self._nearest(rows, number)
        size = self.sizes[number]
        if self.residuals:
            centers = self.words.matrix[self._spans[number]]
            part = l2_normalize(sum_residuals(rows, words, weights, centers)).ravel()
        else:
            part = np.bincount(words, weights=weights, minlength=size).astype(np.float32)
        damped = unit(np.copysign(np.sqrt(np.abs(part)), part))
        return damped * np.float32(np.log(size))

    def _nearest(self, rows: Float32, number: int) -> Int64:
        span = self._spans[number]
        scores = rows @ self.words.matrix[span].T
        scores -= self._halves[span]
        return np.asarray(scores.argmax(axis=1), np.int64)

    @cached_property
    def _halves(self) -> Float32:
        centers = self.words.matrix
        halves: Float32 = np.einsum("kd,kd->k", centers, centers) / np.float32(2)
        return halves

    @cached_property
    def _spans(self) -> list[slice]:
        """The rows of each vocabulary."""
        stops = np.cumsum(self.sizes)
        return [slice(stop - size, stop) for stop, size in zip(stops, self.sizes, strict=True)]

    @cached_property
    def _kinds(self) -> dict[tuple[float, int], list[int]]:
        """The vocabularies of each kind of descriptor."""
        kinds: dict[tuple[float, int], list[int]] = {}
        for number, kind in enumerate(zip(self.powers, self.regions, strict=True)):
            kinds.setdefault(kind, []).append(number)
        return kinds


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()


def _split(rows: Float32, blocks: int) -> list[Float32]:
    """The measurement regions of ``(N, blocks · D)`` descriptors.

    Raises:
        ShapeError: the descriptors have not so many equal blocks.
    """
    if blocks < 1 or rows.shape[1] % blocks:
        raise ShapeError(f"descriptors of {rows.shape[1]} dimensions are not {blocks} regions")
    return [np.ascontiguousarray(part) for part in np.split(rows, blocks, axis=1)]
