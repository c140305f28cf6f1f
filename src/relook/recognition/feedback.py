"""Results that were marked right or wrong, and the search that learned from it, by vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import UsageError
from relook.recognition.cotraining import co_train
from relook.recognition.linear import LinearClassifier

__all__ = ["METHODS", "cotraining_scores", "refine", "refine_query", "svm_scores"]

Float32 = NDArray[np.float32]

MARGIN = 0.2
"""What a margin of the machine is worth beside the similarity to the query."""

STRANGERS = 100
"""Images of the pool that stand for all that is wrong, where a machine has to learn it."""


def refine_query(
    query: Float32,
    right: Float32,
    wrong: Float32,
    *,
    alpha: float = 1.0,
    beta: float = 0.75,
    gamma: float = 0.15,
) -> Float32:
    """Move a query towards what is right and away from what is wrong: ``(D,)``, l2-normalized.

    α q + β mean(right) - γ mean(wrong): Rocchio, "Relevance feedback in information retrieval",
    1971.

    Args:
        query: ``(D,)`` float32.
        right: ``(R, D)`` float32, R may be 0.
        wrong: ``(W, D)`` float32, W may be 0.
        alpha: weight of the query.
        beta: weight of what is right.
        gamma: weight of what is wrong.

    Raises:
        ShapeError: other shapes or types, or values that are not finite.
        UsageError: a weight is below 0, or nothing is left of the query.
    """
    _check(query, right=right, wrong=wrong)
    if min(alpha, beta, gamma) < 0:
        raise UsageError("alpha, beta and gamma must be 0 or more")
    moved = alpha * query.astype(np.float64)
    if len(right):
        moved += beta * right.mean(axis=0, dtype=np.float64)
    if len(wrong):
        moved -= gamma * wrong.mean(axis=0, dtype=np.float64)
    length = float(np.linalg.norm(moved))
    if length < 1e-9:
        raise UsageError("nothing is left of the query; lower gamma, or raise alpha")
    return (moved / length).astype(np.float32)


def svm_scores(
    query: Float32,
    right: Float32,
    wrong: Float32,
    pool: Float32,
    *,
    cost: float = 10.0,
    kernel: str = "linear",
) -> Float32:
    """Margins ``(N,)`` of a pool ``(N, D)`` by a machine that learned what is marked.

    The query and what is right are told from what is wrong and from images of the pool that are
    far from the query, spread over its farther half: most of a collection is something else.
    Without marks these are the similarities to the query. (Tong and Chang, "Support vector machine
    active learning for image retrieval", ACM Multimedia 2001.)

    Args:
        query: ``(D,)`` float32.
        right: ``(R, D)`` float32, R may be 0.
        wrong: ``(W, D)`` float32, W may be 0.
        pool: ``(N, D)`` float32, what is ranked.
        cost: see :meth:`~relook.recognition.linear.LinearClassifier.fit`.
        kernel: see there.

    Raises:
        ShapeError: other shapes or types, or values that are not finite.
    """
    _check(query, right=right, wrong=wrong, pool=pool)
    near = pool @ refine_query(query, right, wrong[:0])
    if not len(right) and not len(wrong):
        return near
    farther = np.argsort(-near, kind="stable")[len(near) // 2 :]
    strangers = pool[farther[:: max(1, len(farther) // STRANGERS)]]
    rows = np.concatenate([query[None], right, wrong, strangers])
    known = 1 + len(right)
    names = ["right"] * known + ["wrong"] * (len(rows) - known)
    machine = LinearClassifier.fit(rows, names, cost=cost, kernel=kernel, balanced=True)
    return machine.decision(pool)[:, 0].astype(np.float32)


def cotraining_scores(query: Float32, right: Float32, wrong: Float32, pool: Float32) -> Float32:
    """Ranks ``(N,)`` of a pool ``(N, D)`` by :func:`~relook.recognition.cotraining.co_train`.

    Without marks these are the similarities to the query.

    Raises:
        ShapeError: other shapes or types, or values that are not finite.
    """
    _check(query, right=right, wrong=wrong, pool=pool)
    if not len(right) and not len(wrong):
        return pool @ query
    rows = np.concatenate([query[None], right, wrong, pool])
    marked = 1 + len(right)
    ranks = co_train((rows, rows), range(marked), range(marked, marked + len(wrong)))
    return ranks[marked + len(wrong) :]


def _machine_scores(query: Float32, right: Float32, wrong: Float32, pool: Float32) -> Float32:
    # A machine that learned from a few marks forgets the query; its similarity holds it in place.
    near = pool @ query
    if not len(right) and not len(wrong):
        return near
    return near + np.float32(MARGIN) * svm_scores(query, right, wrong, pool)


def _rocchio_scores(query: Float32, right: Float32, wrong: Float32, pool: Float32) -> Float32:
    if not len(right) and not len(wrong):
        return pool @ query
    return pool @ refine_query(query, right, wrong)


METHODS: dict[str, Callable[[Float32, Float32, Float32, Float32], Float32]] = {
    "rocchio": _rocchio_scores,
    "svm": _machine_scores,
    "cotraining": cotraining_scores,
}


def refine(
    query: Float32,
    vectors: Float32,
    *,
    right: Sequence[int] = (),
    wrong: Sequence[int] = (),
    method: str = "svm",
) -> Float32:
    """Score ``(N, D)`` vectors again after some were marked: ``(N,)`` float32.

    What is marked wrong gets -inf, so it cannot come back. Without marks these are the
    similarities to the query.

    Args:
        query: ``(D,)`` float32.
        vectors: of the images, l2-normalized.
        right: rows that show what is searched.
        wrong: rows that do not.
        method: ``rocchio`` moves the query, ``svm`` adds the margin of a machine to the
            similarity, ``cotraining`` ranks by two learners (which drifts where few images are
            right).

    Raises:
        ShapeError: other shapes or types, or values that are not finite.
        UsageError: an unknown method, a row that is not there, or one that is right and wrong.
    """
    if method not in METHODS:
        raise UsageError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
    _check(query, vectors=vectors)
    good, bad = ([int(row) for row in rows] for rows in (right, wrong))
    strange = [row for row in (*good, *bad) if not 0 <= row < len(vectors)]
    if strange:
        raise UsageError(f"row {strange[0]} is marked, and there are {len(vectors)} images")
    if set(good) & set(bad):
        raise UsageError("an image is marked right and wrong; take one of the marks back")
    scores = METHODS[method](query, vectors[good], vectors[bad], vectors).copy()
    scores[bad] = -np.inf
    return scores


def _check(query: Float32, **matrices: Float32) -> None:
    check_array("query", query, shape=(None,), dtype=np.float32)
    check_finite("query", query)
    for name, matrix in matrices.items():
        check_array(name, matrix, shape=(None, len(query)), dtype=np.float32)
        check_finite(name, matrix)
