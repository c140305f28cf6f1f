"""The whitening layer: begun from a fitted array, and fitted anew after training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.networks.retrieval import RetrievalNetwork
from relook.training.config import WhiteningPart
from relook.vectors.learned_whitening import LearnedWhitening
from relook.vectors.pca import PcaWhitening
from relook.vectors.projection import Projection, load_whitening

__all__ = ["LEARNED", "begin_learned", "begin_whitening", "fit_whitening", "pairs_of"]

LEARNED = "learned"
"""In place of a file: Lw of what the network says of views before it is trained."""


def begin_whitening(network: RetrievalNetwork, file: str | Path) -> None:
    """Put a fitted whitening P (x - m) into the linear layer as W = P and b = -P m.

    Raises:
        UsageError: it is for vectors of another length, or has fewer dimensions than the layer.
        StorageError: the file cannot be read, or holds no whitening.

    Source: Radenović, Tolias and Chum 2019, section 3.4: whitening as an initialized layer.
    """
    fitted = load_whitening(file)
    weight, bias = _affine(fitted)
    layer = network.whiten
    if layer is None:
        raise UsageError("the network has no whitening to begin; set network.whitening")
    outputs, inputs = layer.weight.shape
    if weight.shape[1] != inputs or len(weight) < outputs:
        raise UsageError(
            f"{file} maps {weight.shape[1]} dimensions to {len(weight)}; the layer maps {inputs} "
            f"to {outputs}: fit the whitening on this network's pooled vectors"
        )
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight[:outputs].copy()))
        layer.bias.copy_(torch.from_numpy(bias[:outputs].copy()))


def begin_learned(
    network: RetrievalNetwork, vectors: NDArray[np.float32], labels: NDArray[np.int64], *, seed: int
) -> None:
    """Begin the whitening layer with Lw of ``(N, D)`` pooled vectors of views, rows of length 1.

    The l2 that follows undoes any scale, but the optimizer's steps are relative to it.

    Raises:
        UsageError: no class with two views, or fewer vectors than the layer has outputs.
    """
    layer = network.whiten
    if layer is None:
        raise UsageError("the network has no whitening to begin; set network.whitening")
    pairs = pairs_of(labels, seed=seed)
    if not len(pairs):
        raise UsageError("a learned whitening needs classes of two views or more")
    outputs = layer.weight.shape[0]
    fitted = LearnedWhitening(outputs, flatten=0.5, seed=seed).fit(vectors, pairs).as_projection()
    weight, bias = _affine(fitted)
    if len(weight) < outputs:
        raise UsageError(f"{len(vectors)} views give {len(weight)} of {outputs} dimensions")
    scale = float(np.sqrt(outputs) / np.linalg.norm(weight))
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight * scale))
        layer.bias.copy_(torch.from_numpy(bias * scale))


def _affine(fitted: Projection) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    matrix = fitted.matrix.astype(np.float64)
    return fitted.matrix, -(matrix @ fitted.mean.astype(np.float64)).astype(np.float32)


def fit_whitening(
    part: WhiteningPart,
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    *,
    seed: int,
    fitted: str,
) -> Projection:
    """What ``[whitening]`` asks for, from ``(N, D)`` vectors of a trained network.

    Raises:
        UsageError: too few vectors, or no class with two.
    """
    kept = part.dimensions or None
    if part.method == "pca":
        return PcaWhitening(kept, fitted=fitted).fit(vectors).as_projection()
    pairs = pairs_of(labels, seed=seed)
    if not len(pairs):
        raise UsageError("a learned whitening needs classes of two views or more; set its views")
    return LearnedWhitening(kept, seed=seed, fitted=fitted).fit(vectors, pairs).as_projection()


def pairs_of(labels: NDArray[np.int64], *, seed: int, most: int = 50_000) -> NDArray[np.int64]:
    """``(P, 2)`` rows of the same label: all pairs of a class, or a sample where they are many."""
    order = np.argsort(labels, kind="stable")
    counts = np.unique(labels, return_counts=True)[1]
    found, past = [], 0
    for count in counts.tolist():
        rows = order[past : past + count]
        found.append(np.stack([rows[i] for i in np.triu_indices(count, 1)], axis=1))
        past += count
    pairs = np.concatenate(found).astype(np.int64)
    if len(pairs) > most:
        pairs = pairs[np.random.default_rng((seed, 41)).choice(len(pairs), most, replace=False)]
    return pairs
