"""Parts of a training set that take turns in being held out, and settings chosen by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.recognition.linear import LinearClassifier, classes_of

__all__ = ["COSTS", "choose_cost", "stratified_folds"]

COSTS = (0.01, 0.1, 1.0, 10.0, 100.0)

Int64 = NDArray[np.int64]


def stratified_folds(groups: Sequence[object], *, folds: int, seed: int = 0) -> Int64:
    """Deal the members of each group over the folds in turn: ``(N,)`` int64, the fold of each row.

    A group goes on where the one before ended, so that folds are of equal size. ``seed`` decides in
    which order the members of a group are dealt.

    Raises:
        UsageError: fewer than two folds.
    """
    if folds < 2:
        raise UsageError(f"folds must be 2 or more, not {folds}")
    members: dict[object, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    random, turn = np.random.default_rng(seed), count()
    dealt = np.zeros(len(groups), np.int64)
    for rows in members.values():
        for row in random.permutation(rows):
            dealt[row] = next(turn) % folds
    return dealt


def choose_cost(
    descriptors: NDArray[np.float32],
    labels: Sequence[str],
    *,
    costs: Sequence[float] = COSTS,
    kernel: str = "linear",
    folds: int = 5,
    seed: int = 0,
) -> float:
    """The cost whose classifiers are right most often on images that were held out of their fit.

    Stratified cross-validation within what is given, so nothing of a test set may be among it. An
    image that is alone in its class cannot be held out: it is always learned. Of equal costs the
    smallest is taken, which fits least.

    Raises:
        ShapeError: no finite float32 matrix.
        UsageError: no costs, not a label for each, or no two classes with two images.
    """
    if not costs:
        raise UsageError("give one or more costs to choose from")
    _, places = classes_of(descriptors, labels)
    sizes = np.bincount(places)
    if (sizes > 1).sum() < 2:
        raise UsageError("two classes need two images or more to choose a cost; name one instead")
    dealt = stratified_folds(places.tolist(), folds=folds, seed=seed)
    dealt[sizes[places] == 1] = -1
    if kernel == "linear":
        descriptors = _turned(descriptors)
    names = [str(label) for label in labels]
    right = {
        cost: sum(_right(descriptors, names, dealt == fold, cost, kernel) for fold in _used(dealt))
        for cost in sorted(costs)
    }
    return float(max(right, key=lambda cost: (right[cost], -cost)))


def _turned(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same rows in coordinates of the space that they span, ``(N, min(N, D))``.

    Inner products stay, so a linear machine says the same of them; it learns them faster.
    """
    count, dimensions = descriptors.shape
    if count >= dimensions:
        return descriptors
    _, triangle = np.linalg.qr(descriptors.T.astype(np.float64))
    return np.ascontiguousarray(triangle.T, np.float32)


def _used(dealt: Int64) -> Iterator[int]:
    return iter(sorted(set(dealt[dealt >= 0].tolist())))


def _right(
    descriptors: NDArray[np.float32],
    labels: Sequence[str],
    held: NDArray[np.bool_],
    cost: float,
    kernel: str,
) -> int:
    pairs = list(zip(labels, held.tolist(), strict=True))
    learned = [label for label, out in pairs if not out]
    classifier = LinearClassifier.fit(descriptors[~held], learned, cost=cost, kernel=kernel)
    truth = [label for label, out in pairs if out]
    return sum(a == t for a, t in zip(classifier.predict(descriptors[held]), truth, strict=True))
