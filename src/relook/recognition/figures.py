"""What a trial of a calibration shows, weighted as unknown queries are expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from relook.recognition.calibration import Trial

__all__ = ["auroc", "calibration_error", "coverage", "precision"]

_BINS = 10


def precision(trial: Trial, threshold: float) -> float | None:
    """Share of right answers among those given; None where none is."""
    given = trial.confidences >= threshold
    return _share(trial.right[given], trial.weights[given])


def coverage(trial: Trial, threshold: float) -> float | None:
    """Share of the known queries that are given an answer; None where none is known."""
    known = trial.known
    return _share(trial.confidences[known] >= threshold, trial.weights[known])


def auroc(trial: Trial) -> float | None:
    """Probability that a known query is surer than an unknown one (Hanley and McNeil, 1982)."""
    known = trial.confidences[trial.known]
    unknown = np.sort(trial.confidences[~trial.known])
    if not len(known) or not len(unknown):
        return None
    below = np.searchsorted(unknown, known, "left") + np.searchsorted(unknown, known, "right")
    return float(below.mean() / (2 * len(unknown)))


def calibration_error(trial: Trial, threshold: float) -> float:
    """Expected calibration error of the answers, “none of these” among them, in equal masses.

    Answers of equal confidence are right to one degree, so their order does not matter.
    """
    given = trial.confidences >= threshold
    sure = np.where(given, trial.confidences, trial.none)
    right = np.where(given, trial.right, ~trial.known)
    _, group = np.unique(sure, return_inverse=True)
    degree = np.bincount(group, trial.weights * right) / np.bincount(group, trial.weights)
    order = np.argsort(sure, kind="stable")
    weights = trial.weights[order]
    middles = (np.cumsum(weights) - weights / 2) / weights.sum()
    bins = np.minimum((middles * _BINS).astype(np.int64), _BINS - 1)
    gaps = np.bincount(bins, weights * (degree[group] - sure)[order], _BINS)
    return float(np.abs(gaps).sum() / weights.sum())


def _share(hits: NDArray[np.bool_], weights: NDArray[np.float64]) -> float | None:
    return float(weights @ hits / weights.sum()) if len(hits) else None
