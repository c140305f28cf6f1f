"""Several descriptors of an image as one: weighted sums, their weights searched or learned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import UsageError
from relook.recognition.scale_weights import learn_weights
from relook.vectors import l2_normalize

__all__ = [
    "WeightResult",
    "WeightSearch",
    "aggregate",
    "all_weights",
    "learn_weights",
    "search_weights",
]

Float32 = NDArray[np.float32]

MOST_SCALES = 16
"""65,535 combinations; more would never be searched."""


class WeightResult(NamedTuple):
    """How good one combination is.

    Attributes:
        weights: ``(S,)`` float32.
        score: what was measured, higher is better.
    """

    weights: Float32
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class WeightSearch:
    """All combinations that were measured.

    Attributes:
        results: by decreasing score; of equal ones, that of fewer descriptors first.
    """

    results: tuple[WeightResult, ...]

    @property
    def best(self) -> Float32:
        """``(S,)``, the weights of the first."""
        return self.results[0].weights


def aggregate(descriptors: Float32, weights: ArrayLike) -> Float32:
    """x_w = Σ_s w_s x_s, l2-normalized; whitening comes afterwards.

    Args:
        descriptors: ``(N, S, D)`` float32.
        weights: ``(S,)``, 0 and 1 or any other numbers.

    Returns:
        ``(N, D)`` float32. A sum that vanishes stays zero.

    Raises:
        ShapeError: other shapes or types, or values that are not finite.

    >>> aggregate(np.float32([[[3, 0], [0, 4], [9, 9]]]), [1, 1, 0])
    array([[0.6, 0.8]], dtype=float32)
    """
    given = np.asarray(weights, np.float32)
    check_array("descriptors", descriptors, shape=(None, None, None), dtype=np.float32)
    check_array("weights", given, shape=(descriptors.shape[1],), dtype=np.float32)
    check_finite("weights", given)
    check_finite("descriptors", descriptors)
    return l2_normalize(np.einsum("nsd,s->nd", descriptors, given))


def all_weights(scales: int) -> Float32:
    """Every combination of 0 and 1 but that of nothing, ``(2^S - 1, S)`` float32.

    Those of few descriptors come first, as they cost least.

    Raises:
        UsageError: no scale, or more than could ever be searched.

    >>> all_weights(2)
    array([[1., 0.],
           [0., 1.],
           [1., 1.]], dtype=float32)
    """
    if not 1 <= scales <= MOST_SCALES:
        raise UsageError(f"scales must be from 1 to {MOST_SCALES}, not {scales}")
    numbers = np.arange(1, 1 << scales)
    bits = (numbers[:, None] >> np.arange(scales)) & 1
    return bits[np.argsort(bits.sum(axis=1), kind="stable")].astype(np.float32)


def search_weights(
    descriptors: Float32,
    evaluate: Callable[[Float32], float],
    *,
    candidates: Float32 | None = None,
) -> WeightSearch:
    """Measure every combination of descriptors, on validation data.

    Args:
        descriptors: ``(N, S, D)`` float32; they say how many scales there are.
        evaluate: how good weights ``(S,)`` are, higher is better: it aggregates, whitens where
            that is wanted, and measures.
        candidates: ``(C, S)`` weights to try; None tries :func:`all_weights`.

    Raises:
        ShapeError: descriptors or candidates of another shape or type.
        UsageError: no candidate, or a score that is NaN.
    """
    check_array("descriptors", descriptors, shape=(None, None, None), dtype=np.float32)
    scales = descriptors.shape[1]
    tried = all_weights(scales) if candidates is None else candidates
    check_array("candidates", tried, shape=(None, scales), dtype=np.float32)
    if not len(tried):
        raise UsageError("there are no candidates; give at least one row of weights")
    results = [WeightResult(weights, float(evaluate(weights))) for weights in tried]
    if np.isnan([result.score for result in results]).any():
        raise UsageError("a combination was measured as NaN; check the function that measures")
    cost = [int(np.count_nonzero(result.weights)) for result in results]
    order = sorted(range(len(results)), key=lambda i: (-results[i].score, cost[i]))
    return WeightSearch(tuple(results[i] for i in order))
