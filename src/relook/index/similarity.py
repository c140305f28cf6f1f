"""What a query is worth to the images of a segment, and what an image is worth to itself."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.records import Aggregate
from relook.index.kernel import Kernel, check_weights
from relook.index.scoring import (
    Postings,
    Probes,
    score_128,
    score_binary,
    score_counts,
    score_float,
)

__all__ = ["Similarity"]


class Similarity:
    """A kernel with the weights of its words, ready to score.

    Args:
        kernel: the match kernel.
        weights: ``(words,)`` float32 w_c ≥ 0, such as an idf frozen with the codebook, or its
            square (bag of words, Hamming embedding); None is ones.

    Raises:
        ShapeError, UsageError: see :func:`~relook.index.kernel.check_weights`.
    """

    def __init__(self, kernel: Kernel, weights: NDArray[np.float32] | None = None) -> None:
        self.kernel = kernel
        self.weights = check_weights(weights, words=kernel.words)
        tabled = kernel.binary or kernel.value
        self._table = kernel.table() if tabled else np.zeros(0, np.float32)

    def signature(self) -> dict[str, Any]:
        """What decides the stored norms, as JSON."""
        return {"kernel": self.kernel.described, "weights": zlib.crc32(self.weights.tobytes())}

    def accumulate(self, probes: Probes, postings: Postings, scores: NDArray[np.float32]) -> None:
        """Add Σ w σ of these posting lists to ``scores`` in place."""
        kernel = self.kernel
        if kernel.value:
            factors = probes.weights * self._values(probes.vectors)
            score_counts(probes.spans, factors, postings, self._table, scores)
        elif not kernel.binary:
            sigma = (float(kernel.alpha), float(kernel.threshold))
            score_float(probes, postings, sigma, scores, kernel.burst)
        elif kernel.bits == 128 and not kernel.burst:
            score_128(probes, postings, self._table, scores)
        else:
            score_binary(probes, postings, self._table, scores, kernel.burst)

    def gamma(self, aggregate: Aggregate) -> float:
        """γ(X); 0 where X is worth nothing to itself, so that it matches nothing."""
        words = aggregate.words
        if self.kernel.value:
            values = self._values(aggregate.vectors).astype(np.float64)
            total = float((self.weights[words] * values**2).sum())
        elif self.kernel.norm == "words":
            own, counts = np.unique(words, return_counts=True)
            total = float((self.weights[own] * counts.astype(np.float64) ** 2).sum())
        elif np.all(np.diff(words) > 0):
            total = float(self.weights[words].sum(dtype=np.float64))
        else:
            total = self._itself(aggregate)
        return total**-0.5 if total > 0 else 0.0

    def _values(self, vectors: NDArray[Any]) -> NDArray[np.float32]:
        """``(M,)`` values of ``(M, 1)`` counts, or weights of a query."""
        counts = vectors[:, 0]
        return self._table[counts] if counts.dtype == np.uint8 else self.kernel.values(counts)

    def _itself(self, aggregate: Aggregate) -> float:
        words = aggregate.words
        sides = [np.searchsorted(words, words, side=side) for side in ("left", "right")]
        spans = np.stack(sides, axis=1).astype(np.uint64)
        vectors = np.ascontiguousarray(aggregate.vectors)
        postings = Postings(np.zeros(len(words), np.uint16), vectors)
        score = np.zeros(1, np.float32)
        self.accumulate(Probes(spans, self.weights[words], vectors), read_only(postings), score)
        return float(score[0])


def read_only(postings: Postings) -> Postings:
    """Views of one type, mapped or in memory, so that numba compiles each loop only once."""
    return Postings(_frozen(postings.images), _frozen(postings.vectors))


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view
