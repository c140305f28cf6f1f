"""From cases to confidences that mean what they say, and a threshold that keeps a promise."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.recognition.confidence import Case, ConfidenceModel, fit_confidence

__all__ = ["Calibration", "Trial", "calibrate", "find_threshold"]

Float64 = NDArray[np.float64]

FEWEST = 20
"""Known cases, and unknown ones, below which a collection teaches less than independent photos."""

_FOLDS = 5

_STEADY = 100.0
_LEAST = 0.5
"""No label is given that is less probable than all else together."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """How cases were judged by models that had not seen their labels.

    Attributes:
        confidences: ``(N,)`` float64, probability that the best label is right.
        none: ``(N,)`` float64, probability that none is.
        right: ``(N,)`` bool, whether the best label is right.
        known: ``(N,)`` bool, whether some label is right.
        weights: ``(N,)`` float64, so that the share of unknown queries is the expected one.
    """

    confidences: Float64
    none: Float64
    right: NDArray[np.bool_]
    known: NDArray[np.bool_]
    weights: Float64


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What a collection's own pictures say about its confidences.

    Attributes:
        model: claims to probabilities.
        threshold: confidence from which a label is given.
        trial: of the cases; None where the shipped model is used.
        fallback: why it is, or nothing.
    """

    model: ConfidenceModel
    threshold: float
    trial: Trial | None
    fallback: str = ""


def calibrate(
    cases: Sequence[Case],
    *,
    shipped: ConfidenceModel,
    trust: float = 5.0,
    unknown: float = 0.5,
    target_precision: float = 0.99,
) -> Calibration:
    """Fit a model to the cases of a collection, where there are enough of them.

    Args:
        cases: of its pseudo-queries.
        shipped: the model of independent photos.
        trust: how many cases that is worth.
        unknown: share of queries that show nothing labelled, as expected.
        target_precision: share of right answers among those given.

    Raises:
        UsageError: ``unknown`` or ``target_precision`` is not between 0 and 1.
    """
    if not 0 < unknown < 1 or not 0 < target_precision < 1:
        raise UsageError("the share of unknown queries and the precision must lie between 0 and 1")
    known = sum(case.known for case in cases)
    labels = len({case.group for case in cases if case.known})
    few = min(known, len(cases) - known)
    if few < FEWEST or labels < _FOLDS:
        why = (
            f"{known} known and {len(cases) - known} unknown pseudo-queries of {labels} "
            f"labels are too few to calibrate on; it takes {FEWEST} of each and {_FOLDS} labels"
        )
        return Calibration(shipped, max(_LEAST, target_precision), None, why)

    def fit(some: Sequence[Case]) -> ConfidenceModel:
        return fit_confidence(some, prior=shipped.weights, trust=trust, unknown=unknown)

    trial = _cross_fit(cases, fit, unknown)
    return Calibration(fit(cases), find_threshold(trial, target_precision), trial)


def find_threshold(trial: Trial, target: float) -> float:
    """The lowest confidence from which the answers given are as precise as promised.

    Both the mean of the confidences, and the share of right answers among the cases, must reach
    the target. The share is steadied by :data:`_STEADY` cases that are as right as the confidences
    say, so that a single mistake among few cases does not decide. Where no threshold does it, it is
    the target itself: each answer alone then keeps the promise.
    """
    order = np.lexsort((trial.right, -trial.confidences))
    sure, weights = trial.confidences[order], trial.weights[order]
    given = np.cumsum(weights)
    steady = _STEADY * float(trial.weights.mean())
    mean = np.cumsum(weights * sure) / given
    share = (np.cumsum(weights * trial.right[order]) + steady * mean) / (given + steady)
    last = np.append(sure[1:] < sure[:-1], True)  # equal confidences are given together
    good = np.flatnonzero((share >= target) & (mean >= target) & last & (sure >= _LEAST))
    return float(sure[good[-1]]) if len(good) else max(_LEAST, target)


def _cross_fit(
    cases: Sequence[Case], fit: Callable[[Sequence[Case]], ConfidenceModel], unknown: float
) -> Trial:
    fold = _folds(cases)
    confidences, none = np.zeros(len(cases)), np.ones(len(cases))
    right = np.zeros(len(cases), np.bool_)
    for number in range(_FOLDS):
        model = fit([case for case, of in zip(cases, fold, strict=True) if of != number])
        for row in np.flatnonzero(fold == number).tolist():
            claims = cases[row].claims
            order, chances, none[row] = model.rank(claims)
            if order:
                confidences[row] = chances[order[0]]
                right[row] = claims.labels[order[0]] in cases[row].truth
    known = np.array([case.known for case in cases])
    weights = np.where(known, (1 - unknown) / known.sum(), unknown / (~known).sum())
    return Trial(confidences, none, right, known, weights)


def _folds(cases: Sequence[Case]) -> NDArray[np.int64]:
    """As many labels in each fold, and as many distractors, in an order that no name decides."""
    known = {case.group for case in cases if case.known}
    shuffled = sorted(
        {case.group for case in cases},
        key=lambda group: (group not in known, hashlib.sha256(group.encode()).digest()),
    )
    number = {group: place % _FOLDS for place, group in enumerate(shuffled)}
    return np.array([number[case.group] for case in cases], np.int64)
