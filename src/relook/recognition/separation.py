"""Can what is labelled be told from what is not? A kernel machine, and how far to believe it.

Unlabelled does not mean other. Some unlabelled images show what the labelled ones show, and to rank
these below costs area that no model can win: if a share s of the unlabelled cannot be told from the
labelled, AUROC is 1 - s/2 at the best. Under the condition that labels were given at random within
the class, the order of the margins is still that of the probability to belong to it (Elkan and
Noto, "Learning classifiers from only positive and unlabeled data", KDD 2008); their sign is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.checks import check_array, check_finite
from relook.core.errors import UsageError
from relook.recognition.folds import stratified_folds
from relook.recognition.linear import LinearClassifier

__all__ = ["OTHER", "Separation", "fit_with_other", "separate"]

LABELLED, UNLABELLED = "labelled", "unlabelled"
OTHER = "Other"
"""The class of what is unlabelled."""

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Separation:
    """What tells labelled from unlabelled images.

    Attributes:
        aurocs: of each fold of a cross-validation, on images that were held out of its fit.
        model: fitted on all images.
    """

    aurocs: tuple[float, ...]
    model: LinearClassifier

    @property
    def auroc(self) -> float:
        """Mean over the folds; .5 is chance, and 1 is hardly ever to be had (see the module)."""
        return float(np.mean(self.aurocs))

    def score(self, descriptors: Float32) -> Float64:
        """Signed margins ``(Q,)`` of ``(Q, D)``: higher looks more like what is labelled."""
        return self.model.decision(descriptors)[:, self.model.classes.index(LABELLED)]


def separate(
    labelled: Float32,
    unlabelled: Float32,
    *,
    labels: Sequence[str] | None = None,
    cost: float = 1.0,
    kernel: str = "rbf",
    gamma: float | None = None,
    folds: int = 5,
    seed: int = 0,
) -> Separation:
    """Tell ``(N, D)`` labelled from ``(M, D)`` unlabelled descriptors by a kernel machine.

    Both sides weigh the same, whatever their numbers.

    Args:
        labelled: l2-normalized ones do best.
        unlabelled: of the same dimension.
        labels: one for each of the labelled. A label is then held out as a whole, and AUROC says
            whether images of *new* labels stand out; without, whether images of *these* do.
        cost: see :meth:`~relook.recognition.linear.LinearClassifier.fit`.
        kernel: see there.
        gamma: see there.
        folds: of the cross-validation; fewer where there are fewer images, or labels.
        seed: decides the folds.

    Raises:
        ShapeError: no finite float32 matrices of one dimension.
        UsageError: fewer than two on a side, one label only, or a bad setting.
    """
    _check(labelled, unlabelled)
    whole = list(labels) if labels is not None else list(range(len(labelled)))
    if len(whole) != len(labelled):
        raise UsageError(f"{len(whole)} labels for {len(labelled)} descriptors; give one each")
    fewest = min(len(set(whole)), len(unlabelled))
    if fewest < 2:
        raise UsageError("two labelled and two unlabelled images (or labels) are needed at least")
    parts = min(folds, fewest)
    dealt = np.append(_by_group(whole, folds=parts, seed=seed),
                      stratified_folds([0] * len(unlabelled), folds=parts, seed=seed))  # fmt: skip
    rows = np.concatenate([labelled, unlabelled])
    inside = np.arange(len(rows)) < len(labelled)

    def fit(chosen: NDArray[np.bool_]) -> LinearClassifier:
        names = [LABELLED if one else UNLABELLED for one in inside[chosen].tolist()]
        return LinearClassifier.fit(
            rows[chosen], names, cost=cost, kernel=kernel, gamma=gamma, balanced=True
        )

    aurocs = [
        _area(Separation((), fit(dealt != fold)).score(rows[dealt == fold]), inside[dealt == fold])
        for fold in range(parts)
    ]
    return Separation(tuple(aurocs), fit(np.ones(len(rows), np.bool_)))


def fit_with_other(
    labelled: Float32,
    labels: Sequence[str],
    unlabelled: Float32,
    *,
    other: str = OTHER,
    cost: float = 1.0,
    kernel: str = "linear",
) -> LinearClassifier:
    """Learn the labels and, as one class more, what is unlabelled.

    That class is as wide as everything, so it claims images of the others readily; use it to be
    careful, not to be complete.

    Args:
        labelled: ``(N, D)`` float32.
        labels: one for each.
        unlabelled: ``(M, D)`` float32.
        other: name of the class; no label may be the same.
        cost: see :meth:`~relook.recognition.linear.LinearClassifier.fit`.
        kernel: see there.

    Raises:
        ShapeError: no finite float32 matrices of one dimension.
        UsageError: nothing is unlabelled, not a label for each, or one is called ``other``.
    """
    _check(labelled, unlabelled)
    if not len(unlabelled):
        raise UsageError("nothing is unlabelled; fit a classifier of the labels alone")
    if other in labels:
        raise UsageError(f"a label is {other!r} already; name the class of the others differently")
    if len(labels) != len(labelled):
        raise UsageError(f"{len(labels)} labels for {len(labelled)} descriptors; give one each")
    rows = np.concatenate([labelled, unlabelled])
    names = [*labels, *[other] * len(unlabelled)]
    return LinearClassifier.fit(rows, names, cost=cost, kernel=kernel)


def _check(labelled: Float32, unlabelled: Float32) -> None:
    check_array("labelled", labelled, shape=(None, None), dtype=np.float32)
    check_array("unlabelled", unlabelled, shape=(None, labelled.shape[1]), dtype=np.float32)
    check_finite("labelled", labelled)
    check_finite("unlabelled", unlabelled)


def _by_group(groups: Sequence[object], *, folds: int, seed: int) -> Int64:
    """The fold of each row; groups stay whole, the largest are dealt first."""
    sizes: dict[object, int] = {}
    for group in groups:
        sizes[group] = sizes.get(group, 0) + 1
    names = list(sizes)
    order = np.random.default_rng(seed).permutation(len(names)).tolist()
    filled, place = [0] * folds, {}
    for number in sorted(order, key=lambda number: -sizes[names[number]]):
        fold = filled.index(min(filled))
        filled[fold] += sizes[names[number]]
        place[names[number]] = fold
    return np.array([place[group] for group in groups], np.int64)


def _area(scores: Float64, inside: NDArray[np.bool_]) -> float:
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - slow to import

    return float(roc_auc_score(inside, scores))
