"""Weights of a sum of descriptors, learned from images whose classes are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError

__all__ = ["Contest", "learn_weights", "loss"]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

MOST_ANCHORS = 2000


@dataclass(frozen=True, slots=True, eq=False)
class Contest:
    """Pairs of images by the inner products of their descriptors, which are all that weights need.

    Attributes:
        cross: ``(A, 1 + M, S, S)`` X_a Yᵀ of each anchor with its positive, then M negatives,
            symmetrized.
        anchors: ``(A, S, S)`` X_a X_aᵀ.
        others: ``(A, 1 + M, S, S)`` Y Yᵀ.
    """

    cross: Float64
    anchors: Float64
    others: Float64


def loss(weights: Float64, contest: Contest, *, temperature: float) -> tuple[float, Float64]:
    """Mean cross-entropy of finding the positive among negatives, and its gradient ``(S,)``.

    −log softmax of s / τ at the positive, s = cos(Σ w_s x_s, Σ w_s y_s), which is
    wᵀ X Yᵀ w / √(wᵀ X Xᵀ w · wᵀ Y Yᵀ w).
    """
    dots, dots_slope = _quadratic(contest.cross, weights)
    ones, ones_slope = _quadratic(contest.anchors, weights)
    twos, twos_slope = _quadratic(contest.others, weights)
    ones, ones_slope = ones[:, None], ones_slope[:, None]
    lengths = np.sqrt(np.maximum(ones * twos, np.finfo(np.float64).tiny))
    cosines = dots / lengths
    tiny = np.finfo(np.float64).tiny
    drift = ones_slope / np.maximum(ones, tiny)[..., None]
    drift = drift + twos_slope / np.maximum(twos, tiny)[..., None]
    slopes = dots_slope / lengths[..., None] - cosines[..., None] * drift / 2
    logits = cosines / temperature
    logits -= logits.max(axis=1, keepdims=True)
    shares = np.exp(logits)
    total = shares.sum(axis=1, keepdims=True)
    shares /= total
    value = float((np.log(total[:, 0]) - logits[:, 0]).mean())
    shares[:, 0] -= 1
    gradient: Float64 = np.einsum("am,ams->s", shares, slopes) / (temperature * len(shares))
    return value, gradient


def learn_weights(
    descriptors: Float32,
    classes: Int64,
    *,
    seed: int,
    negatives: int = 20,
    temperature: float = 0.05,
) -> Float32:
    """Weights that bring images of one class together and keep others apart.

    Each anchor is to find an image of its class, drawn by chance, among its most similar images of
    other classes (by the plain sum). L-BFGS-B from equal weights minimizes the cross-entropy.

    Weights are not negative. Without that bound they fit one kind of pictures by differences of
    scales, which were much worse than a plain sum on another kind, whitened or not. Pictures of
    several kinds together gave the best weights.

    Args:
        descriptors: ``(N, S, D)`` float32 of images that are independent of those searched.
        classes: ``(N,)`` int64; -1 is a negative to everything.
        seed: decides the draws.
        negatives: M for each anchor; fewer where there are fewer images.
        temperature: τ > 0; a small one looks at the most similar negatives only.

    Returns:
        ``(S,)`` float32, 0 or more, whose sum is 1.

    Raises:
        ShapeError: other shapes or types, or values that are not finite.
        UsageError: no class with two images, or only one class, or a bad option.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 - takes longer than most that import this

    _check(descriptors, classes, negatives=negatives, temperature=temperature)
    contest = _draw(descriptors, classes, np.random.default_rng(seed), negatives)
    scales = descriptors.shape[1]
    found = minimize(
        lambda w: loss(w, contest, temperature=temperature),
        np.full(scales, scales**-0.5),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * scales,
    )
    weights: Float64 = found.x / found.x.sum()
    return weights.astype(np.float32)


def _quadratic(matrices: Float64, weights: Float64) -> tuple[Float64, Float64]:
    """wᵀ M w and its gradient 2 M w of symmetric matrices ``(…, S, S)``."""
    products = matrices @ weights
    return products @ weights, 2 * products


def _draw(
    descriptors: Float32, classes: Int64, random: np.random.Generator, negatives: int
) -> Contest:
    labels, which, counts = np.unique(classes, return_inverse=True, return_counts=True)
    paired = (labels >= 0) & (counts > 1)
    anchors = np.flatnonzero(paired[which])
    if not len(anchors):
        raise UsageError("no class has two images; weights are learned from pairs of one class")
    anchors = np.sort(random.permutation(anchors)[:MOST_ANCHORS])
    least = len(classes) - int(counts[np.unique(which[anchors])].max())
    if least < 1:
        raise UsageError("all images are of one class; bring images of others")
    chosen = np.empty((len(anchors), 1 + min(negatives, least)), np.int64)
    summed = descriptors.sum(axis=1)
    summed /= np.maximum(np.sqrt(np.einsum("nd,nd->n", summed, summed)), 1e-12)[:, None]
    for row, anchor in enumerate(anchors):
        same = classes == classes[anchor]
        similarities = np.where(same, -np.inf, summed @ summed[anchor])
        chosen[row, 1:] = np.argsort(-similarities, kind="stable")[: chosen.shape[1] - 1]
        same[anchor] = False
        chosen[row, 0] = random.choice(np.flatnonzero(same))
    return _contest(descriptors, anchors, chosen)


def _contest(descriptors: Float32, anchors: Int64, chosen: Int64) -> Contest:
    own = np.einsum("nsd,ntd->nst", descriptors, descriptors).astype(np.float64)
    cross = np.stack(
        [
            np.einsum("sd,mtd->mst", descriptors[anchor], descriptors[row])
            for anchor, row in zip(anchors, chosen, strict=True)
        ]
    ).astype(np.float64)
    return Contest((cross + cross.swapaxes(-1, -2)) / 2, own[anchors], own[chosen])


def _check(descriptors: Float32, classes: Int64, *, negatives: int, temperature: float) -> None:
    check_array("descriptors", descriptors, shape=(None, None, None), dtype=np.float32)
    check_array("classes", classes, shape=(len(descriptors),), dtype=np.int64)
    if not descriptors.shape[1]:
        raise ShapeError("descriptors have no scales; give at least one per image")
    check_finite("descriptors", descriptors)
    if negatives < 1:
        raise UsageError(f"negatives must be at least 1, not {negatives}")
    if not 0 < temperature < np.inf:
        raise UsageError(f"temperature must be above 0, not {temperature}")
