"""What is learned or chosen on photos apart from the benchmark, and on rendered views of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.recognition.aggregate import learn_weights
from relook.recognition.matrix import LearnedSimilarity
from reproduce.knn.pictures import VIEWS

__all__ = ["learned_similarity", "learned_weights"]

Float32 = NDArray[np.float32]

SEED = 0
HARD, DRAWN = 10, 5
"""Other photos that each view is told apart from: the most similar, and some by chance."""


def learned_weights(looks: Float32) -> Float32:
    """``(S,)`` for ``(N, S, D)``: photos each followed by its views."""
    classes = np.arange(len(looks)) // (VIEWS + 1)
    return learn_weights(looks, classes, seed=SEED)


def learned_similarity(looks: Float32) -> LearnedSimilarity:
    """Learn from ``(N, S, D)``: photos each followed by its views, of which the last asks."""
    each = VIEWS + 1
    photos = np.arange(len(looks) // each)
    asking = photos * each + VIEWS
    indexed = (photos[:, None] * each + np.arange(VIEWS)).ravel()
    pairs = [_same(asking), _different(looks, asking, indexed)]
    query, other = np.concatenate(pairs).T
    matrices = np.einsum("psd,ptd->pst", looks[query], looks[other])
    return LearnedSimilarity.fit(matrices, query // each == other // each, seed=SEED)


def _same(asking: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate(
        [np.stack([asking, asking - VIEWS + place], axis=1) for place in range(VIEWS)]
    )


def _different(
    looks: Float32, asking: NDArray[np.int64], indexed: NDArray[np.int64]
) -> NDArray[np.int64]:
    summed = looks.sum(axis=1)
    scores = summed[asking] @ summed[indexed].T
    each = VIEWS + 1
    scores[(asking // each)[:, None] == (indexed // each)[None]] = -np.inf
    hard = np.argsort(-scores, axis=1, kind="stable")[:, :HARD]
    random = np.random.default_rng(SEED)
    drawn = random.integers(0, len(indexed), (len(asking), DRAWN))
    found = indexed[np.concatenate([hard, drawn], axis=1)]
    pairs = np.stack([np.broadcast_to(asking[:, None], found.shape), found], axis=-1).reshape(-1, 2)
    apart = pairs[:, 0] // each != pairs[:, 1] // each
    return np.asarray(pairs[apart], np.int64)
