"""Claims → probabilities: a conditional logit with “none of these” among the choices.

Each label ``l`` that speaks for itself has the utility u_l = θ · x_l, none of these has 0, and

    P(l) = e^{u_l} / (1 + e^{u_l} + Σ e^{u_m}),  m over the rivals of l.

So a margin over the next label needs no feature of its own: it is the competition.

Source: McFadden, "Conditional logit analysis of qualitative choice behavior", 1974.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from relook.core.checks import check_array
from relook.core.errors import UsageError
from relook.recognition.claims import FEATURES, Claims
from relook.recognition.records import Alternative, Verdict

__all__ = ["Case", "ConfidenceModel", "fit_confidence"]

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ConfidenceModel:
    """How much each kind of evidence is worth.

    Attributes:
        weights: ``(F,)`` float64, θ; all but the first are 0 or more.
    """

    weights: Float64

    def __post_init__(self) -> None:
        check_array("weights", self.weights, shape=(len(FEATURES),), dtype=np.float64)

    def probabilities(self, claims: Claims) -> tuple[Float64, float]:
        """``(L,)`` probability that each label is right, and that none of them is."""
        if not len(claims):
            return np.zeros(0), 1.0
        utilities = claims.features @ self.weights
        against = np.where(claims.rivals, utilities, -np.inf)
        top = np.maximum(0.0, utilities.max())  # so that nothing overflows
        raised = np.exp(utilities - top)
        totals = np.exp(-top) + raised + np.exp(against - top).sum(axis=1)
        best = int(np.argmax(utilities))
        return raised / totals, float(np.exp(-top) / totals[best])

    def judge(self, claims: Claims, *, threshold: float) -> Verdict:
        """The verdict; a label is given from ``threshold`` on.

        Of several labels that the same picture speaks for, the most particular one comes first.
        """
        chances, none = self.probabilities(claims)
        candidates = tuple(
            Alternative(claims.labels[row], float(chances[row]), int(claims.images[row]))
            for row in _order(claims, chances)
        )
        known = bool(candidates) and candidates[0].confidence >= threshold
        return Verdict(known, candidates[0].confidence if known else none, candidates, none)


def _order(claims: Claims, chances: Float64) -> list[int]:
    order: list[int] = np.argsort(-chances, kind="stable").tolist()
    same = [row for row in order if claims.images[row] == claims.images[order[0]]]
    if len(same) > 1:
        first = min(same, key=lambda row: claims.counts[row])
        order.remove(first)
        order.insert(0, first)
    return order


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A query whose answer is known.

    Attributes:
        claims: what speaks for each label.
        truth: the right labels; none where no label is right.
        group: cases of one group are not told apart when a fit is tried on others.
    """

    claims: Claims
    truth: frozenset[str]
    group: str

    @property
    def known(self) -> bool:
        """Whether some label is right."""
        return bool(self.truth)


def fit_confidence(
    cases: Sequence[Case],
    *,
    prior: Float64,
    trust: float,
    unknown: float = 0.5,
) -> ConfidenceModel:
    """Fit θ to cases: the most probable weights, given a normal prior around ``prior``.

    Args:
        cases: queries with known answers.
        prior: ``(F,)`` weights that hold where the cases say nothing.
        trust: how many cases the prior is worth.
        unknown: share of queries that no label is right for; cases are weighted so.

    Raises:
        UsageError: there are no cases, or ``unknown`` is not between 0 and 1.
    """
    if not cases:
        raise UsageError("there are no cases; a calibration needs labelled pictures")
    features, own, of, weights = _stack(cases, unknown)

    def loss(theta: Float64) -> tuple[float, Float64]:
        utilities = features @ theta
        # Each case is a softmax over its claims and "none", whose utility is 0.
        top = np.zeros(len(weights))
        np.maximum.at(top, of, utilities)
        raised = np.exp(utilities - top[of])
        totals = np.bincount(of, raised, len(weights)) + np.exp(-top)
        chosen = np.bincount(of[own], utilities[own], len(weights))
        value = float(weights @ (top + np.log(totals) - chosen))
        slope = (weights[of] * (raised / totals[of] - own)) @ features
        away = theta - prior
        return value + 0.5 * trust * float(away @ away), slope + trust * away

    bounds = [(None, None), *((0.0, None) for _ in FEATURES[1:])]
    found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds)
    return ConfidenceModel(np.asarray(found.x, np.float64))


def _stack(
    cases: Sequence[Case], unknown: float
) -> tuple[Float64, NDArray[np.bool_], NDArray[np.int64], Float64]:
    """All claims below each other: features, whether chosen, of which case; weights of cases."""
    if not 0 < unknown < 1:
        raise UsageError(f"unknown must lie between 0 and 1, not {unknown:g}")
    tables, own, of = [], [], []
    for number, case in enumerate(cases):
        right = [row for row, label in enumerate(case.claims.labels) if label in case.truth]
        keep = [row for row in range(len(case.claims)) if row not in right[1:]]
        tables.append(case.claims.features[keep])
        own += [row == right[0] if right else False for row in keep]
        of += [number] * len(keep)
    known = np.array([case.known for case in cases])
    share = np.where(known, (1 - unknown) / max(1, known.sum()), unknown / max(1, (~known).sum()))
    return (
        np.concatenate(tables),
        np.array(own, np.bool_),
        np.array(of, np.int64),
        share * len(cases),
    )
