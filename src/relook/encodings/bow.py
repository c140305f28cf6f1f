"""Bag of words: how often an image shows each visual word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.core.records import Aggregate, LocalCodes, LocalFeatures
from relook.encodings.codebook import Codebook
from relook.encodings.grouping import run_starts, sort_by_word
from relook.encodings.packing import pack_codes, unpack_codes

__all__ = ["BagOfWordsEncoder", "tf_idf_weights"]


@dataclass(frozen=True, slots=True, eq=False)
class BagOfWordsEncoder:
    """Encoder of bags of words, to be compared by :meth:`relook.index.Kernel.bag_of_words`.

    Images are stored as a byte per word, so a word that occurs more than 255 times counts 255
    times; no signatures are kept, and verification has the words alone to go by.

    A feature of a *query* may have several words, its nearest ones. They share its weight of 1:
    equally, or by exp(-d² / (2 σ²)) of their distances d (soft assignment).

    Attributes:
        codebook: the visual words.
        assignments: nearest words of each feature of a query; database images have one.
        soft_sigma: σ, in the unit of the descriptors; None for equal shares.

    Source: Sivic, Zisserman, "Video Google: a text retrieval approach to object matching in
    videos", ICCV 2003; Philbin, Chum, Isard, Sivic, Zisserman, "Lost in quantization", CVPR 2008
    (soft assignment); Jégou, Harzallah, Schmid, "A contextual dissimilarity measure", CVPR 2007
    (multiple assignment).
    """

    codebook: Codebook
    assignments: int = 1
    soft_sigma: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.assignments <= len(self.codebook):
            raise UsageError(f"assignments must be 1 to {len(self.codebook)}")
        if self.soft_sigma is not None and not 0 < self.soft_sigma < np.inf:
            raise UsageError(f"soft_sigma must be above 0, or None, not {self.soft_sigma}")

    def encode(self, features: LocalFeatures) -> LocalCodes:
        """Encode a database image: one word per feature, the aggregate are uint8 counts."""
        words, rows = sort_by_word(self.codebook.assign(features.descriptors))
        starts = run_starts(words)
        counts = np.minimum(np.diff(starts, append=len(words)), 255).astype(np.uint8)
        return _codes(features, words, rows, Aggregate(words[starts], counts[:, None]))

    def encode_query(self, features: LocalFeatures) -> LocalCodes:
        """Encode a query: ``assignments`` words per feature, the aggregate are float32 weights."""
        if self.assignments == 1:
            return self.encode(features)
        assigned, shares = self._shares(features.descriptors)
        words, rows = sort_by_word(assigned)
        own, places = np.unique(assigned, return_inverse=True)
        weights = np.bincount(places.ravel(), weights=shares.ravel(), minlength=len(own))
        aggregate = Aggregate(own, weights.astype(np.float32)[:, None])
        return _codes(features, words, rows, aggregate)

    def pack(self, codes: LocalCodes) -> bytes:
        """Write codes as compact bytes."""
        return pack_codes(codes)

    def unpack(self, blob: bytes) -> LocalCodes:
        """Read what :meth:`pack` wrote."""
        return unpack_codes(blob)

    def _shares(
        self, descriptors: NDArray[np.float32]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Words ``(N, r)`` of each feature and their shares, which add up to 1."""
        if self.soft_sigma is not None:
            return self.codebook.soft_assign(
                descriptors, count=self.assignments, sigma=self.soft_sigma
            )
        words = self.codebook.assign(descriptors, count=self.assignments)
        return words, np.full(words.shape, 1.0 / self.assignments, np.float32)


def tf_idf_weights(idf: NDArray[np.float32], *, stop: float = 0.0) -> NDArray[np.float32]:
    """Weights w_c = idf_c² that make the kernel of bags of words the cosine of tf-idf vectors.

    Args:
        idf: ``(words,)`` float32, frozen with the codebook.
        stop: share of the words, those of the smallest idf, that are left out: the stop list.

    Returns:
        ``(words,)`` float32, 0 for words of the stop list.

    Raises:
        UsageError: ``stop`` is not from 0 to below 1.
    """
    if not 0 <= stop < 1:
        raise UsageError(f"stop is a share of the words, from 0 to below 1, not {stop}")
    weights = np.maximum(idf, 0).astype(np.float32) ** 2
    weights[np.argsort(idf, kind="stable")[: round(stop * len(idf))]] = 0
    return weights


def _codes(
    features: LocalFeatures,
    words: NDArray[np.int32],
    rows: NDArray[np.int32],
    aggregate: Aggregate,
) -> LocalCodes:
    return LocalCodes(
        words=words,
        signatures=np.zeros((len(words), 0), np.uint64),
        features=rows,
        frames=features.frames,
        aggregate=aggregate,
        size=features.size,
        shapes=features.shapes,
    )
