"""Neighbors vote for a class: k-NN, mean k-NN and α-expanded mean k-NN.

The classifiers of an earlier thesis on instance recognition among very uneven classes; its
equations are spelled out at each function. Similarity is the cosine. Neighbors come in order, the
best first. Class -1 is an image without a label, or padding where a query has fewer than k
neighbors: it takes a place and does not vote. An image with several labels is given as several
neighbors, one for each label.

>>> votes = knn_vote(np.float32([[0.9, 0.8, 0.7]]), np.array([[4, 6, 6]]))
>>> votes.classes, votes.confidences
(array([6]), array([1.5], dtype=float32))
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import ShapeError, UsageError
from relook.recognition.expanded_means import expanded_similarities
from relook.recognition.grouping import Groups, group_by_class
from relook.recognition.means import mean_similarities
from relook.recognition.transforms import TRANSFORMS, make_transform

__all__ = [
    "TRANSFORMS",
    "ClassScores",
    "Votes",
    "expanded_mean_knn",
    "knn_scores",
    "knn_vote",
    "make_transform",
    "mean_knn",
]

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """The class that each query is given.

    Attributes:
        classes: ``(Q,)`` int64; -1 where no neighbor has a class.
        confidences: ``(Q,)`` float32, the maximum that won; -inf where no neighbor has a class.
    """

    classes: Int64
    confidences: Float32


class ClassScores(NamedTuple):
    """All classes among the neighbors of each query, the best first.

    Attributes:
        classes: ``(Q, k)`` int64, distinct, padded with -1.
        scores: ``(Q, k)`` float32, padded with -inf.
    """

    classes: Int64
    scores: Float32


def knn_vote(similarities: Float32, classes: Int64, *, transform: str = "identity") -> Votes:
    """Basic k-NN: c̃ = arg max_c Σ_{x ∈ k(q), c_x = c} f(d(q, x)).

    Of classes with equal sums, the one of the best-ranked neighbor wins.

    Args:
        similarities: ``(Q, k)`` float32 cosines d, best first. Read where there is a class.
        classes: ``(Q, k)`` int64 of these neighbors; -1 does not vote.
        transform: name of f, one of :data:`TRANSFORMS`.

    Raises:
        ShapeError: other shapes or types, or a similarity that is not finite.
        UsageError: another transform, or a class below -1.
    """
    table, found = _summed(similarities, classes, transform)
    return _best(table, found)


def knn_scores(
    similarities: Float32, classes: Int64, *, transform: str = "identity"
) -> ClassScores:
    """The sums of all classes that :func:`knn_vote` takes the maximum of, in order."""
    table, found = _summed(similarities, classes, transform)
    order = np.argsort(-table, axis=1, kind="stable")
    return ClassScores(
        np.take_along_axis(found, order, axis=1), np.take_along_axis(table, order, axis=1)
    )


def mean_knn(
    queries: Float32,
    database: Float32,
    classes: Int64,
    neighbors: Int64,
    *,
    transform: str = "identity",
) -> Votes:
    """Mean k-NN: c̃ = arg max_c f(d(q, μ_c)), μ_c the mean of the neighbors of class c.

    Args:
        queries: ``(Q, D)`` float32.
        database: ``(N, D)`` float32; only the rows that are needed are read.
        classes: ``(N,)`` int64; -1 has no label.
        neighbors: ``(Q, k)`` int64 rows of the database, best first, padded with -1.
        transform: name of f, one of :data:`TRANSFORMS`.

    Raises:
        ShapeError: other shapes or types, or a vector that is not finite.
        UsageError: another transform, a class below -1, or a row that does not exist.
    """
    function = make_transform(transform)
    theirs = _classes_of(queries, database, classes, neighbors)
    groups = group_by_class(theirs)
    cosines = mean_similarities(queries, database, neighbors.ravel(), groups)
    return _best(*_table(groups, function(cosines), theirs.shape))


def expanded_mean_knn(
    queries: Float32,
    database: Float32,
    classes: Int64,
    neighbors: Int64,
    *,
    alpha: float,
    transform: str = "identity",
) -> Votes:
    """α-expanded mean k-NN: as :func:`mean_knn`, with μ_c the mean of a larger set.

    M_c = {y | ∃ x ∈ k(q): ‖x - y‖ < α, c_y = c_x = c}: the neighbors of class c and all images of
    this class near one of them. The distance is Euclidean, between l2-normalized vectors; the mean
    is that of the vectors as they are.

    Args:
        queries: ``(Q, D)`` float32.
        database: ``(N, D)`` float32; only the classes that are needed are read.
        classes: ``(N,)`` int64; -1 has no label.
        neighbors: ``(Q, k)`` int64 rows of the database, best first, padded with -1.
        alpha: α > 0; above 2, all images of a class are near.
        transform: name of f, one of :data:`TRANSFORMS`.

    Raises:
        ShapeError: other shapes or types, or a vector that is not finite.
        UsageError: another transform or α, a class below -1, or a row that does not exist.
    """
    function = make_transform(transform)
    if not alpha > 0:
        raise UsageError(f"alpha is a distance above 0, not {alpha}")
    theirs = _classes_of(queries, database, classes, neighbors)
    groups = group_by_class(theirs)
    cosines = expanded_similarities(
        queries, database, classes, neighbors.ravel(), groups, alpha=alpha
    )
    return _best(*_table(groups, function(cosines), theirs.shape))


def _summed(similarities: Float32, classes: Int64, transform: str) -> tuple[Float32, Int64]:
    function = make_transform(transform)
    check_array("similarities", similarities, shape=(None, None), dtype=np.float32)
    check_array("classes", classes, shape=similarities.shape, dtype=np.int64)
    _check_classes(classes)
    groups = group_by_class(classes)
    voting = similarities.ravel()[groups.entries].astype(np.float64)
    check_finite("similarities", voting)
    sums = np.add.reduceat(function(voting), groups.starts) if len(groups) else voting
    return _table(groups, sums, classes.shape)


def _table(groups: Groups, scores: Float64, shape: tuple[int, ...]) -> tuple[Float32, Int64]:
    """Scores and classes ``(Q, k)``, each at the place of its best neighbor: ties need no more."""
    table = np.full(shape, -np.inf, np.float32)
    found = np.full(shape, -1, np.int64)
    table[groups.queries, groups.ranks] = scores
    found[groups.queries, groups.ranks] = groups.classes
    return table, found


def _best(table: Float32, found: Int64) -> Votes:
    count, k = table.shape
    if not k:
        return Votes(np.full(count, -1, np.int64), np.full(count, -np.inf, np.float32))
    rows, best = np.arange(count), table.argmax(axis=1)
    return Votes(found[rows, best], table[rows, best])


def _classes_of(queries: Float32, database: Float32, classes: Int64, neighbors: Int64) -> Int64:
    """Classes ``(Q, k)`` of the neighbors, after checks of all arguments."""
    check_array("queries", queries, shape=(None, None), dtype=np.float32)
    check_array("database", database, shape=(None, None), dtype=np.float32)
    check_array("classes", classes, shape=(len(database),), dtype=np.int64)
    check_array("neighbors", neighbors, shape=(len(queries), None), dtype=np.int64)
    if queries.shape[1] != database.shape[1]:
        raise ShapeError(
            f"queries have {queries.shape[1]} dimensions, the database has {database.shape[1]}"
        )
    _check_classes(classes)
    check_finite("queries", queries)
    low, high = neighbors.min(initial=-1), neighbors.max(initial=-1)
    if low < -1 or high >= len(database):
        raise UsageError(
            f"neighbors go from {low} to {high}; rows of the database go from 0 to "
            f"{len(database) - 1}, and -1 is padding"
        )
    padded = np.append(classes, -1)  # so that row -1 has no class
    return padded[neighbors]


def _check_classes(classes: Int64) -> None:
    lowest = classes.min(initial=-1)
    if lowest < -1:
        raise UsageError(f"classes are -1 (no label) or more, not {lowest}")
