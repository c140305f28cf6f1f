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
        top = np.maximum(np.maximum(utilities, 0.0), against.max(axis=1))  # nothing overflows
        raised, nothing = np.exp(utilities - top), np.exp(-top)
        totals = nothing + raised + np.exp(against - top[:, None]).sum(axis=1)
        best = int(np.argmax(utilities))
        return raised / totals, float(nothing[best] / totals[best])

    def rank(self, claims: Claims) -> tuple[list[int], Float64, float]:
        """Rows of the claims, the answer first and the others by probability; as probabilities.

        Of several labels that the most probable picture speaks for, the answer is the most
        particular one that is more probable than not; see :attr:`Claims.turns`.
        """
        chances, none = self.probabilities(claims)
        order: list[int] = np.argsort(-chances, kind="stable").tolist()
        same = [
            row
            for row in order
            if claims.images[row] == claims.images[order[0]] and chances[row] >= 0.5
        ]
        if same:
            answer = min(same, key=claims.turns.__getitem__)
            order.remove(answer)
            order.insert(0, answer)
        return order, chances, none

    def judge(self, claims: Claims, *, threshold: float) -> Verdict:
        """The verdict; a label is given from ``threshold`` on."""
        order, chances, none = self.rank(claims)
        candidates = tuple(
            Alternative(claims.labels[row], float(chances[row]), int(claims.images[row]))
            for row in order
        )
        known = bool(candidates) and candidates[0].confidence >= threshold
        return Verdict(known, candidates[0].confidence if known else none, candidates, none)


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
    from scipy.optimize import minimize  # noqa: PLC0415 - half a second, in each process

    if not cases:
        raise UsageError("there are no cases; a calibration needs labelled pictures")
    choices = _stack(cases, unknown)

    def loss(theta: Float64) -> tuple[float, Float64]:
        value, slope = _loss(choices, theta)
        away = theta - prior
        return value + 0.5 * trust * float(away @ away), slope + trust * away

    bounds = [(None, None), *((0.0, None) for _ in FEATURES[1:])]
    found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=bounds)
    return ConfidenceModel(np.asarray(found.x, np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class _Choices:
    """All claims below each other: features, whether right, of which case; weights of cases."""

    features: Float64
    own: NDArray[np.bool_]
    of: NDArray[np.int64]
    weights: Float64


def _loss(choices: _Choices, theta: Float64) -> tuple[float, Float64]:
    """Weighted negative logarithm of the likelihood, and its gradient."""
    own, of, weights = choices.own, choices.of, choices.weights
    utilities = choices.features @ theta
    # Each case is a softmax over its claims and "none", whose utility is 0.
    top = np.zeros(len(weights))
    np.maximum.at(top, of, utilities)
    raised = np.exp(utilities - top[of])
    totals = np.bincount(of, raised, len(weights)) + np.exp(-top)
    chosen = np.bincount(of[own], utilities[own], len(weights))
    value = float(weights @ (top + np.log(totals) - chosen))
    return value, (weights[of] * (raised / totals[of] - own)) @ choices.features


def _stack(cases: Sequence[Case], unknown: float) -> _Choices:
    if not 0 < unknown < 1:
        raise UsageError(f"unknown must lie between 0 and 1, not {unknown:g}")
    tables, own, of = [], [], []
    for number, case in enumerate(cases):
        rows, right = _competing(case)
        tables.append(case.claims.features[rows])
        own += [row == right for row in rows]
        of += [number] * len(rows)
    known = np.array([case.known for case in cases])
    share = np.where(known, (1 - unknown) / max(1, known.sum()), unknown / max(1, (~known).sum()))
    return _Choices(
        np.concatenate(tables),
        np.array(own, np.bool_),
        np.array(of, np.int64),
        share * len(cases),
    )


def _competing(case: Case) -> tuple[list[int], int | None]:
    """The claims that exclude each other, and the right one among them."""
    claims = case.claims
    right = [row for row, label in enumerate(claims.labels) if label in case.truth]
    if right:
        same = [row for row in right if claims.images[row] == claims.images[right[0]]]
        chosen = min(same, key=claims.turns.__getitem__)
        rivals = np.flatnonzero(claims.rivals[chosen]).tolist()
        return [chosen, *(row for row in rivals if row not in right)], chosen
    # Labels of the same picture are no rivals: one of them stands for all.
    _, first = np.unique(claims.images, return_index=True)
    return sorted(first.tolist()), None
