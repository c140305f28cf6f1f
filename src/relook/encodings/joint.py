"""Several vocabularies of the same features, reduced together to one short vector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import ShapeError, UsageError
from relook.encodings.aggregating import AggregatingEncoder
from relook.encodings.compact_projection import CompactProjection
from relook.encodings.training_rows import draw
from relook.encodings.vocabularies import SAMPLE, Vocabulary, bundle, root_sifts, sift_power
from relook.vectors import LearnedWhitening, Pca

__all__ = ["JointReduction"]

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

INNER = 1024
"""Dimensions that the learned whitening is learned in: PCA comes before it."""


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

    def __post_init__(self) -> None:
        for name in ("sizes", "powers", "regions"):
            object.__setattr__(self, name, tuple(getattr(self, name)))  # JSON has lists
        if not len(self.sizes) == len(self.powers) == len(self.regions) > 0:
            raise ShapeError("sizes, powers and regions must be of the same vocabularies")
        if sum(self.sizes) != self.words.dimensions or min(self.sizes) < 2:
            raise ShapeError(f"{self.words.dimensions} words do not fit sizes {self.sizes}")
        if not 0 <= min(self.regions) <= max(self.regions) < self.blocks:
            raise ShapeError(f"regions must be 0 to {self.blocks - 1}")
        self._check_parts()

    @classmethod
    def fit(
        cls,
        images: Sequence[Float32],
        *,
        vocabularies: Sequence[Vocabulary] | None = None,
        dimensions: int | None = 128,
        t: float = 1.0,
        residuals: bool = False,
        pairs: Int64 | None = None,
        blocks: int = 1,
        seed: int = 0,
        fitted: Mapping[str, Any] | None = None,
    ) -> Self:
        """Learn the words of every vocabulary, and the reduction on the same images.

        Args:
            images: per image ``(N, blocks · D)`` RootSIFT descriptors.
            vocabularies: None is mRootSIFT with a bundle of 2,048 to 128 words for each power.
            dimensions: of the vectors; None joins without reducing.
            t: how far the reduction whitens, 0 to 1.
            residuals: as in the attributes.
            pairs: ``(P, 2)`` images that show the same: the whitening is learned from them (see
                :class:`~relook.vectors.LearnedWhitening`) instead of from all by PCA.
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
        sample = draw(images, words=most, most=SAMPLE * most, seed=seed)
        parts = _split(sample, blocks)
        if max(plan.region for plan in plans) >= blocks:
            raise UsageError(f"these descriptors have {blocks} regions; set blocks to have more")
        centers = [
            plan.learn(sift_power(parts[plan.region], plan.power), seed=seed + number)
            for number, plan in enumerate(plans)
        ]
        said = {"images": len(images), "descriptors": sum(map(len, images)), "seed": seed, "t": t}
        joint = cls(
            words=CompactProjection.of(np.zeros(centers[0].shape[1]), np.concatenate(centers)),
            sizes=tuple(plan.words for plan in plans),
            powers=tuple(plan.power for plan in plans),
            regions=tuple(plan.region for plan in plans),
            blocks=blocks,
            residuals=residuals,
            fitted={**(fitted or {}), **said},
        )
        if pairs is None or dimensions is None:
            return joint.reduced(images, dimensions=dimensions, t=t)
        return joint.told_apart(images, pairs, dimensions=dimensions, t=t, seed=seed)

    def told_apart(
        self,
        images: Sequence[Float32],
        pairs: Int64,
        *,
        dimensions: int,
        t: float = 1.0,
        seed: int = 0,
    ) -> Self:
        """The same vocabularies with a learned whitening to so many dimensions.

        Args:
            images: per image its descriptors.
            pairs: ``(P, 2)`` numbers of images that show the same.
            dimensions: how many to keep.
            t: how far what differs within pairs is shrunk, 0 to 1.
            seed: of the pairs that do not match.

        Raises:
            UsageError: more dimensions than these images support, or no pairs.
        """
        vectors = replace(self, reduction=None).encode_images(images)
        inner = Pca(min(INNER, len(vectors) - 1, self.full_dimensions), normalize=False)
        short = inner.fit_transform(vectors)
        learned = LearnedWhitening(dimensions, t=t, normalize=False, seed=seed).fit(short, pairs)
        matrix = learned.projection_ @ inner.projection_
        mean = inner.mean_ + learned.mean_ @ inner.projection_
        fitted = {**self.fitted, "pairs": len(pairs)}
        return replace(self, reduction=CompactProjection.of(mean, matrix), fitted=fitted)

    @property
    def inner_dimensions(self) -> int:
        """Of the descriptors, all measurement regions together."""
        return len(self.words.mean) * self.blocks

    @property
    def full_dimensions(self) -> int:
        """Of all vocabularies side by side."""
        return self.words.codes.size if self.residuals else self.words.dimensions

    def assign(self, rows: Float32) -> Int64:
        """The nearest word of each of ``(N, blocks · D)`` rows in every vocabulary, ``(N, V)``."""
        parts = _split(rows, self.blocks)
        found = np.empty((len(rows), len(self.sizes)), np.int64)
        for (power, region), own in self._kinds.items():
            turned = sift_power(parts[region], power)
            for number in own:
                span = self._spans[number]
                scores = turned @ self.words.matrix[span].T
                scores -= self._halves[span]
                found[:, number] = scores.argmax(axis=1)
        return found

    def aggregate(self, rows: Float32) -> Float32:
        """``(N, blocks · D)`` descriptors to ``(full_dimensions,)``."""
        words = self.assign(rows)
        joined = []
        for number, size in enumerate(self.sizes):
            if self.residuals:
                part = self._residuals(rows, words[:, number], number)
            else:
                part = np.bincount(words[:, number], minlength=size).astype(np.float32)
            part = np.copysign(np.sqrt(np.abs(part)), part)
            weight = np.log(size) / np.sqrt(np.vdot(part, part) or 1.0)
            joined.append((part * weight).astype(np.float32))
        return np.concatenate(joined)

    def _residuals(self, rows: Float32, words: Int64, number: int) -> Float32:
        """Sums of the residuals to each word, l2-normalized, ``(k · D,)``."""
        block = _split(rows, self.blocks)[self.regions[number]]
        centers = self.words.matrix[self._spans[number]]
        away = sift_power(block, self.powers[number]) - centers[words]
        away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12)
        sums = np.zeros(centers.shape, np.float32)
        np.add.at(sums, words, away)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        sums /= np.where(lengths > 0, lengths, 1)
        return sums.ravel()

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


def _split(rows: Float32, blocks: int) -> list[Float32]:
    """The measurement regions of ``(N, blocks · D)`` descriptors.

    Raises:
        ShapeError: the descriptors have not so many equal blocks.
    """
    if blocks < 1 or rows.shape[1] % blocks:
        raise ShapeError(f"descriptors of {rows.shape[1]} dimensions are not {blocks} regions")
    return [np.ascontiguousarray(part) for part in np.split(rows, blocks, axis=1)]
