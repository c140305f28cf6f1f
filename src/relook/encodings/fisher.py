"""Fisher vector: how a mixture would have to change to make an image more likely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from relook.encodings.aggregating import AggregatingEncoder, check_power
from relook.encodings.gmm import DiagonalMixture
from relook.encodings.training_rows import draw, fit_local

__all__ = ["FisherVector"]

Float32 = NDArray[np.float32]
SAMPLE = 2000
"""Descriptors per component that the mixture is fitted on."""


@dataclass(frozen=True, eq=False)
class FisherVector(AggregatingEncoder):
    """Gradients of the mean log-likelihood, scaled by the Fisher information.

    γ being the posteriors of N descriptors, the gradients of component k are ::

        mean      Σ γ_k (x - μ_k) / σ_k / (N √w_k)
        variance  Σ γ_k ((x - μ_k)² / σ_k² - 1) / (N √(2 w_k))
        weight    Σ (γ_k - w_k) / (N √w_k)

    Then power-law, l2 and reduction. The order is all means, all variances, all weights.

    Attributes:
        weights: ``(K,)`` float32 of the mixture.
        means: ``(K, D)`` float32 of the mixture.
        variances: ``(K, D)`` float32 of the mixture.
        power: exponent of the power-law; ½ is the signed square root, 1 none.
        weight_gradients: whether the gradients of the weights, which add little, are there too.

    Source: Perronnin, Sánchez, Mensink, "Improving the Fisher kernel for large-scale image
    classification", ECCV 2010; Sánchez et al., "Image classification with the Fisher vector",
    IJCV 2013, eqs. 16 to 18.
    """

    KIND: ClassVar[str] = "relook.fisher"

    weights: Float32
    means: Float32
    variances: Float32
    power: float = 0.5
    weight_gradients: bool = False

    def __post_init__(self) -> None:
        check_power(self.power)
        _ = self.mixture  # its checks
        self._check_parts()

    @classmethod
    def fit(
        cls,
        images: Sequence[NDArray[np.floating]],
        *,
        words: int = 64,
        local_dimensions: int | None = None,
        power: float = 0.5,
        weight_gradients: bool = False,
        dimensions: int | None = None,
        t: float = 0.0,
        bits: int = 8,
        iterations: int = 30,
        seed: int = 0,
        fitted: Mapping[str, Any] | None = None,
    ) -> Self:
        """Learn a mixture by expectation maximization, and the reduction on the same images.

        Args:
            images: per image ``(N, D)`` descriptors, float32 or float16.
            words: K, components of the mixture.
            local_dimensions: of a PCA of the descriptors, which diagonal covariances presume;
                None for none.
            power: as in the attributes.
            weight_gradients: as in the attributes.
            dimensions: of the vectors; None keeps all 2 · K · D.
            t: how far the reduction whitens, 0 to 1.
            bits: 8 or 4, of every number of the reduction; 4 make a file half as large.
            iterations: of expectation maximization, at most.
            seed: of the sample and of k-means.
            fitted: what the images are.

        Raises:
            UsageError: fewer descriptors than components, all descriptors equal, more dimensions
                than these images support, or a bad option.
            ShapeError: values that are not finite, or of another shape.
        """
        check_power(power)
        sample = draw(images, words=words, most=SAMPLE * words, seed=seed)
        local, sample = fit_local(sample, local_dimensions)
        mixture = DiagonalMixture.fit(sample, components=words, iterations=iterations, seed=seed)
        said = {"images": len(images), "descriptors": sum(map(len, images)), "seed": seed}
        whole = cls(
            mixture.weights,
            mixture.means,
            mixture.variances,
            power=power,
            weight_gradients=weight_gradients,
            local=local,
            fitted={**(fitted or {}), **said, "t": t},
        )
        return whole.reduced(images, dimensions=dimensions, t=t, bits=bits)

    @cached_property
    def mixture(self) -> DiagonalMixture:
        """The mixture that it is the gradient of."""
        return DiagonalMixture(self.weights, self.means, self.variances)

    @property
    def inner_dimensions(self) -> int:
        """Of descriptors where they are aggregated."""
        return int(self.means.shape[1])

    @property
    def full_dimensions(self) -> int:
        """2 · K · D, and K with the gradients of the weights."""
        return 2 * self.means.size + (len(self.weights) if self.weight_gradients else 0)

    def aggregate(self, rows: Float32) -> Float32:
        """``(N, D)`` descriptors to ``(full_dimensions,)``, normalized but for the last l2."""
        mixture, count = self.mixture, len(rows)
        moments = mixture.moments(rows)
        mass = moments.zeroth[:, None]
        means = (mixture.means - mixture.middle).astype(np.float64)
        deviations = np.sqrt(mixture.variances.astype(np.float64))
        roots = np.sqrt(mixture.weights.astype(np.float64))[:, None]
        first = (moments.first - means * mass) / deviations
        second = moments.second - 2 * means * moments.first + means**2 * mass
        second = second / mixture.variances - mass
        parts = [first / roots, second / (roots * np.sqrt(2))]
        if self.weight_gradients:
            parts.append((mass - count * roots**2) / roots)
        gradients = np.concatenate([part.ravel() for part in parts]) / count
        if self.power != 1:
            gradients = np.copysign(np.abs(gradients) ** self.power, gradients)
        return gradients.astype(np.float32)
