"""Answers → figures: how often labels are right, and whether confidence can be believed.

accuracy_known        share of the known queries whose best label is right, given or not
accuracy_given        share of the known queries that are given a label, and the right one
auroc                 how surely familiarity (the confidence of the best label) tells known
                      queries from unknown ones
ece                   expected calibration error over all queries; the event is that the answer, a
                      label or "none of these", is right
micro_ap              µAP of the best labels by familiarity, over the number of known queries
precision_at_threshold  share of right ones among the labels that are given, to known and unknown
coverage              share of the known queries that are given a label

What is not defined for some queries, such as AUROC where all are known, is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relook.core.errors import UsageError
from relook.evaluation import rejection
from relook.evaluation.answers import Answer
from relook.evaluation.bootstrap import bootstrap_measure
from relook.evaluation.calibration import expected_calibration_error
from relook.evaluation.recognition import auroc, micro_average_precision

__all__ = ["MEASURES", "intervals", "scores"]

Columns = Mapping[str, NDArray[Any]]
Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


def _share_known(right: Flags, known: Flags) -> float:
    if not known.any():
        raise UsageError("no query is known; accuracy needs a query whose label is in the database")
    return float(np.mean(right[known]))


def _precision(given: Flags, right: Flags) -> float:
    return rejection.precision_above(given.astype(np.float64), right, 1.0)


def _coverage(given: Flags, known: Flags) -> float:
    return rejection.coverage(given.astype(np.float64), known, 1.0)


MEASURES: Mapping[str, tuple[Callable[..., float], tuple[str, ...]]] = {
    "accuracy_known": (_share_known, ("right", "known")),
    "accuracy_given": (_share_known, ("right_and_given", "known")),
    "auroc": (auroc, ("familiarity", "known")),
    "ece": (expected_calibration_error, ("confidence", "answered_right")),
    "micro_ap": (micro_average_precision, ("familiarity", "right", "known")),
    "precision_at_threshold": (_precision, ("given", "right")),
    "coverage": (_coverage, ("given", "known")),
}
"""Each figure, and the columns of the answers that it is computed from."""


def scores(answers: Sequence[Answer]) -> dict[str, float | None]:
    """All figures of some answers."""
    columns = _columns(answers)
    return {name: _defined(measure, columns, of) for name, (measure, of) in MEASURES.items()}


def intervals(answers: Sequence[Answer], *, samples: int) -> dict[str, tuple[float, float] | None]:
    """95 % bootstrap over queries of each figure; None where most samples do not define it."""
    columns = _columns(answers)
    found: dict[str, tuple[float, float] | None] = {}
    for name, (measure, of) in MEASURES.items():
        try:
            interval = bootstrap_measure(measure, *(columns[key] for key in of), samples=samples)
        except UsageError:  # undefined, for all queries or in too many samples
            found[name] = None
        else:
            found[name] = (interval.low, interval.high)
    return found


def _defined(measure: Callable[..., float], columns: Columns, names: Sequence[str]) -> float | None:
    try:
        return measure(*(columns[name] for name in names))
    except UsageError:  # the columns are sound, so only the measure can be undefined
        return None


def _columns(answers: Sequence[Answer]) -> dict[str, NDArray[Any]]:
    flags = {
        "known": [one.question.known for one in answers],
        "given": [one.given for one in answers],
        "right": [one.right for one in answers],
        "right_and_given": [one.right and one.given for one in answers],
        "answered_right": [one.answered_right for one in answers],
    }
    numbers = {
        "confidence": [one.confidence for one in answers],
        "familiarity": [one.familiarity for one in answers],
    }
    return {name: np.array(values, np.bool_) for name, values in flags.items()} | {
        name: np.array(values, np.float64) for name, values in numbers.items()
    }
