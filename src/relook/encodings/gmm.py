"""Gaussian mixtures with diagonal covariances, fitted by expectation maximization."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError
from relook.core.numba_cache import compiled
from relook.vectors import KMeans

__all__ = ["DiagonalMixture", "Moments"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

BLOCK = 16384
FLOOR = 1e-3
"""No variance is taken for less than this share of the mean variance of the data."""
CUT = 18.0
"""Posteriors below e^-CUT of the largest are 0: less than the rounding of float32."""


class Moments(NamedTuple):
    """Sums over descriptors, weighted by posteriors.

    Attributes:
        zeroth: ``(K,)`` Σ γ.
        first: ``(K, D)`` Σ γ y, where y is the descriptor less the mixture's own mean.
        second: ``(K, D)`` Σ γ y².
        likelihood: Σ of the log-likelihoods.
    """

    zeroth: Float64
    first: Float64
    second: Float64
    likelihood: float


@dataclass(frozen=True, eq=False)
class DiagonalMixture:
    """Σ w_k N(x; μ_k, diag σ_k²).

    Attributes:
        weights: ``(K,)`` float32 above 0.
        means: ``(K, D)`` float32.
        variances: ``(K, D)`` float32 above 0.

    Raises:
        ShapeError: the shapes do not fit each other, or a value cannot be.
    """

    weights: Float32
    means: Float32
    variances: Float32

    def __post_init__(self) -> None:
        check_array("means", self.means, shape=(None, None), dtype=np.float32)
        check_array("weights", self.weights, shape=(len(self.means),), dtype=np.float32)
        check_array("variances", self.variances, shape=self.means.shape, dtype=np.float32)
        for name in ("weights", "means", "variances"):
            check_finite(name, getattr(self, name))
        if not self.means.size:
            raise ShapeError("a mixture needs at least one component")
        if min(self.weights.min(), self.variances.min()) <= 0:
            raise ShapeError("weights and variances must be above 0")

    @classmethod
    def fit(cls, rows: Float32, *, components: int, iterations: int = 30, seed: int = 0) -> Self:
        """Learn from ``(N, D)`` rows, starting at the clusters of k-means.

        Stops early where the log-likelihood has all but settled.

        Raises:
            UsageError: fewer rows than components.
        """
        floor = FLOOR * max(float(rows.var(axis=0, dtype=np.float64).mean()), 1e-30)
        found = cls._of_clusters(rows, KMeans(components, seed=seed).fit(rows).centers_, floor)
        before = -np.inf
        for _ in range(iterations):
            moments = found.moments(rows)
            found = found.maximized(moments, floor=floor)
            mean = moments.likelihood / len(rows)
            if mean - before < 1e-4 * abs(mean):
                break
            before = mean
        return found

    @classmethod
    def _of_clusters(cls, rows: Float32, centers: Float32, floor: float) -> Self:
        """One step from hard assignments: equal weights and variances would not tell them apart."""
        spread = np.full_like(centers, max(float(rows.var(axis=0).mean()) / 8, floor))
        even = np.full(len(centers), 1 / len(centers), np.float32)
        start = cls(even, centers, spread)
        return start.maximized(start.moments(rows), floor=floor)

    def maximized(self, moments: Moments, *, floor: float) -> Self:
        """The M-step: the mixture that these moments make most likely.

        A component that has lost all descriptors stays where it was, at a weight near 0.
        """
        count = moments.zeroth.sum()
        alive = moments.zeroth > 1e-6 * count / len(self.weights)
        mass = np.where(alive, moments.zeroth, 1.0)[:, None]
        first = moments.first / mass
        means = np.where(alive[:, None], first + self.middle, self.means)
        variances = np.where(alive[:, None], moments.second / mass - first**2, self.variances)
        weights = np.maximum(moments.zeroth / count, 1e-8)
        return replace(
            self,
            weights=(weights / weights.sum()).astype(np.float32),
            means=means.astype(np.float32),
            variances=np.maximum(variances, floor).astype(np.float32),
        )

    def moments(self, rows: Float32) -> Moments:
        """The E-step: posteriors of ``(N, D)`` rows, and what they weigh."""
        width = self.means.shape[1]
        zeroth, sums = np.zeros(len(self.weights)), np.zeros((len(self.weights), 2 * width))
        likelihood = 0.0
        for start in range(0, len(rows), BLOCK):
            both = self._with_squares(rows[start : start + BLOCK])
            posteriors = both @ self._slopes
            likelihood += float(_soften(posteriors, self._offsets))
            zeroth += posteriors.sum(axis=0, dtype=np.float64)
            sums += posteriors.T @ both
        return Moments(zeroth, sums[:, :width], sums[:, width:], likelihood)

    def posteriors(self, rows: Float32) -> Float32:
        """γ, ``(N, K)``: how likely it is that each component made each row."""
        posteriors: Float32 = self._with_squares(rows) @ self._slopes
        _soften(posteriors, self._offsets)
        return posteriors

    @cached_property
    def middle(self) -> Float32:
        """The mean of the mixture; differences from it are small, and squares of them exact."""
        middle: Float32 = (self.weights @ self.means) / self.weights.sum()
        return middle

    @cached_property
    def _slopes(self) -> Float32:
        """``(2D, K)``: what y and y² are multiplied with."""
        means, variances = self.means - self.middle, self.variances
        return np.ascontiguousarray(np.concatenate([means / variances, -0.5 / variances], 1).T)

    @cached_property
    def _offsets(self) -> Float32:
        """``(K,)``: the log-likelihood of y = 0, with the weight."""
        means = (self.means - self.middle).astype(np.float64)
        variances = self.variances.astype(np.float64)
        quadratic = (means**2 / variances + np.log(2 * np.pi * variances)).sum(axis=1)
        offsets: Float32 = (np.log(self.weights) - quadratic / 2).astype(np.float32)
        return offsets

    def _with_squares(self, rows: Float32) -> Float32:
        """``(N, 2D)``: y and y², so that one product gives all that is needed."""
        width = rows.shape[1]
        both = np.empty((len(rows), 2 * width), np.float32)
        np.subtract(rows, self.middle, out=both[:, :width])
        np.square(both[:, :width], out=both[:, width:])
        return both


@compiled()
def _soften(logits: Float32, offsets: Float32) -> float:
    """Log-likelihoods to posteriors, in place; the sum of the logs of their sums."""
    likelihood = 0.0
    for row in range(len(logits)):
        largest = -np.inf
        for place in range(len(offsets)):
            logits[row, place] += offsets[place]
            largest = max(largest, logits[row, place])
        total = np.float64(0)
        for place in range(len(offsets)):
            away = logits[row, place] - largest
            share = np.exp(away) if away > -CUT else np.float32(0)
            logits[row, place] = share
            total += np.float64(share)
        for place in range(len(offsets)):
            logits[row, place] /= total
        likelihood += largest + np.log(total)
    return likelihood
